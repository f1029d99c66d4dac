// Releases in whole worlds: the real API server in memory, all real controllers, modelled pods, router and metrics,
// virtual time. Nothing goes wrong here unless a test says so; worlds full of faults are seed.h's.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "control/mutants.h"
#include "data/yaml.h"
#include "delivery/commands.h"
#include "delivery/state.h"
#include "rehearse/world.h"

namespace slipway::rehearse {
namespace {

using data::Value;
using delivery::Phase;
using delivery::Verb;

constexpr const char* kShop = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: slipway}]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: slipway.dev/v1alpha1
kind: AnalysisTemplate
metadata: {name: health, namespace: shop}
spec:
  metrics:
  - {name: error-rate, interval: 1s, count: 3, minSamples: 5, successCondition: result < 0.05,
     provider: {gateway: {query: error-rate, window: 5s}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "shop/web:v1"}]}
)";

constexpr const char* kCanary = R"(
apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: web, namespace: shop}
spec:
  target: {name: web}
  traffic: {route: web, service: web}
  deadline: 1m
  strategy:
    canary:
      steps: [{weight: 5}, {analysis: {templates: [{name: health}]}}, {weight: 50}, {pause: {}}]
)";

constexpr const char* kRolling = R"(
apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: web, namespace: shop}
spec:
  target: {name: web}
  deadline: 1m
  guards: {maxRestarts: 2}
  strategy: {rolling: {maxSurge: 1, maxUnavailable: 0, bake: 30s}}
)";

const std::map<std::string, api::Resource> kKinds = {
    {"Namespace", api::kNamespaces}, {"Service", api::kServices},       {"HTTPRoute", api::kHttpRoutes},
    {"Release", api::kReleases},     {"Deployment", api::kDeployments}, {"AnalysisTemplate", api::kAnalysisTemplates}};

class ReleaseWorld : public testing::Test {
 protected:
  World world{{.seed = 11}};
  int commands = 0;

  void begin(const char* release) {
    world.start();
    apply(kShop);
    apply(release);
    ASSERT_TRUE(reaches(Phase::Idle)) << state().message;
  }
  void TearDown() override { EXPECT_EQ(world.violation(), std::nullopt); }

  void apply(const char* yaml) {
    const auto documents = data::parse_yaml_stream(yaml);
    ASSERT_TRUE(documents);
    for (const auto& d : *documents) {
      const auto applied = world.apply(kKinds.at(d.value["kind"].str()), d.value);
      ASSERT_TRUE(applied) << applied.error().message;
    }
  }
  void patch(const api::Resource& resource, Value body) {
    const auto done = world.call({.verb = client::Verb::Patch,
                                  .resource = resource,
                                  .space = "shop",
                                  .name = "web",
                                  .body = std::move(body),
                                  .patch_type = client::PatchType::Merge,
                                  .field_manager = "user"});
    ASSERT_TRUE(done) << done.error().message;
  }
  void deploy(const std::string& tag, Value annotations = Value::object()) {
    const Value container = Value::object({{"name", "web"}, {"image", "shop/web:" + tag}});
    Value pod = Value::object({{"spec", Value::object({{"containers", Value::array({container})}})}});
    pod.set({"metadata", "annotations"}, annotations);
    patch(api::kDeployments, Value::object({{"spec", Value::object({{"template", pod}})}}));
  }
  void command(Verb verb) {
    patch(api::kReleases, delivery::command_patch({.id = std::to_string(++commands), .verb = verb, .by = "alice"}));
  }

  delivery::State state() const { return delivery::read_state(world.get(api::kReleases, "shop", "web")["status"]); }
  bool until(const std::function<bool()>& done, base::Duration limit = base::minutes(5)) {
    return world.run_until(done, limit);
  }
  bool reaches(Phase phase) {
    return until([&] { return state().phase == phase; });
  }
  // A new version has been noticed, and then the phase is reached.
  bool goes_to(Phase phase) {
    return until([&] { return state().candidate.has_value(); }) && reaches(phase);
  }

