// The shim and its client with real processes, on every rung that this machine allows. Builds on the program
// slipway-shim beside the test.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "node/posix.h"
#include "node/shim_client.h"
#include "node/testing.h"

namespace slipway::node {
namespace {

using control::HostReport;
using control::ProcessSpec;
using control::ProcessState;

class ShimTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "isolated" && !ensure_shim(options_))
      GTEST_SKIP() << "no namespaces on this machine";
    client_ = connect();
  }
  void TearDown() override {
    client_.reset();
    EXPECT_TRUE(stop_shim(folder_.path, base::seconds(0)));
  }

  std::unique_ptr<ShimClient> connect() {
    auto client = std::make_unique<ShimClient>(world_.loop, options_);
    client->on_exit([this](const ProcessState& s) { ended_[s.id] = s; });
    client->start();
    return client;
  }
  base::Result<ProcessState> spawn(ProcessSpec spec) {
    spec.env.emplace_back("PATH", "/usr/bin:/bin");
    return world_.wait<ProcessState>([&](auto done) { client_->spawn(std::move(spec), std::move(done)); });
  }
  ProcessState end_of(const std::string& id) {
    world_.run_until([&] { return ended_.contains(id); });
    return ended_.at(id);
  }
  bool isolated() const { return std::string(GetParam()) == "isolated"; }

  TempFolder folder_;
  ShimOptions options_{.data_dir = folder_.path, .program = {shim_program()}, .runtime = GetParam()};
  RealWorld world_;
  std::unique_ptr<ShimClient> client_;
  std::map<std::string, ProcessState> ended_;
};

TEST_P(ShimTest, ReportsExitCodesAndWritesBothStreamsToTheLog) {
  const std::string log = folder_.path + "/logs/a/0.log";
  ASSERT_TRUE(
      spawn({.id = "a", .argv = {"sh", "-c", "echo out; echo err >&2; printf rest; exit 3"}, .stdout_path = log}));
  EXPECT_EQ(end_of("a").exit_code, 3);
  const std::string text = read_file(log).value_or("");
  EXPECT_NE(text.find(" stdout F out\n"), text.npos) << text;
  EXPECT_NE(text.find(" stderr F err\n"), text.npos);
  EXPECT_NE(text.find(" stdout P rest\n"), text.npos);
}

TEST_P(ShimTest, SaysWhyAProgramDidNotStart) {
  const auto state = spawn({.id = "a", .argv = {"no-such-program"}});
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, base::Code::NotFound);
  EXPECT_NE(state.error().message.find("no-such-program"), std::string::npos);
}

TEST_P(ShimTest, SignalsTheGroupAndReportsTheSignal) {
  ASSERT_TRUE(spawn({.id = "a", .argv = {"sleep", "1000"}}));
  ASSERT_TRUE(world_.wait<bool>([&](auto done) { client_->signal("a", SIGTERM, std::move(done)); }));
  const auto end = end_of("a");
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_EQ(end.exit_code, 128 + SIGTERM);
}

TEST_P(ShimTest, RefusesASecondProcessOfOneId) {
  ASSERT_TRUE(spawn({.id = "a", .argv = {"sleep", "1000"}}));
  const auto second = spawn({.id = "a", .argv = {"sleep", "1000"}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::Code::AlreadyExists);
}

TEST_P(ShimTest, PassesDescriptorsAndClosesAllOthers) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  ASSERT_TRUE(
      spawn({.id = "a", .argv = {"sh", "-c", "ls /proc/self/fd | tr '\\n' ' ' >&3"}, .pass_fds = {write_end.get()}}));
  write_end.reset();
  end_of("a");
  char text[64] = {};
  EXPECT_GT(read(read_end.get(), text, sizeof text - 1), 0);
  EXPECT_STREQ(text, "0 1 2 3 4 ");  // 4 is ls reading the folder
}

