// A release through our own gateway as a GatewayClass, with two replicas: what is verified is what both proxies show.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "api/meta.h"
#include "data/json.h"
#include "gateway/cluster_objects.h"
#include "gateway/files.h"
#include "gateway/replica_lease.h"
#include "runtime/file.h"
#include "story.h"
#include "unused_rights.h"

namespace slipway::tests {
namespace {

using data::Value;

constexpr const char* kAccount = "system:serviceaccount:slipway-system:slipway-gateway";
constexpr int kUsers = 400;

// In a whole run every right of `slipway install --gateway` is used.
void check_rights(Bed& bed) {
  static const std::map<std::string, std::string> seldom = {};
  const std::string unused = unused_rights(bed, kAccount, install::gateway_rights(), seldom);
  if (!unused.empty() && GTEST_FLAG_GET(filter) == "*")
    ADD_FAILURE() << "no story of tests/gateway needs these rights:" << unused;
}
const bool registered = (EachVersion::at_the_end(check_rights), true);

class GatewayStory : public Story {
 protected:
  void SetUp() override {
    if (!gateway::find_program("haproxy")) GTEST_SKIP() << "haproxy is not installed (Debian package haproxy)";
    Story::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    audited_before_ = bed().audited(kAccount).size();
    for (const std::string name : {"a", "b"}) begin_replica(name);
    make_route();
  }

  // The rights of `slipway install --gateway` are enough.
  void TearDown() override {
    if (IsSkipped() || space.empty()) return;
    Story::TearDown();
    const auto audited = bed().audited(kAccount);
    for (std::size_t i = audited_before_; i < audited.size(); ++i)
      EXPECT_TRUE(audited[i].allowed) << audited[i].verb << " " << audited[i].group << "/" << audited[i].resource << "/"
                                      << audited[i].subresource;
    for (auto& [name, replica] : replicas) end_replica(replica);
  }

  static std::string address_of(const std::string& replica) { return replica == "a" ? "127.0.0.1" : "127.0.0.2"; }

  void begin_replica(const std::string& name) {
    const std::string config = bed().kubeconfig({kAccount, {"system:serviceaccounts", "system:authenticated"}});
    replicas.insert_or_assign(name, start_slipway({"gateway", "--kubeconfig", config, "--identity", space + "-" + name,
                                                   "--listen", address_of(name), "--grace", "0"},
                                                  bed().folder() + "/gateway-" + name + ".log"));
  }
  static void end_replica(runtime::Child& replica) {
    if (!replica.running()) return;
    replica.signal(SIGTERM);
    EXPECT_EQ(replica.wait(), 0);
  }

  void make_route() {
    Value edge = json(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"edge"},
      "spec":{"gatewayClassName":"slipway","listeners":[{"name":"http","port":1,"protocol":"HTTP"},{"name":"raw","port":9,"protocol":"TCP"}]}})");
    edge.member("spec").member("listeners").element(0).set("port", port);
    create(gateway::kGateways, edge);
    if (HasFatalFailure()) return;
    create(api::kHttpRoutes,
           json(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"web",
      "annotations":{"slipway.dev/sticky-header":"x-user-id"}},
      "spec":{"parentRefs":[{"name":"edge","sectionName":"http"}],"hostnames":["web.example"],"rules":[{"backendRefs":[{"name":"web","port":80}]}]}})"));
    ASSERT_TRUE(until([&] { return is_programmed(); })) << data::to_json(get(gateway::kGateways, "edge")["status"]);
  }
  bool is_programmed() {
    return said(get(gateway::kGateways, "edge")["status"], "Programmed").starts_with("True") &&
           said(get(api::kHttpRoutes, "web")["status"]["parents"].at(0), "Programmed").starts_with("True") &&
           got_by("a").status == 200 && got_by("b").status == 200;
  }
  Got got_by(const std::string& replica, const std::string& user = {}) {
    return request(address_of(replica), port, "web.example", user);
  }
  int of_requests(const std::string& replica, const std::string& tag, int n) {
    return of_requests_at(address_of(replica), "web.example", tag, n);
  }
  // The users whom the replica gives this version.
  std::set<std::string> users_of(const std::string& replica, const std::string& tag) {
    const auto tag_of = tags();
    std::set<std::string> out;
    for (int i = 0; i < kUsers; ++i) {
      const std::string user = "user-" + std::to_string(i);
      if (tag_of.contains(got_by(replica, user).pod) && tag_of.at(got_by(replica, user).pod) == tag) out.insert(user);
    }
    return out;
  }
  void expect_verified(const std::string& share) {
    const std::string log = explained();
    EXPECT_NE(log.find("traffic.verified       router read-back shows " + share + " for the candidate"),
              std::string::npos)
        << log;
    EXPECT_EQ(log.find("has accepted the route with"), std::string::npos) << log;
  }

  std::map<std::string, runtime::Child> replicas;

 private:
  std::size_t audited_before_ = 0;
};
SLIPWAY_EACH_VERSION(GatewayStory);

