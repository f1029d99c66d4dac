// Programs that are not installed: the terminal, the node and `slipway status` name the Debian package.
#include <filesystem>

#include "program.h"

namespace slipway::machine {
namespace {

using data::Value;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A shell command that takes the program away; where it is not installed there is nothing to take.
std::string hide(const std::string& program) {
  return "{ p=$(command -v " + program + " || ls /usr/sbin/" + program +
         " 2>/dev/null); [ -z \"$p\" ] || mount --bind /dev/null \"$(readlink -f $p)\"; }";
}

bool is_false(const Value& node, const char* type) { return condition_of(node, type)["status"].as_string() == "False"; }

TEST(Missing, ProgramsAreNamedWithTheirPackageWhereverPeopleLook) {
  const Words without = in_mounts_of_its_own(hide("haproxy") + " && " + hide("prometheus") + " && " + hide("dnsmasq"));
  if (without.empty()) GTEST_SKIP() << "this machine allows no mount namespaces";
  Home home;
  const Said up = home.up({}, without);
  ASSERT_EQ(up.status, 0) << up.text;
  const bool names = home.endpoints()["runtime"].as_string() != "loopback";  // loopback pods have no name server
  EXPECT_THAT(up.text, AllOf(HasSubstr("install the Debian package haproxy"),
                             HasSubstr("install the Debian package prometheus")));
  if (names) EXPECT_THAT(up.text, HasSubstr("install the Debian package dnsmasq-base"));
  const Value node = home.wait_for("node/node-1", [&](const Value& n) {
    return is_false(n, "slipway.dev/Gateway") && is_false(n, "slipway.dev/Prometheus") &&
           (!names || is_false(n, "slipway.dev/Names"));
  });
  EXPECT_THAT(condition_of(node, "slipway.dev/Gateway")["message"].str(), HasSubstr("Debian package haproxy"));
  EXPECT_THAT(condition_of(node, "slipway.dev/Prometheus")["message"].str(), HasSubstr("Debian package prometheus"));
  if (names)
    EXPECT_THAT(condition_of(node, "slipway.dev/Names")["message"].str(), HasSubstr("Debian package dnsmasq-base"));
  EXPECT_EQ(condition_of(node, "Ready")["status"].as_string(), "True");
  const Said status = home.ask({"status"});
  EXPECT_EQ(status.status, 0);
  EXPECT_THAT(status.text, AllOf(HasSubstr("✗ gateway"), HasSubstr("Debian package haproxy")));
  EXPECT_THAT(file_text(home.data() + "/server.log"), HasSubstr("problem: HAProxy is not installed"));
}

TEST(Missing, TheStoryOfTheDemoEndsAtOnceWithTheReason) {
  const Words without = in_mounts_of_its_own(hide("haproxy"));
  if (without.empty()) GTEST_SKIP() << "this machine allows no mount namespaces";
  Home home;
  const Said said = slipway(
      {"demo", "--once", "--data-dir", home.data(), "--port", "17643", "--report", home.path() + "/report.json"},
      without);
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.text, HasSubstr("install the Debian package haproxy"));
}

}  // namespace
}  // namespace slipway::machine
