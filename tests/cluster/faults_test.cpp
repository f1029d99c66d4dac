// What breaks in a cluster while a release is under way: the API server, our controllers, their rights, their
// definitions. The release ends as it would have, and nothing is done twice.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "api/meta.h"
#include "client/kubeconfig.h"
#include "data/json.h"
#include "http/test_relay.h"
#include "release_bed.h"
#include "runtime/file.h"

namespace slipway::tests {
namespace {

using data::Value;

constexpr const char* kRolling = R"({"rolling":{"maxSurge":1,"maxUnavailable":0}})";
constexpr const char* kRatio = R"({"canary":{"steps":[{"weight":50},{"pause":{}}]}})";
constexpr const char* kFirst = "system:serviceaccount:slipway-system:slipway-controller";
constexpr const char* kSecond = "system:serviceaccount:slipway-system:second";

bool is_write(const AuditedRequest& r) {
  return r.verb != "get" && r.verb != "list" && r.verb != "watch" && r.resource != "leases";
}

class FaultsTest : public ReleaseOnCluster {
 protected:
  void kill_controller() {
    controller->signal(SIGKILL);
    controller->wait();
  }
  // The controller reaches the API server by `relay` only.
  void put_relay_between() {
    relay.emplace(bed().port());
    client::Connection through = bed().connection({kFirst, {"system:serviceaccounts", "system:authenticated"}});
    through.server = "https://127.0.0.1:" + std::to_string(relay->port());
    const std::string file = bed().folder() + "/" + space + "-relay.kubeconfig";
    ASSERT_TRUE(client::save_kubeconfig(file, through).has_value());
    kill_controller();
    controller.emplace(start_slipway({"controller", "--kubeconfig", file, "--lease-namespace", "slipway-system"},
                                     bed().folder() + "/controller.log"));
  }
  // The clock that the controller sees is so much ahead.
  void replace_clock(base::Duration ahead) {
    const std::string offset = bed().folder() + "/" + space + "-offset";
    ASSERT_TRUE(runtime::write_file(offset, std::to_string(ahead / base::seconds(1)), 0600).has_value());
    kill_controller();
    controller_environment = {"LD_PRELOAD=" SLIPWAY_BUILD_DIR "/tests/libclock_offset.so", "CLOCK_OFFSET=" + offset};
    begin_controller();
  }
  void restart_api_server() {
    bed().kill(Part::ApiServer);
    const auto back = bed().start_part(Part::ApiServer);
    ASSERT_TRUE(back.has_value()) << back.error().message;
  }
  void expect_settled_on_v2() {
    EXPECT_EQ(phase(), "Idle") << told();
    EXPECT_EQ(pods_of("v2", true), 4);
    EXPECT_EQ(pods_of(""), 4);
    EXPECT_EQ(owner_of("v2"), "Deployment");
    EXPECT_GE(fewest_ready, 4);
    EXPECT_EQ(started("v2"), 4u) << "pods were made twice";
  }
  // Names of the pods of a version that were ever seen by `until`.
  std::size_t started(const std::string& tag) { return seen_[tag].size(); }
  bool until_seen(const std::function<bool()>& holds) {
    return until([&] {
      for (const char* tag : {"v1", "v2"})
        for (const std::string& uid : uids_of(tag)) seen_[tag].insert(uid);
      return holds();
    });
  }
  bool ends_idle() {
    return until_seen([&] { return phase() == "Idle" && pods_of("v2", true) == 4 && pods_of("v1") == 0; });
  }
  std::string log() const { return runtime::read_file(bed().folder() + "/controller.log").value_or(""); }
  Value stalled() { return api::condition(get(api::kReleases, "web"), "Stalled"); }
  void install() {
    const auto installed = run_slipway({"install", "--kubeconfig", bed().admin_kubeconfig()});
    ASSERT_EQ(installed.status, 0) << installed.output;
  }
  std::optional<http::TestRelay> relay;  // needed until the Release is gone

  std::vector<AuditedRequest> writes_of(const char* user) const {
    std::vector<AuditedRequest> out;
    for (AuditedRequest& r : bed().audited(user))
      if (is_write(r) && r.space == space) out.push_back(std::move(r));
    return out;
  }