TEST_P(GatewayStory, ACanaryIsVerifiedAtEveryReplicaAlsoWhenOneDies) {
  const Value edge = get(gateway::kGateways, "edge")["status"];
  EXPECT_EQ(said(edge["listeners"].at(1), "Accepted"), "False UnsupportedProtocol");
  EXPECT_EQ(edge["listeners"].at(0)["attachedRoutes"], Value(1));
  EXPECT_EQ(said(get(gateway::kGatewayClasses, "slipway")["status"], "Accepted"), "True Accepted");
  release(R"([{"weight":1},{"pause":{}},{"weight":25},{"pause":{}},{"weight":100}])");

  set_image("v2");
  ASSERT_TRUE(reaches("Paused")) << told();
  expect_verified("1 %");
  // Six standard deviations: 20 +- 27, 500 +- 117.
  std::set<std::string> few;
  for (const std::string replica : {"a", "b"}) {
    const int hits = of_requests(replica, "v2", 2000);
    EXPECT_GT(hits, 0) << replica;
    EXPECT_LT(hits, 47) << replica;
  }
  few = users_of("a", "v2");
  EXPECT_EQ(users_of("b", "v2"), few);  // both put a user into the same bucket
  EXPECT_LT(few.size(), 4u + 6 * 2);

  ask("promote");
  ASSERT_TRUE(until([&] { return phase() == "Paused" && weight_of("web-canary") == 25; })) << told();
  expect_verified("25 %");
  for (const std::string replica : {"a", "b"}) EXPECT_NEAR(of_requests(replica, "v2", 2000), 500, 117) << replica;
  const auto more = users_of("a", "v2");
  EXPECT_EQ(users_of("b", "v2"), more);
  EXPECT_TRUE(std::ranges::includes(more, few));  // who was in stays in
  EXPECT_NEAR(static_cast<double>(more.size()), 100, 52);

  replicas.at("b").signal(SIGKILL);
  replicas.at("b").wait();
  ask("promote");
  EXPECT_TRUE(until([&] {
    return told().find("gateway replica " + space + "-b") != std::string::npos || phase() == "Idle";
  })) << told();
  EXPECT_NE(phase(), "Idle") << "it did not wait for the replica that was still said to live";
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_verified("100 %");
  EXPECT_EQ(of_requests("a", "v2", 200), 200);
  EXPECT_EQ(pods_of("v2", true), 4);
  EXPECT_GE(fewest_ready, 4);
}