TEST_P(ShimTest, ProcessesOutliveTheirClientAndAreAdopted) {
  // The client is another process, killed the hard way.
  const pid_t server = fork();
  if (server == 0) {
    RealWorld world;
    ShimClient client(world.loop, options_);
    client.start();
    for (const char* id : {"stays", "ends"})
      (void)world.wait<ProcessState>([&](auto done) {
        client.spawn({.id = id,
                      .argv = {"sh", "-c", id[0] == 's' ? "exec sleep 1000" : "kill -USR1 $PPID; exit 7"},
                      .env = {{"PATH", "/usr/bin:/bin"}}},
                     std::move(done));
      });
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(server, &status, 0);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(end_of("ends").exit_code, 7);  // told, although the one who started it is gone
  const auto all = world_.wait<std::vector<ProcessState>>([&](auto done) { client_->list(std::move(done)); });
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_TRUE(all->at(1).running);
  EXPECT_EQ(kill(static_cast<pid_t>(all->at(1).pid), 0), 0);
}

TEST_P(ShimTest, ANewClientHearsOfEndsThatNobodyForgot) {
  ASSERT_TRUE(spawn({.id = "a", .argv = {"false"}}));
  end_of("a");
  client_.reset();
  ended_.clear();
  client_ = connect();
  EXPECT_EQ(end_of("a").exit_code, 1);
  ASSERT_TRUE(world_.wait<bool>([&](auto done) { client_->forget("a", std::move(done)); }));
  const auto all = world_.wait<std::vector<ProcessState>>([&](auto done) { client_->list(std::move(done)); });
  EXPECT_TRUE(all && all->empty());
}

TEST_P(ShimTest, AKilledShimTakesItsChildrenAlongAndTheNextOneSaysSo) {
  const auto state = spawn({.id = "a", .argv = {"sleep", "1000"}});
  ASSERT_TRUE(state);
  const auto pid = base::parse_int(base::trim(read_file(folder_.path + "/run/shim.pid").value_or("")));
  ASSERT_TRUE(pid);
  kill(static_cast<pid_t>(*pid), SIGKILL);
  const auto end = end_of("a");  // from the shim that the client has started
  EXPECT_EQ(end.signal, SIGKILL);
  world_.run_until([&] { return start_ticks_of(static_cast<pid_t>(state->pid)) == 0; });
}

TEST_P(ShimTest, KeepsTheEndOfCapturedOutput) {
  ASSERT_TRUE(spawn({.id = "a", .argv = {"sh", "-c", "echo 0123456789"}, .capture = 5}));
  EXPECT_EQ(end_of("a").output, "6789\n");
}

TEST_P(ShimTest, IsolatedProcessesSeeTheirOwnRootTreeAndNetworkOnly) {
  if (!isolated()) GTEST_SKIP() << "loopback has no namespaces";
  ASSERT_TRUE(world_.wait<bool>([&](auto done) { client_->make_pod_network("p", "10.244.7.7", std::move(done)); }));
  ASSERT_TRUE(write_file(folder_.path + "/hosts", "10.244.7.7 web-1\n"));
  const auto report = world_.wait<HostReport>([&](auto done) { client_->report(std::move(done)); });
  ASSERT_TRUE(report);
  ProcessSpec spec{.id = "a",
                   .argv = {"sh", "-c",
                            "hostname; cat /etc/hosts; grep -c : /proc/net/dev; grep CapEff /proc/self/status;"
                            "touch /x || echo read-only; test -e " +
                                folder_.path + " || echo hidden; exec sleep 1000"},
                   .root = "/",
                   .mounts = {{folder_.path + "/hosts", "/etc/hosts", true}},
                   .network = control::NetworkSpace::Pod,
                   .pod_network = "p",
                   .stdout_path = folder_.path + "/a.log",
                   .hostname = "web-1"};
  if (report->root) spec.uid = spec.gid = 200007;
  ASSERT_TRUE(spawn(spec));
  std::string log;
  world_.run_until([&] { return (log = read_file(folder_.path + "/a.log").value_or("")).find("hidden") != log.npos; });
  for (const char* line :
       {"F web-1\n", "F 10.244.7.7 web-1\n", "F 2\n", "CapEff:\t0000000000000000\n", "F read-only\n"})
    EXPECT_NE(log.find(line), log.npos) << line << log;
  // Another process enters it, as an exec probe does.
  ASSERT_TRUE(spawn({.id = "exec",
                     .argv = {"sh", "-c", "hostname; test -e /proc/2/status"},
                     .uid = spec.uid,
                     .join = "a",
                     .capture = 100}));
  EXPECT_EQ(end_of("exec").output, "web-1\n");
  EXPECT_EQ(ended_.at("exec").exit_code, 0);
}

TEST_P(ShimTest, LimitsMemoryAndSaysThatItRanOut) {
  const auto report = world_.wait<HostReport>([&](auto done) { client_->report(std::move(done)); });
  if (!report || !report->cgroups) GTEST_SKIP() << "no control groups";
  ASSERT_TRUE(spawn({.id = "a",
                     .argv = {"sh", "-c", "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"},
                     .cgroup = "shim-test",
                     .memory_limit = 16u << 20}));
  const auto end = end_of("a");
  EXPECT_EQ(end.exit_code, 137);
  EXPECT_TRUE(end.out_of_memory);
}

INSTANTIATE_TEST_SUITE_P(Rungs, ShimTest, testing::Values("isolated", "loopback"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace slipway::node