 private:
  std::map<std::string, std::set<std::string>> seen_;
};
SLIPWAY_EACH_VERSION(FaultsTest);

TEST_P(FaultsTest, AnApiServerThatDiesInTheMiddleIsWaitedFor) {
  refusals_are_expected = true;  // an API server that begins again does not know its roles at once
  attach(kRolling);
  set_image("v2");
  ASSERT_TRUE(until_seen([&] { return pods_of("v2") >= 1; })) << told();
  restart_api_server();
  ASSERT_TRUE(until_seen([&] { return pods_of("v2", true) >= 3 || phase() == "Idle"; })) << told();
  restart_api_server();
  ASSERT_TRUE(ends_idle()) << told();
  expect_settled_on_v2();
}

TEST_P(FaultsTest, ControllersThatAreKilledAgainAndAgainAreTakenOver) {
  attach(kRolling);
  set_image("v2");
  for (const std::int64_t pods : {1, 3}) {
    ASSERT_TRUE(until_seen([&] { return pods_of("v2") >= pods; })) << told();
    kill_controller();
    begin_controller();  // under another name: it waits until the lease has run out
  }
  ASSERT_TRUE(ends_idle()) << told();
  expect_settled_on_v2();
}

// Everything between our controllers and the API server is cut again and again, and then stands still for longer than
// the lease can be renewed.
TEST_P(FaultsTest, ConnectionsThatAreCutAndHangChangeNothing) {
  put_relay_between();
  attach(kRatio);
  set_image("v2");
  int looks = 0, cuts = 0;
  ASSERT_TRUE(until_seen([&] {
    if (++looks % 5 == 0 && ++cuts <= 10) relay->cut();
    return phase() == "Paused" && pods_of("v2", true) == 2;
  })) << told();
  relay->freeze(true);  // longer than the lease can be renewed: it stops to lead, and leads again
  const base::Time since = api().now();
  ASSERT_TRUE(until_seen([&] { return api().now() - since > base::seconds(16); }));
  relay->freeze(false);
  EXPECT_EQ(pods_of("v2"), 2);
  ask("promote");
  ASSERT_TRUE(ends_idle()) << told();
  EXPECT_EQ(pods_of("v2", true), 4);
  EXPECT_EQ(owner_of("v2"), "Deployment");
  EXPECT_EQ(started("v2"), 4u);
}

// A far cluster: every answer takes more than a second.
TEST_P(FaultsTest, ConnectionsThatAreSlowDelayTheReleaseAndChangeNothingElse) {
  put_relay_between();
  relay->delay(std::chrono::milliseconds(600));
  attach(kRolling);
  set_image("v2");
  ASSERT_TRUE(ends_idle()) << told();
  expect_settled_on_v2();
  relay->delay({});
}

// The lease, minReadySeconds and pauses are counted by clocks that do not agree: people are told by how much, and the
// release ends as it would have.
TEST_P(FaultsTest, AClockThatIsWrongIsToldAndTheReleaseEndsAsItWould) {
  for (const auto& [ahead, words] : {std::pair(base::minutes(10), " s ahead of the API server's"),
                                     std::pair(-base::minutes(10), " s behind the API server's")}) {
    replace_clock(ahead);
    ASSERT_TRUE(until_seen([&] { return log().find(words) != std::string::npos; })) << log();
  }
  attach(kRolling);
  set_image("v2");
  ASSERT_TRUE(ends_idle()) << told();
  expect_settled_on_v2();
  replace_clock(base::minutes(10));
  set_image("v1");
  ASSERT_TRUE(until_seen([&] { return phase() == "Idle" && pods_of("v1", true) == 4 && pods_of("v2") == 0; }))
      << told();
  EXPECT_GE(fewest_ready, 4);
}

// One stands still until its lease is another's, and goes on in the middle of what it was doing.
TEST_P(FaultsTest, OfTwoControllersOneActsAndTheOtherIsFenced) {
  for (const auto& [kind, role] : {std::pair("clusterrolebinding", "--clusterrole=slipway-controller"),
                                   std::pair("rolebinding", "--role=slipway-controller-leader")})
    ASSERT_EQ(
        bed()
            .kubectl({"-n", "slipway-system", "create", kind, space, role, "--serviceaccount=slipway-system:second"})
            ->status,
        0);
  auto second = start_slipway(
      {"controller", "--kubeconfig", bed().kubeconfig({kSecond, {"system:serviceaccounts", "system:authenticated"}}),
       "--lease-namespace", "slipway-system"},
      bed().folder() + "/second.log");
  attach(kRolling);
  set_image("v2");
  ASSERT_TRUE(until_seen([&] { return pods_of("v2") >= 1; })) << told();
  EXPECT_TRUE(writes_of(kSecond).empty());
  controller->signal(SIGSTOP);
  const std::size_t before = writes_of(kFirst).size();
  ASSERT_TRUE(until_seen([&] { return !writes_of(kSecond).empty(); })) << told();
  const std::size_t at_takeover = writes_of(kFirst).size();
  controller->signal(SIGCONT);
  ASSERT_TRUE(ends_idle()) << told();
  expect_settled_on_v2();
  EXPECT_LE(at_takeover, before + 1) << "what had been sent when it was stopped";
  EXPECT_EQ(writes_of(kFirst).size(), at_takeover) << "it wrote after its lease was gone";
  std::map<std::string, int> created;
  for (const char* user : {kFirst, kSecond})
    for (const AuditedRequest& r : writes_of(user))
      if (r.verb == "create" && r.code == 201 && r.resource != "events") ++created[r.resource];
  EXPECT_EQ(created["replicasets"], 1);
  second.signal(SIGTERM);
  second.wait();
  for (const char* kind : {"clusterrolebinding", "rolebinding"})
    EXPECT_EQ(bed().kubectl({"-n", "slipway-system", "delete", kind, space})->status, 0);
}

TEST_P(FaultsTest, ARightThatIsMissingIsNamedOnTheReleaseAndItGoesOnWhenItIsBack) {
  refusals_are_expected = true;
  attach(kRolling);
  const auto role = data::parse_json(kubectl({"get", "clusterrole", "slipway-controller", "-o", "json"}));
  ASSERT_TRUE(role.has_value());
  Value rules = Value::array();
  for (const Value& rule : (*role)["rules"].items())
    if (rule["resources"].at(0).as_string() != "replicasets" || rule["verbs"].at(0).as_string() == "get")
      rules.push_back(rule);
  patch({"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false}, "slipway-controller",
        data::to_json(Value::object({{"rules", rules}})));
  set_image("v2");
  ASSERT_TRUE(until_seen([&] { return stalled()["status"].as_string() == "True"; })) << told();
  EXPECT_EQ(stalled()["reason"].as_string(), "Forbidden");
  EXPECT_NE(stalled()["message"].as_string().find("resource \"replicasets\" in API group \"apps\""), std::string::npos)
      << data::to_json(stalled());
  EXPECT_NE(stalled()["message"].as_string().find("slipway install"), std::string::npos);
  EXPECT_EQ(pods_of("v2"), 0);
  install();
  ASSERT_TRUE(ends_idle()) << told();
  EXPECT_TRUE(until([&] { return stalled()["status"].as_string() == "False"; })) << data::to_json(stalled());
  expect_settled_on_v2();
}

// Then nothing can be written anywhere: the process says it itself.
TEST_P(FaultsTest, WithoutAnyRightTheProcessSaysWhatIsMissingAndGoesOnWhenItIsBack) {
  refusals_are_expected = true;
  attach(kRolling);
  set_image("v2");
  ASSERT_TRUE(until_seen([&] { return pods_of("v2") >= 1; })) << told();
  ASSERT_EQ(kubectl_code({"delete", "clusterrolebinding", "slipway-controller"}), 0);
  ASSERT_TRUE(until_seen([&] { return log().find(" cannot ") != std::string::npos || phase() == "Idle"; }));
  install();
  ASSERT_TRUE(ends_idle()) << told();
  expect_settled_on_v2();
}

TEST_P(FaultsTest, DefinitionsThatAreMissingAtTheStartAreNamedAndWaitedFor) {
  kill_controller();
  ASSERT_EQ(kubectl_code(
                {"delete", "crd", "releases.slipway.dev", "analysisruns.slipway.dev", "analysistemplates.slipway.dev"}),
            0);
  begin_controller();
  ASSERT_TRUE(until([&] { return log().find("slipway install") != std::string::npos; })) << log();
  EXPECT_TRUE(controller->running());
  install();
  ASSERT_TRUE(eventually([&] { return api().list(api::kReleases).has_value(); }));
  attach(kRolling);
  set_image("v2");
  ASSERT_TRUE(ends_idle()) << told();
  expect_settled_on_v2();
}

}  // namespace
}  // namespace slipway::tests
