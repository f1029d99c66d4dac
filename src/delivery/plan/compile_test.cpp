#include "delivery/plan/compile.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

Value release(std::string_view spec) {
  return Value::object({{"metadata", Value::object({{"name", "web"}, {"namespace", "shop"}})}, {"spec", json(spec)}});
}

constexpr std::string_view kRouted = R"({
  "target": {"name": "web"},
  "traffic": {"route": "web", "service": "web"},
  "guards": {"maxRestarts": 2, "analysis": {"templates": [{"name": "slo"}], "fromStep": 1}},
  "deadline": "90s",
  "strategy": {"canary": {"steps": [
    {"weight": 0.25}, {"analysis": {"templates": [{"name": "errors"}, {"name": "latency"}]}},
    {"weight": 50}, {"pause": {"duration": "30s"}}, {"pause": {}}]}}})";

std::vector<std::string> fields_of(const base::Result<ReleasePlan>& plan) {
  std::vector<std::string> out;
  if (!plan)
    for (const base::Cause& cause : plan.error().causes) out.push_back(cause.field);
  return out;
}

constexpr std::string_view kOptIn = R"({
  "target": {"name": "web"}, "traffic": {"route": "web", "service": "web"},
  "strategy": {"canary": {"steps": [
    {"scale": {"replicas": 2}},
    {"name": "staff only", "match": {"any": [{"headers": [{"name": "x-staff", "value": "yes"}]},
                                             {"cookies": [{"name": "beta", "value": "1|2", "type": "RegularExpression"}],
                                              "queryParams": [{"name": "b", "value": "1"}]}]}},
    {"mirror": {"percent": 12.5}}, {"weight": 5}, {"match": {"any": []}}, {"scale": {"percent": 60}}, {"weight": 50}]}}})";

std::string steps_of(const ReleasePlan& plan) {
  std::string out;
  for (const Step& step : plan.steps) out += to_text(step.action) + "\n";
  return out;
}