  std::vector<Value> pods(const std::string& tag) const {
    std::vector<Value> out;
    for (const Value& pod : world.truth().list(api::kPods, "shop"))
      if (pod["spec"]["containers"].at(0)["image"].as_string() == "shop/web:" + tag && !api::is_deleting(pod))
        out.push_back(pod);
    return out;
  }
  std::string backends() const {
    std::string out;
    for (const Value& ref : world.get(api::kHttpRoutes, "shop", "web")["spec"]["rules"].at(0)["backendRefs"].items())
      out += fmt::format("{}={} ", ref["name"].as_string(), ref["weight"].as_int(1));
    return out;
  }
  std::int64_t restarts_and_births() {
    std::int64_t sum = 0;
    for (const Value& pod : world.truth().list(api::kPods, "shop"))
      sum += 1000 + pod["status"]["containerStatuses"].at(0)["restartCount"].as_int();
    return sum + world.gateway().unserved_while_others_could();
  }
  void expect_all_on(const std::string& tag) {
    EXPECT_TRUE(until([&] { return pods(tag).size() == 4; }, base::seconds(30)));
    EXPECT_EQ(world.truth().list(api::kPods, "shop").size(), 4u);
    EXPECT_EQ(backends(), "web=1 ");
    EXPECT_TRUE(
        until([&] { return world.get(api::kDeployments, "shop", "web")["status"]["availableReplicas"] == Value(4); },
              base::seconds(5)));
    EXPECT_EQ(world.gateway().unserved_while_others_could(), 0);
  }
};

const Value kBad = Value::object({{"rehearse.slipway.dev/error-rate", "0.3"}});
const Value kCrashing = Value::object({{"rehearse.slipway.dev/crash-after", "3s"}});

TEST_F(ReleaseWorld, a_good_canary_waits_for_its_person_and_goes_through) {
  begin(kCanary);
  deploy("v2");
  ASSERT_TRUE(goes_to(Phase::Paused)) << state().message;
  EXPECT_EQ(backends(), "web-stable=50 web-canary=50 ");
  command(Verb::Promote);
  ASSERT_TRUE(reaches(Phase::Idle)) << state().message;
  expect_all_on("v2");
}

TEST_F(ReleaseWorld, the_analysed_pods_are_the_pods_that_stay) {
  begin(kCanary);
  deploy("v2");
  ASSERT_TRUE(goes_to(Phase::Paused)) << state().message;
  std::vector<std::string> analysed;
  for (const Value& pod : pods("v2")) analysed.emplace_back(api::uid_of(pod));
  command(Verb::Promote);
  ASSERT_TRUE(reaches(Phase::Idle));
  for (const Value& pod : pods("v2")) std::erase(analysed, api::uid_of(pod));
  EXPECT_TRUE(analysed.empty());
}

TEST_F(ReleaseWorld, a_bad_canary_is_rolled_back_and_verified) {
  begin(kCanary);
  deploy("v2", kBad);
  ASSERT_TRUE(goes_to(Phase::RolledBack)) << state().message;
  expect_all_on("v1");
  const auto r = *state().last_rollback;
  EXPECT_EQ(r.cause, delivery::Cause::AnalysisFailed);
  EXPECT_EQ(r.metric, "error-rate");
  EXPECT_EQ(r.verification.state, delivery::CheckState::Passed);
  ASSERT_TRUE(r.failing_at && r.traffic_zero_at);
  EXPECT_LT(*r.traffic_zero_at - *r.failing_at, base::seconds(1));
}

TEST_F(ReleaseWorld, steady_states_write_nothing) {
  begin(kCanary);
  deploy("v2", kBad);
  ASSERT_TRUE(goes_to(Phase::RolledBack));
  world.run_for(base::minutes(2));
  world.forget_writes();
  world.run_for(base::minutes(10));
  for (const auto& [object, writes] : world.written())
    EXPECT_TRUE(object.starts_with("leases") || object.starts_with("nodes")) << object << " " << writes;
}

TEST_F(ReleaseWorld, an_abort_goes_back) {
  begin(kCanary);
  deploy("v2");
  ASSERT_TRUE(goes_to(Phase::Paused));
  command(Verb::Abort);
  ASSERT_TRUE(reaches(Phase::RolledBack)) << state().message;
  expect_all_on("v1");
  EXPECT_EQ(state().history.at(0)["result"], Value("Aborted"));
}

TEST_F(ReleaseWorld, pause_and_resume) {
  begin(kCanary);
  deploy("v2");
  ASSERT_TRUE(until([&] { return backends() == "web-stable=95 web-canary=5 "; }));
  patch(api::kReleases, delivery::pause_patch(true));
  world.run_for(base::minutes(20));
  EXPECT_EQ(state().phase, Phase::Paused);
  EXPECT_EQ(backends(), "web-stable=95 web-canary=5 ");
  patch(api::kReleases, delivery::pause_patch(false));
  ASSERT_TRUE(until([&] { return backends() == "web-stable=50 web-canary=50 "; })) << state().message;
}

