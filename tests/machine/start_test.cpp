// What stands in the way of a start: told all at once, with the remedy, and nothing is changed.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "program.h"

namespace slipway::machine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string port_text(int port) { return std::to_string(port); }

TEST(Start, PortsInUseAreNamedWithTheirHolderAndTheOption) {
  Home home;
  const Listener api, gateway;
  const Said said = slipway({"up", "--detach", "--data-dir", home.data(), "--port", port_text(api.port()),
                             "--gateway-port", port_text(gateway.port())});
  EXPECT_EQ(said.status, 1);
  const std::string holder = " in use by machine_test (process " + std::to_string(getpid()) + ")";
  EXPECT_THAT(said.text,
              HasSubstr("--port: the API cannot listen on 127.0.0.1:" + port_text(api.port()) + ":" + holder));
  EXPECT_THAT(
      said.text,
      HasSubstr("--gateway-port: the gateway cannot listen on 127.0.0.1:" + port_text(gateway.port()) + ":" + holder));
  EXPECT_THAT(said.text,
              AllOf(HasSubstr("choose another with --port"), HasSubstr("choose another with --gateway-port")));
  EXPECT_FALSE(std::filesystem::exists(home.data()));
}

TEST(Start, PrometheusPortIsLookedAtToo) {
  Home home;
  const Listener prometheus;
  const int api = prometheus.port() - 2000;
  ASSERT_GT(api, 0);
  const Words words{"up", "--detach", "--data-dir", home.data(), "--port", port_text(api), "--gateway-port", "0"};
  const Said said = slipway(words);
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.text,
              HasSubstr("Prometheus (2000 above the API) cannot listen on 127.0.0.1:" + port_text(prometheus.port())));
  EXPECT_FALSE(std::filesystem::exists(home.data()));
}

TEST(Start, ImpossiblePortsAndAddressesAreRefused) {
  Home home;
  const auto up = [&](Words words) {
    words.insert(words.begin(), {"up", "--detach", "--data-dir", home.data()});
    return slipway(words);
  };
  EXPECT_THAT(up({"--port", "64000", "--gateway-port", "0"}).text, HasSubstr("port 66000, which does not exist"));
  EXPECT_THAT(up({"--port", "17443", "--gateway-port", "17443"}).text, HasSubstr("port 17443 is asked for twice"));
  const Said name = up({"--listen", "localhost"});
  EXPECT_EQ(name.status, 2);
  EXPECT_THAT(name.text, HasSubstr("--listen localhost: not an IPv4 address"));
  EXPECT_THAT(up({"--listen", "203.0.113.9", "--port", "17443"}).text, HasSubstr("this machine has no such address"));
  EXPECT_EQ(up({"--port", "70000"}).status, 2);
  EXPECT_FALSE(std::filesystem::exists(home.data()));
}

TEST(Start, ASecondServerOnOneFolderIsRefused) {
  Home home;
  ASSERT_EQ(home.up().status, 0);
  const Said second = home.up();
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.text, AllOf(HasSubstr("a server runs on " + home.data() + " already"),
                                 HasSubstr("slipway down --data-dir " + home.data())));
  EXPECT_EQ(home.ask({"get", "nodes"}).status, 0);  // the first is as it was
}

TEST(Start, SecretsThatOthersMayReadAreRefusedAndTheRemedyWorks) {
  Home home;
  ASSERT_EQ(home.up().status, 0);
  ASSERT_EQ(home.down().status, 0);
  const std::string key = home.data() + "/pki/ca.key", config = home.data() + "/kubeconfig";
  chmod(key.c_str(), 0644);
  chmod(config.c_str(), 0640);
  const std::string before = file_text(config);
  const Said refused = home.up();
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.text, AllOf(HasSubstr(key + " (mode 0644)"), HasSubstr(config + " (mode 0640)")));
  EXPECT_EQ(file_text(config), before);
  ASSERT_THAT(refused.text, HasSubstr("run: chmod go-rwx " + config + " " + key));
  ASSERT_EQ(run({"chmod", "go-rwx", config, key}).status, 0);
  EXPECT_EQ(home.up().status, 0);
}

TEST(Start, FoldersThatAreNotOursAreRefused) {
  Home home;
  write_text(home.data(), "a file");
  EXPECT_THAT(home.up().text, HasSubstr(home.data() + ": not a folder"));
  std::filesystem::remove(home.data());
  std::filesystem::create_directory(home.data());
  chmod(home.data().c_str(), 0777);
  EXPECT_THAT(home.up().text, HasSubstr("chmod go-w " + home.data()));
  EXPECT_TRUE(std::filesystem::is_empty(home.data()));
  if (geteuid() == 0) {
    chmod(home.data().c_str(), 0755);
    ASSERT_EQ(chown(home.data().c_str(), 65534, 65534), 0);
    EXPECT_THAT(home.up().text, HasSubstr("belongs to another user (65534"));
  } else {
    chmod(home.data().c_str(), 0500);
    EXPECT_THAT(home.up().text, HasSubstr("chmod u+rwx " + home.data()));
    chmod(home.data().c_str(), 0700);
  }
  EXPECT_TRUE(std::filesystem::is_empty(home.data()));
}

TEST(Start, APathTooLongForSocketsIsRefused) {
  Home home;
  const Said said = slipway({"up", "--detach", "--data-dir", home.path() + "/" + std::string(80, 'x'), "--port", "0"});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.text, HasSubstr("choose a shorter one"));
  EXPECT_TRUE(std::filesystem::is_empty(home.path()));
}

// Pods and proxy outlive a server that is killed; the next one must not pretend that they have moved.
TEST(Start, WhatAnEarlierRunLeftRunningIsNotContradicted) {
  Home home;
  ASSERT_EQ(home.up({"--runtime", "loopback"}).status, 0);
  const data::Value before = home.endpoints();
  ASSERT_TRUE(kill_and_wait(before["pid"].as_int()));
  const Said moved = slipway(
      {"up", "--detach", "--data-dir", home.data(), "--port", "0", "--gateway-port", "18999", "--runtime", "isolated"});
  EXPECT_EQ(moved.status, 1);
  EXPECT_THAT(moved.text, AllOf(HasSubstr("the gateway still runs on " + before["gateway"].str()),
                                HasSubstr("pods still run loopback here"), HasSubstr("slipway down --data-dir")));
  ASSERT_EQ(home.up().status, 0);  // port 0: the gateway's stays
  EXPECT_EQ(home.endpoints()["gateway"], before["gateway"]);
}

TEST(Start, PurgeDeletesNothingButAClustersFolder) {
  Home home;
  write_text(home.path() + "/letter", "dear");
  const Said said = slipway({"down", "--purge", "--data-dir", home.path()});
  EXPECT_EQ(said.status, 2);
  EXPECT_THAT(said.text, HasSubstr("not a data folder of slipway"));
  EXPECT_EQ(slipway({"demo", "--once", "--data-dir", home.path()}).status, 2);
  EXPECT_EQ(file_text(home.path() + "/letter"), "dear");
}

}  // namespace
}  // namespace slipway::machine