TEST(Compile, opt_in_mirror_and_pods_stay_until_they_are_changed) {
  const auto plan = compile(release(kOptIn), gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  const std::string staff = "; staff-only: header x-staff is yes or cookie beta matches 1|2 and query parameter b is 1";
  EXPECT_EQ(steps_of(*plan),
            "split the route, all traffic to stable\n"
            "scale the candidate to 2 pods\n"
            "scale the candidate to 2 pods\n"
            "0 % of the traffic to the candidate" +
                staff +
                ", verified at the router\n"
                "scale the candidate for 12.5 %, at least 2 pods\n"
                "0 % of the traffic to the candidate" +
                staff +
                "; copies of 12.5 %, verified at the router\n"
                "scale the candidate for 12.5 %, at least 2 pods\n"
                "5 % of the traffic to the candidate" +
                staff +
                "; copies of 12.5 %, verified at the router\n"
                "scale the candidate for 12.5 %, at least 2 pods\n"
                "5 % of the traffic to the candidate; copies of 12.5 %, verified at the router\n"
                "scale the candidate for 60 %\n"
                "scale the candidate for 60 %\n"
                "50 % of the traffic to the candidate; copies of 12.5 %, verified at the router\n"
                "scale the candidate for 100 %\n"
                "100 % of the traffic to the candidate, verified at the router\n"
                "promote: hand over to the Deployment, scale the old version down\n"
                "verify replicas, owner and route\n");
  EXPECT_EQ(step_names(release(kOptIn)["spec"]),
            (std::vector<std::string>{"scale 2 pods", "staff only", "mirror 12.5 %", "weight 5 %", "no opt-in",
                                      "scale 60 %", "weight 50 %"}));
}

TEST(Compile, a_change_of_the_audience_changes_the_plan) {
  Value other = release(kOptIn);
  Value steps = other["spec"]["strategy"]["canary"]["steps"];
  steps.element(1).set("match", json(R"({"any": [{"headers": [{"name": "x-staff", "value": "no"}]}]})"));
  other.set({"spec", "strategy", "canary", "steps"}, steps);
  EXPECT_NE(fingerprint(*compile(other, gateway_capabilities())),
            fingerprint(*compile(release(kOptIn), gateway_capabilities())));
}

// Each step of a canary with the problem of the field below it.
TEST(Compile, wrong_opt_ins_mirrors_and_scales_are_refused_by_field) {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {R"({"match": {}})", ".match.any"},
      {R"({"match": {"any": [{}]}})", ".match.any[0]"},
      {R"({"match": {"any": [{"headers": [{"value": "1"}]}]}})", ".match.any[0].headers[0].name"},
      {R"({"match": {"any": [{"headers": [{"name": "a"}]}]}})", ".match.any[0].headers[0].value"},
      {R"({"match": {"any": [{"headers": [{"name": "a", "value": "("  , "type": "RegularExpression"}]}]}})",
       ".match.any[0].headers[0].value"},
      {R"({"match": {"any": [{"headers": [{"name": "a", "value": "1", "type": "Glob"}]}]}})",
       ".match.any[0].headers[0].type"},
      {R"({"match": {"any": [{"headers": [{"name": "a", "value": "1"}, {"name": "A", "value": "2"}]}]}})",
       ".match.any[0].headers[1].name"},
      {R"({"match": {"any": [{"headers": [{"name": "Cookie", "value": "a=1"}], "cookies": [{"name": "b", "value": "1"}]}]}})",
       ".match.any[0].headers[0].name"},
      {R"({"mirror": {}})", ".mirror.percent"},
      {R"({"mirror": {"percent": -1}})", ".mirror.percent"},
      {R"({"mirror": {"percent": 100.5}})", ".mirror.percent"},
      {R"({"scale": {}})", ".scale"},
      {R"({"scale": {"replicas": 1, "percent": 3}})", ".scale"},
      {R"({"scale": {"replicas": -1}})", ".scale.replicas"},
      {R"({"scale": {"percent": 1e9}})", ".scale.percent"},
      {R"({"weight": 5, "mirror": {"percent": 1}})", ""}};
  for (const auto& [step, field] : wrong) {
    Value r = release(kRouted);
    r.set({"spec", "strategy", "canary", "steps"}, Value::array({json(step)}));
    EXPECT_EQ(fields_of(compile(r, gateway_capabilities())),
              std::vector{std::string("spec.strategy.canary.steps[0]") + field})
        << step;
  }
}

TEST(Compile, what_a_router_cannot_match_or_mirror_is_refused) {
  for (const auto& [kind, fields] : std::vector<std::pair<const char*, std::vector<std::string>>>{
           {"TraefikService", {"[1].match", "[2].mirror", "[3].mirror", "[4].mirror", "[6].mirror"}},
           {"VirtualService", {}}}) {
    Value r = release(kOptIn);
    r.set({"spec", "traffic", "kind"}, kind);
    std::vector<std::string> expected;
    for (const std::string& f : fields) expected.push_back("spec.strategy.canary.steps" + f);
    EXPECT_EQ(fields_of(compile(r, gateway_capabilities())), expected) << kind;
  }
  Value bare = release(kOptIn);
  bare.erase({"spec", "traffic"});
  EXPECT_EQ(fields_of(compile(bare, gateway_capabilities())).size(), 5) << "without a router: match, mirror and scale";
}

TEST(Compile, routed_canary_puts_capacity_before_traffic) {
  const auto plan = compile(release(kRouted), gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(to_text(*plan),
            "target    deployment/web, canary\n"
            "traffic   route web splits web into web-stable and web-canary\n"
            "          split the route, all traffic to stable\n"
            "step 1    scale the candidate for 0.25 %\n"
            "step 1    0.25 % of the traffic to the candidate, verified at the router\n"
            "step 2    analyse errors, latency\n"
            "step 3    scale the candidate for 50 %\n"
            "step 3    50 % of the traffic to the candidate, verified at the router\n"
            "step 4    wait 30s\n"
            "step 5    wait for a person to promote\n"
            "          scale the candidate for 100 %\n"
            "          100 % of the traffic to the candidate, verified at the router\n"
            "          promote: hand over to the Deployment, scale the old version down\n"
            "          verify replicas, owner and route\n"
            "guard     at most 2 restarts of candidate containers\n"
            "guard     analysis slo in the background from step 2\n"
            "guard     each step ready within 1m30s\n"
            "rollback  automatic, verified within 2m0s\n");
  EXPECT_EQ(share_before(*plan, 3), Share{25});
  EXPECT_EQ(share_before(*plan, plan->steps.size()), kWhole);
}

TEST(Compile, canary_without_router_shares_the_replicas) {
  const auto plan =
      compile(release(R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":25},{"weight":100}]}}})"),
              gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->capacity, Capacity::Shared);
  EXPECT_EQ(plan->steps.size(), 4u);
  EXPECT_EQ(share_before(*plan, 1), Share{2500});
}

TEST(Compile, rolling_is_one_step_to_the_whole) {
  const auto plan =
      compile(release(R"({"target":{"name":"web"},"strategy":{"rolling":{"maxSurge":1}}})"), gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->strategy, Strategy::Rolling);
  EXPECT_EQ(plan->steps.front().action, Action(Scale{kWhole}));
  EXPECT_EQ(plan->max_surge, Value(1));
}

TEST(Compile, rolling_may_bake_before_the_old_version_goes) {
  const auto plan =
      compile(release(R"({"target":{"name":"web"},"strategy":{"rolling":{"bake":"30s"}}})"), gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->steps.at(1).action, Action(Wait{base::seconds(30)}));
}

TEST(Compile, rolling_in_batches_grows_by_numbers_and_parts) {
  const auto plan = compile(release(R"({"target":{"kind":"StatefulSet","name":"db"},"strategy":{"rolling":{"batches":[
    {"replicas":2,"bake":"1m"},{"percent":12.5,"analysis":{"templates":[{"name":"slo"}]}},{"replicas":3,"approve":true}],
    "bake":"30s"}}})"),
                            gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(steps_of(*plan),
            "scale the candidate to 2 pods\n"
            "wait 1m0s\n"
            "scale the candidate for 12.5 %, at least 2 pods\n"
            "analyse slo\n"
            "scale the candidate for 12.5 %, at least 3 pods\n"
            "wait for a person to promote\n"
            "scale the candidate for 100 %\n"
            "wait 30s\n"
            "promote: hand over to the Deployment, scale the old version down\n"
            "verify replicas, owner and route\n");
  EXPECT_EQ(plan->user_steps, 4);
  EXPECT_EQ(plan->capacity, Capacity::InPlace);
  const std::string text = to_text(*plan);
  EXPECT_NE(text.find("target    statefulset/db, rolling update"), std::string::npos) << text;
  EXPECT_NE(text.find("promote: the new version is what the workload keeps"), std::string::npos) << text;
  EXPECT_EQ(text.find("Deployment"), std::string::npos) << text;
}