TEST_F(ReleaseWorld, a_newer_version_in_the_middle_replaces_the_candidate) {
  begin(kCanary);
  deploy("v2");
  ASSERT_TRUE(goes_to(Phase::Paused));
  deploy("v3");
  ASSERT_TRUE(until([&] {
    return state().candidate && state().candidate->images == "web=shop/web:v3" && state().phase == Phase::Paused;
  })) << state().message;
  command(Verb::Promote);
  ASSERT_TRUE(reaches(Phase::Idle)) << state().message;
  expect_all_on("v3");
}

TEST_F(ReleaseWorld, undo_brings_the_version_before_back_by_canary) {
  begin(kCanary);
  deploy("v2");
  ASSERT_TRUE(goes_to(Phase::Paused));
  command(Verb::PromoteFull);
  ASSERT_TRUE(reaches(Phase::Idle)) << state().message;
  command(Verb::Undo);
  ASSERT_TRUE(goes_to(Phase::Paused)) << state().command.result;
  EXPECT_EQ(state().candidate->images, "web=shop/web:v1");
  command(Verb::Promote);
  ASSERT_TRUE(reaches(Phase::Idle)) << state().message;
  expect_all_on("v1");
}

TEST_F(ReleaseWorld, deleted_in_the_middle_it_leaves_the_stable_version_and_nothing_else) {
  begin(kCanary);
  deploy("v2");
  ASSERT_TRUE(goes_to(Phase::Paused));
  ASSERT_TRUE(world.call({.verb = client::Verb::Delete, .resource = api::kReleases, .space = "shop", .name = "web"}));
  ASSERT_TRUE(until([&] { return world.get(api::kReleases, "shop", "web").is_null(); })) << state().message;
  world.run_for(base::minutes(1));
  expect_all_on("v1");
  EXPECT_TRUE(world.get(api::kServices, "shop", "web-stable").is_null());
  EXPECT_TRUE(world.get(api::kServices, "shop", "web-canary").is_null());
  EXPECT_TRUE(world.truth().list(api::kAnalysisRuns, "shop").empty());
}

TEST_F(ReleaseWorld, deleted_when_idle_nothing_restarts_and_the_deployment_rolls_again) {
  begin(kCanary);
  const auto before = restarts_and_births();
  ASSERT_TRUE(world.call({.verb = client::Verb::Delete, .resource = api::kReleases, .space = "shop", .name = "web"}));
  ASSERT_TRUE(until([&] { return world.get(api::kReleases, "shop", "web").is_null(); }));
  world.run_for(base::minutes(1));
  EXPECT_EQ(restarts_and_births(), before);
  EXPECT_FALSE(world.get(api::kDeployments, "shop", "web")["spec"].has("paused"));
  deploy("v2");
  EXPECT_TRUE(until([&] { return pods("v2").size() == 4 && pods("v1").empty(); }));
}

TEST_F(ReleaseWorld, the_controller_dies_in_every_phase_and_the_release_goes_on) {
  begin(kCanary);
  deploy("v2");
  for (const char* at :
       {"web-stable=100 web-canary=0 ", "web-stable=95 web-canary=5 ", "web-stable=50 web-canary=50 "}) {
    ASSERT_TRUE(until([&] { return backends() == at; })) << at << ": " << state().message;
    world.crash(0);
    world.run_for(base::milliseconds(300));
  }
  ASSERT_TRUE(reaches(Phase::Paused)) << state().message;
  command(Verb::Promote);
  ASSERT_TRUE(reaches(Phase::Promoting)) << state().message;
  world.crash(0);
  ASSERT_TRUE(reaches(Phase::Idle)) << state().message;
  expect_all_on("v2");
}

TEST_F(ReleaseWorld, rolling_replaces_pods_without_a_gap) {
  begin(kRolling);
  deploy("v2");
  ASSERT_TRUE(goes_to(Phase::Idle)) << state().message;
  expect_all_on("v2");
}

TEST_F(ReleaseWorld, rolling_out_a_crashing_version_comes_back) {
  begin(kRolling);
  deploy("v2", kCrashing);
  ASSERT_TRUE(goes_to(Phase::RolledBack)) << state().message;
  EXPECT_EQ(state().last_rollback->cause, delivery::Cause::Restarts);
  expect_all_on("v1");
}

TEST_F(ReleaseWorld, a_refused_document_changes_nothing) {
  world.start();
  apply(kShop);
  auto release = data::parse_yaml(kCanary);
  release->set({"spec", "strategy", "canary", "steps"}, Value::array({Value::object({{"weight", 120}})}));
  const auto refused = world.apply(api::kReleases, *release);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::Invalid);
  EXPECT_NE(refused.error().message.find("spec.strategy.canary.steps[0].weight"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace slipway::rehearse