// Numbers of both replicas together: each of them sends half of the requests, and the bad version is found by the
// whole.
TEST_P(GatewayStory, ABadVersionIsFoundByTheGatewaysOwnNumbersAndTakenBack) {
  create(api::kAnalysisTemplates,
         json(R"({"apiVersion":"slipway.dev/v1alpha1","kind":"AnalysisTemplate","metadata":{"name":"errors"},
    "spec":{"metrics":[{"name":"errors","interval":"500ms","count":3,"failureLimit":0,"successCondition":"result < 0.05",
    "provider":{"gateway":{"query":"error-rate","window":"10s"}}}]}})"));
  release(R"([{"weight":25},{"pause":{}},{"analysis":{"templates":[{"name":"errors"}]}},{"weight":100}])");
  set_image("v2");
  ASSERT_TRUE(reaches("Paused")) << told();
  std::set<std::string> bad;
  for (const auto& [address, tag] : tags())
    if (tag == "v2") bad.insert(address);
  ASSERT_FALSE(bad.empty());
  pods->fail_on(bad);
  ask("promote");
  ASSERT_TRUE(until([&] {
    for (int i = 0; i < 50; ++i) got_by(i % 2 ? "a" : "b");
    return phase() == "RolledBack";
  })) << told();
  std::int64_t served = 0;
  for (const std::string& address : bad) served += pods->answered_by(address);
  EXPECT_GT(served, 0);
  const Value& rollback = get(api::kReleases, "web")["status"]["rollback"];
  const std::string log = explained();
  EXPECT_NE(log.find("requests: the candidate's counter stands still at"), std::string::npos) << log;
  EXPECT_NE(log.find("sessions: no session is left on the candidate"), std::string::npos)
      << log << data::to_json(rollback);
  // Proven: nothing reaches it any more, through either replica.
  for (const std::string replica : {"a", "b"}) EXPECT_EQ(of_requests(replica, "v1", 200), 200) << replica;
  EXPECT_EQ(pods_of("v1", true), 4);
}

// Another controller leads, with another certificate: the replicas answer it, and no longer the one that died.
TEST_P(GatewayStory, AnotherControllerGoesOnAskingInTheMiddleOfARelease) {
  release(R"([{"weight":25},{"pause":{}},{"weight":100}])");
  set_image("v2");
  ASSERT_TRUE(reaches("Paused")) << told();
  expect_verified("25 %");
  const auto leader = [&] {
    return kubectl(
        {"-n", "slipway-system", "get", "lease", gateway::kControllerLease, "-o", "jsonpath={.spec.holderIdentity}"});
  };
  const std::string first = leader();
  controller->signal(SIGKILL);
  controller->wait();
  begin_controller();
  ASSERT_TRUE(until([&] { return leader() != first; }));
  ask("promote");
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_verified("100 %");
  for (const std::string replica : {"a", "b"}) EXPECT_EQ(of_requests(replica, "v2", 100), 100) << replica;
  EXPECT_EQ(pods_of("v2", true), 4);
  EXPECT_GE(fewest_ready, 4);
}