TEST(Compile, the_last_batch_of_all_is_the_end) {
  const auto plan = compile(
      release(R"({"target":{"name":"web"},"strategy":{"rolling":{"batches":[{"percent":50},{"percent":100}]}}})"),
      gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->user_steps, 2);
  EXPECT_EQ(step_names(json(R"({"strategy":{"rolling":{"batches":[{"percent":50},{"replicas":9,"name":"most"}]}}})")),
            (std::vector<std::string>{"replace 50 % of the pods", "most", "replace the other pods"}));
}

TEST(Compile, batches_and_targets_that_cannot_work_are_refused_by_field) {
  const auto problems = [](std::string_view target, std::string_view rest) {
    return fields_of(
        compile(release(std::string(R"({"target":)").append(target).append(rest)), gateway_capabilities()));
  };
  const std::string_view web = R"({"name":"web"})", set = R"({"kind":"StatefulSet","name":"db"})",
                         agent = R"({"kind":"DaemonSet","name":"agent"})";
  using Fields = std::vector<std::string>;
  const std::string at = "spec.strategy.rolling.batches";
  EXPECT_EQ(problems(web, R"(,"strategy":{"rolling":{"batches":[{},{"replicas":1,"percent":2}]}}})"),
            (Fields{at + "[0]", at + "[1]"}));
  EXPECT_EQ(problems(web, R"(,"strategy":{"rolling":{"batches":[{"percent":50},{"percent":20},{"replicas":0}]}}})"),
            (Fields{at + "[1].percent", at + "[2].replicas"}));
  EXPECT_EQ(problems(web, R"(,"strategy":{"rolling":{"batches":[{"replicas":5},{"replicas":2},{"percent":0.001}]}}})"),
            (Fields{at + "[1].replicas", at + "[2].percent"}));
  EXPECT_EQ(problems(web, R"(,"strategy":{"rolling":{"batches":[{"percent":100},{"replicas":2,"bake":"soon"}]}}})"),
            (Fields{at + "[1].bake", at + "[1]"}));
  EXPECT_EQ(problems(R"({"kind":"Job","name":"x"})", R"(,"strategy":{"rolling":{}}})"), (Fields{"spec.target.kind"}));
  EXPECT_EQ(problems(set, R"(,"traffic":{"route":"r","service":"s"},"strategy":{"canary":{"steps":[{"weight":5}]}}})"),
            (Fields{"spec.traffic"}));
  EXPECT_EQ(problems(set, R"(,"traffic":{"kind":"Service","service":"s"},"strategy":{"blueGreen":{}}})"),
            (Fields{"spec.strategy.blueGreen", "spec.traffic"}));
  EXPECT_EQ(problems(set, R"(,"strategy":{"rolling":{"maxSurge":1,"maxUnavailable":2}}})"),
            (Fields{"spec.strategy.rolling.maxSurge", "spec.strategy.rolling.maxUnavailable"}));
  EXPECT_EQ(problems(agent, R"(,"strategy":{"canary":{"steps":[{"weight":5}],"maxSurge":1,"maxUnavailable":2}}})"),
            (Fields{"spec.strategy.canary.maxSurge"}));
}

