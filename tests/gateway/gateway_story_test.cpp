// A release through our own gateway as a GatewayClass, with two replicas: what is verified is what both proxies show.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "api/meta.h"
#include "data/json.h"
#include "gateway/cluster_objects.h"
#include "gateway/files.h"
#include "gateway/replica_lease.h"
#include "pods.h"
#include "release_bed.h"
#include "story.h"

namespace slipway::tests {
namespace {

using data::Value;

constexpr const char* kAccount = "system:serviceaccount:slipway-system:slipway-gateway";
constexpr int kUsers = 400;

Value json(const std::string& text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

std::string definitions() {
  if (const char* named = std::getenv("SLIPWAY_GATEWAY_CRDS")) return named;
  return std::string(SLIPWAY_SOURCE_DIR) + "/../shared/conformance/crds/gateway-api";
}

class GatewayStory : public ReleaseOnCluster {
 protected:
  void SetUp() override {
    if (!network_problem().empty()) GTEST_SKIP() << network_problem();
    if (!gateway::find_program("haproxy")) GTEST_SKIP() << "haproxy is not installed (Debian package haproxy)";
    if (!std::filesystem::is_directory(definitions()))
      GTEST_SKIP() << "no definitions of the Gateway API in " << definitions() << " (SLIPWAY_GATEWAY_CRDS)";
    ReleaseOnCluster::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_EQ(kubectl_code({"apply", "--server-side", "-f", definitions()}), 0);
    std::string said;
    ASSERT_TRUE(eventually([&] {
      const auto installed = run_slipway({"install", "--gateway", "--kubeconfig", bed().admin_kubeconfig()});
      said = installed.output;
      return installed.status == 0;
    })) << said;
    port = next_port++;
    audited_before_ = bed().audited(kAccount).size();
    for (const std::string name : {"a", "b"}) begin_replica(name);
    pods.emplace();
    make_route();
  }

  // The rights of `slipway install --gateway` are enough.
  void TearDown() override {
    if (IsSkipped() || space.empty()) return;
    ReleaseOnCluster::TearDown();
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

  void create(const api::Resource& kind, const Value& object) {
    const auto made = api().call({.verb = client::Verb::Create, .resource = kind, .space = space, .body = object});
    ASSERT_TRUE(made.has_value()) << kind.kind << ": " << made.error().message;
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
  static std::string said(const Value& holder, const char* type) {
    const Value& c = api::condition(Value::object({{"status", holder}}), type);
    return c["status"].str() + " " + c["reason"].str();
  }
  bool is_programmed() {
    return said(get(gateway::kGateways, "edge")["status"], "Programmed").starts_with("True") &&
           said(get(api::kHttpRoutes, "web")["status"]["parents"].at(0), "Programmed").starts_with("True") &&
           got_by("a").status == 200 && got_by("b").status == 200;
  }
  void release(const std::string& steps) {
    Value object = json(R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Release","metadata":{"name":"web"},
      "spec":{"target":{"name":"web"},"deadline":"120s","traffic":{"route":"web","service":"web"}}})");
    object.set({"spec", "strategy"}, json(R"({"canary":{"steps":)" + steps + "}}"));
    create(api::kReleases, object);
    ASSERT_TRUE(reaches("Idle")) << told();
  }

  Got got_by(const std::string& replica, const std::string& user = {}) {
    return request(address_of(replica), port, "web.example", user);
  }
  // Image tag by pod address.
  std::map<std::string, std::string> tags() {
    std::map<std::string, std::string> out;
    const auto all = api().list(api::kPods, "app=web");
    for (const Value& pod : (*all)["items"].items()) {
      const std::string image = pod["spec"]["containers"].at(0)["image"].str();
      out[pod["status"]["podIP"].str()] = image.substr(image.rfind(':') + 1);
    }
    return out;
  }
  // How many of `n` requests the replica gives to this version; every one has to be answered.
  int of_requests(const std::string& replica, const std::string& tag, int n) {
    const auto tag_of = tags();
    int hits = 0;
    for (int i = 0; i < n; ++i) {
      const Got got = got_by(replica);
      EXPECT_EQ(got.status, 200);
      const auto found = tag_of.find(got.pod);
      EXPECT_TRUE(found != tag_of.end()) << got.pod;
      hits += found != tag_of.end() && found->second == tag;
    }
    return hits;
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
  std::string explained() {
    return run_slipway({"explain", "web", "-n", space, "--kubeconfig", bed().admin_kubeconfig()}).output;
  }
  void expect_verified(const std::string& share) {
    const std::string log = explained();
    EXPECT_NE(log.find("traffic.verified       router read-back shows " + share + " for the candidate"),
              std::string::npos)
        << log;
    EXPECT_EQ(log.find("has accepted the route with"), std::string::npos) << log;
  }

  static inline int next_port = 8000;  // a host name on a port belongs to the oldest Gateway
  int port = 0;
  std::map<std::string, runtime::Child> replicas;
  std::optional<Pods> pods;

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
  EXPECT_FALSE(get(gateway::kGateways, "edge").is_null());
  // For TearDown, which hands a Release back.
  ASSERT_EQ(run_slipway({"install", "--kubeconfig", bed().admin_kubeconfig()}).status, 0);
}

}  // namespace
}  // namespace slipway::tests