// What routes may do beyond their namespace is the choice of those who own the Gateway and the Service.
TEST_P(GatewayStory, OtherNamespacesAreReachedOnlyWhereTheirOwnersAllowIt) {
  const std::string other = space + "-other";
  ASSERT_EQ(kubectl_code({"create", "namespace", other}), 0);
  const auto apply = [&](const std::string& in, const std::string& object) {
    const std::string file = bed().folder() + "/" + space + "-object.json";
    ASSERT_TRUE(runtime::write_file(file, object, 0600).has_value());
    ASSERT_EQ(kubectl_code({"-n", in, "apply", "-f", file}), 0) << object;
  };
  const auto parent_says = [&](const char* type) {
    const Value route = json(kubectl({"-n", other, "get", "httproute", "far", "-o", "json"}));
    return said(route["status"]["parents"].at(0), type);
  };
  // A listener for namespaces with a label; a route from one that lacks it, to a Service of one that allows nothing.
  apply(space, R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"shared"},
    "spec":{"gatewayClassName":"slipway","listeners":[{"name":"http","port":)" +
                   std::to_string(port) + R"(,"protocol":"HTTP","hostname":"far.example","allowedRoutes":{"namespaces":
    {"from":"Selector","selector":{"matchLabels":{"edge":"yes"}}}}}]}})");
  apply(other, R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"far"},
    "spec":{"parentRefs":[{"name":"shared","namespace":")" +
                   space + R"("}],"hostnames":["far.example"],"rules":[{"backendRefs":[{"name":"web","namespace":")" +
                   space + R"(","port":80}]}]}})");
  if (HasFatalFailure()) return;
  const auto far = [&] { return request("127.0.0.1", port, "far.example").status; };
  ASSERT_TRUE(until([&] { return parent_says("Accepted") == "False NotAllowedByListeners"; }))
      << parent_says("Accepted");
  EXPECT_EQ(far(), 404);
  ASSERT_EQ(kubectl_code({"label", "namespace", other, "edge=yes"}), 0);
  ASSERT_TRUE(until([&] { return parent_says("Accepted") == "True Accepted"; })) << parent_says("Accepted");
  EXPECT_TRUE(until([&] { return parent_says("ResolvedRefs") == "False RefNotPermitted"; }))
      << parent_says("ResolvedRefs");
  EXPECT_TRUE(until([&] { return far() == 500; })) << far();
  apply(space, R"({"apiVersion":"gateway.networking.k8s.io/v1beta1","kind":"ReferenceGrant","metadata":{"name":"far"},
    "spec":{"from":[{"group":"gateway.networking.k8s.io","kind":"HTTPRoute","namespace":")" +
                   other + R"("}],"to":[{"group":"","kind":"Service","name":"web"}]}})");
  EXPECT_TRUE(until([&] { return parent_says("ResolvedRefs") == "True ResolvedRefs" && far() == 200; }))
      << parent_says("ResolvedRefs") << far();
  ASSERT_EQ(kubectl_code({"delete", "referencegrant", "far"}), 0);
  EXPECT_TRUE(until([&] { return parent_says("ResolvedRefs") == "False RefNotPermitted" && far() == 500; }))
      << parent_says("ResolvedRefs") << far();
  ASSERT_EQ(kubectl_code({"label", "namespace", other, "edge-"}), 0);
  EXPECT_TRUE(until([&] { return far() == 404; })) << far();
  ASSERT_EQ(kubectl_code({"delete", "namespace", other, "--wait=false"}), 0);
}

// The last one: of the gateway nothing stays but what users made.
TEST_P(GatewayStory, UninstallLeavesNothingOfTheGateway) {
  refusals_are_expected = true;  // to the controller that goes on running here
  for (auto& [name, replica] : replicas) end_replica(replica);
  const auto done = run_slipway({"uninstall", "--yes", "--kubeconfig", bed().admin_kubeconfig()});
  EXPECT_EQ(done.status, 0) << done.output;
  for (const char* kind : {"gatewayclasses", "clusterroles", "clusterrolebindings", "roles", "rolebindings",
                           "serviceaccounts", "services", "deployments", "leases", "namespaces"}) {
    const std::string left =
        kubectl({"get", kind, "-A", "-o", "name", "-l", "app.kubernetes.io/managed-by=slipway-install"});
    EXPECT_EQ(left, "") << kind;
  }
  EXPECT_EQ(kubectl({"get", "leases", "-A", "-o", "name", "-l", "slipway.dev/gateway-replica"}), "");
  EXPECT_TRUE(get(api::kHttpRoutes, "web")["status"]["parents"].is_empty());
  const Value edge = get(gateway::kGateways, "edge")["status"];  // as that of a new one
  EXPECT_EQ(said(edge, "Accepted"), "Unknown Pending");
  EXPECT_EQ(said(edge, "Programmed"), "Unknown Pending");
  EXPECT_TRUE(edge["listeners"].is_empty());
  EXPECT_TRUE(edge["addresses"].is_empty());
  // For TearDown, which hands a Release back.
  ASSERT_EQ(run_slipway({"install", "--kubeconfig", bed().admin_kubeconfig()}).status, 0);
}

}  // namespace
}  // namespace slipway::tests