TEST(Compile, blue_green_is_all_or_nothing_with_a_way_back) {
  const Value spec = json(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
    "strategy":{"blueGreen":{"previewReplicas":1,"preSwitchAnalysis":{"templates":[{"name":"smoke"}]},"autoSwitch":"10m",
    "postSwitchAnalysis":{"templates":[{"name":"errors"},{"name":"latency"}]},"keepPrevious":"1h"}}})");
  const auto plan =
      compile(Value::object({{"metadata", Value::object({{"name", "web"}})}, {"spec", spec}}), gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(to_text(*plan),
            "target    deployment/web, blue-green\n"
            "traffic   route web splits web into web-stable and web-preview\n"
            "          split the route, all traffic to stable\n"
            "step 1    scale the candidate to 1 pod\n"
            "step 2    analyse smoke\n"
            "step 3    wait 10m0s\n"
            "step 4    scale the candidate for 100 %\n"
            "step 4    100 % of the traffic to the candidate, verified at the router\n"
            "step 5    analyse errors, latency\n"
            "step 6    keep the old version's pods for 1h0m0s\n"
            "          promote: hand over to the Deployment, scale the old version down\n"
            "          verify replicas, owner and route\n"
            "guard     each step ready within 10m0s\n"
            "rollback  automatic, verified within 2m0s\n");
  EXPECT_EQ(step_names(spec), (std::vector<std::string>{"preview", "analysis smoke", "countdown 10m", "switch",
                                                        "analysis errors, latency", "keep previous 60m"}));
  EXPECT_EQ(plan->user_steps, 6);
}

TEST(Compile, blue_green_waits_for_a_person_unless_told_otherwise) {
  const Value spec =
      json(R"({"target":{"name":"web"},"traffic":{"kind":"Service","service":"web"},"strategy":{"blueGreen":{}}})");
  EXPECT_EQ(step_names(spec), (std::vector<std::string>{"preview", "approval", "switch", "keep previous 30s"}));
  const auto plan =
      compile(Value::object({{"metadata", Value::object({{"name", "web"}})}, {"spec", spec}}), gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->steps.at(1).action, Action(Scale{kWhole}));
}

// Nothing of the Release's own namespace is touched before the other one is clear.
TEST(Compile, a_preview_in_a_namespace_of_its_own_comes_before_everything_here) {
  const Value spec = json(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
    "strategy":{"blueGreen":{"previewNamespace":"shop-preview","previewReplicas":1,
    "preSwitchAnalysis":{"templates":[{"name":"smoke"}]},"keepPrevious":"1h"}}})");
  const auto plan =
      compile(Value::object({{"metadata", Value::object({{"name", "web"}, {"namespace", "shop"}})}, {"spec", spec}}),
              gateway_capabilities());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(to_text(*plan),
            "target    deployment/web, blue-green\n"
            "traffic   route web splits web into web-stable and web-preview\n"
            "step 1    preview in namespace shop-preview: 1 pod\n"
            "step 2    analyse smoke\n"
            "step 3    wait for a person to promote\n"
            "step 4    take the preview in namespace shop-preview away\n"
            "step 4    split the route, all traffic to stable\n"
            "step 4    scale the candidate for 100 %\n"
            "step 4    100 % of the traffic to the candidate, verified at the router\n"
            "step 5    keep the old version's pods for 1h0m0s\n"
            "          promote: hand over to the Deployment, scale the old version down\n"
            "          verify replicas, owner and route\n"
            "guard     each step ready within 10m0s\n"
            "rollback  automatic, verified within 2m0s\n");
  EXPECT_EQ(step_names(spec), (std::vector<std::string>{"preview in shop-preview", "analysis smoke", "approval",
                                                        "switch", "keep previous 60m"}));
  EXPECT_EQ(preview_begin(*plan), 0u);
  EXPECT_EQ(preview_end(*plan), 3u);
  EXPECT_FALSE(preview_begin(without_steps(*plan)));
}

TEST(Compile, the_releases_own_namespace_is_none_for_its_previews) {
  const Value spec = json(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
    "strategy":{"blueGreen":{"previewNamespace":"shop"}}})");
  const auto plan =
      compile(Value::object({{"metadata", Value::object({{"name", "web"}, {"namespace", "shop"}})}, {"spec", spec}}),
              gateway_capabilities());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().causes.at(0).field, "spec.strategy.blueGreen.previewNamespace");
}

struct Refused {
  const char* what;
  const char* spec;
  std::vector<std::string> fields;
};

TEST(Compile, what_cannot_work_is_refused_with_its_field) {
  const std::string steps = "spec.strategy.canary.steps";
  const std::vector<Refused> cases = {
      {"no target", R"({"strategy":{"rolling":{}}})", {"spec.target.name"}},
      {"not a Deployment", R"({"target":{"kind":"Pod","name":"web"},"strategy":{"rolling":{}}})", {"spec.target.kind"}},
      {"no strategy", R"({"target":{"name":"web"}})", {"spec.strategy"}},
      {"two strategies",
       R"({"target":{"name":"web"},"strategy":{"rolling":{},"canary":{"steps":[{"weight":5}]}}})",
       {"spec.strategy"}},
      {"nothing that carries the traffic",
       R"({"target":{"name":"web"},"strategy":{"blueGreen":{}}})",
       {"spec.traffic"}},
      {"blue-green with bad numbers",
       R"({"target":{"name":"web"},"traffic":{"kind":"Service","service":"web"},"strategy":{"blueGreen":
        {"previewReplicas":0,"autoSwitch":"soon","keepPrevious":"-1s","preSwitchAnalysis":{}}}})",
       {"spec.strategy.blueGreen.previewReplicas", "spec.strategy.blueGreen.preSwitchAnalysis.templates",
        "spec.strategy.blueGreen.autoSwitch", "spec.strategy.blueGreen.keepPrevious"}},
      {"a preview in what is no namespace",
       R"({"target":{"name":"web"},"traffic":{"kind":"Service","service":"web"},
        "strategy":{"blueGreen":{"previewNamespace":"Shop/preview"}}})",
       {"spec.strategy.blueGreen.previewNamespace"}},
      {"a preview Service that is the users' own",
       R"({"target":{"name":"web"},"traffic":{"kind":"Service","service":"web","canaryService":"web"},
        "strategy":{"blueGreen":{}}})",
       {"spec.traffic.canaryService"}},
      {"no steps", R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[]}}})", {steps}},
      {"over the whole",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":120}]}}})",
       {steps + "[0].weight"}},
      {"below nothing",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":-1}]}}})",
       {steps + "[0].weight"}},
      {"three decimals",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":0.005}]}}})",
       {steps + "[0].weight"}},
      {"falling",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":20},{"weight":5}]}}})",
       {steps + "[1].weight"}},
      {"after the whole",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":100},{"weight":100}]}}})",
       {steps + "[1].weight"}},
      {"an empty step", R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{}]}}})", {steps + "[0]"}},
      {"two in one",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":1,"pause":{}}]}}})",
       {steps + "[0]"}},
      {"bad duration",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"pause":{"duration":"soon"}}]}}})",
       {steps + "[0].pause.duration"}},
      {"no template",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"analysis":{}}]}}})",
       {steps + "[0].analysis.templates"}},
      {"template without name",
       R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"analysis":{"templates":[{}]}}]}}})",
       {steps + "[0].analysis.templates[0].name"}},
      {"no budget",
       R"({"target":{"name":"web"},"strategy":{"rolling":{"maxSurge":0,"maxUnavailable":"0%"}}})",
       {"spec.strategy.rolling.maxUnavailable"}},
      {"route without service",
       R"({"target":{"name":"web"},"traffic":{"route":"web"},"strategy":{"canary":{"steps":[{"weight":5}]}}})",
       {"spec.traffic.service"}},
      {"same services",
       R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web","canaryService":"web-stable"},"strategy":{"canary":{"steps":[{"weight":5}]}}})",
       {"spec.traffic.canaryService"}},
      {"stable pods that follow no router",
       R"({"target":{"name":"web"},"strategy":{"canary":{"dynamicStableScale":true,"steps":[{"weight":5}]}}})",
       {"spec.strategy.canary.dynamicStableScale"}},
      {"rolling with a route",
       R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"strategy":{"rolling":{}}})",
       {"spec.traffic"}},
      {"several at once",
       R"({"strategy":{"canary":{"steps":[{"weight":300},{}]}},"deadline":"x"})",
       {"spec.target.name", steps + "[0].weight", steps + "[1]", "spec.deadline"}},
  };
  for (const Refused& c : cases)
    EXPECT_EQ(fields_of(compile(release(c.spec), gateway_capabilities())), c.fields) << c.what;
}

TEST(Compile, more_than_the_router_can_do_is_refused) {
  EXPECT_EQ(fields_of(compile(release(kRouted), {.name = "coarse", .granularity = 100})),
            (std::vector<std::string>{"spec.strategy.canary.steps[0].weight"}));
  EXPECT_EQ(fields_of(compile(release(kRouted), {.name = "blind", .read_back = ReadBack::None})),
            (std::vector<std::string>{"spec.traffic"}));
}

TEST(Compile, the_refusal_names_the_object_and_every_field) {
  const auto plan =
      compile(release(R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":20},{"weight":5}]}}})"),
              gateway_capabilities());
  ASSERT_FALSE(plan);
  EXPECT_EQ(
      plan.error().message,
      "Release shop/web is invalid: spec.strategy.canary.steps[1].weight: Invalid value: 5: falls below the 20 % of an "
      "earlier step; a canary only grows");
}

TEST(Plan, the_fingerprint_follows_steps_and_not_limits) {
  const auto plan = *compile(release(kRouted), gateway_capabilities());
  ReleasePlan other = plan;
  other.guards.max_restarts = 9;
  EXPECT_EQ(fingerprint(plan), fingerprint(other));
  other.steps[1].action = Scale{{26}};
  EXPECT_NE(fingerprint(plan), fingerprint(other));
}

}  // namespace
}  // namespace slipway::delivery::plan
