// What `plan` says beside the steps.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/plan_details.h"
#include "data/yaml.h"
#include "delivery/plan/compile.h"

namespace slipway::cli {
namespace {

using data::Value;

delivery::plan::ReleasePlan plan_of(const std::string& spec) {
  const Value release = Value::object(
      {{"metadata", *data::parse_yaml("{name: web, namespace: shop}")}, {"spec", *data::parse_yaml(spec)}});
  auto plan = delivery::plan::compile(release, delivery::plan::gateway_capabilities());
  EXPECT_TRUE(plan) << plan.error().message;
  return plan.value_or(delivery::plan::ReleasePlan{});
}

std::vector<std::string> verbs_of(const std::vector<NeededRight>& rights, const std::string& resource) {
  const auto found = std::ranges::find(rights, resource, &NeededRight::resource);
  return found == rights.end() ? std::vector<std::string>{} : found->verbs;
}

using Verbs = std::vector<std::string>;

TEST(PlanRights, are_those_of_what_the_plan_touches) {
  const auto rolling = rights_of(plan_of("{target: {name: web}, strategy: {rolling: {}}}"));
  EXPECT_EQ(verbs_of(rolling, "deployments.apps"), (Verbs{"get", "list", "watch", "patch"}));
  EXPECT_EQ(verbs_of(rolling, "deployments.apps/status"), (Verbs{"patch"}));
  EXPECT_EQ(verbs_of(rolling, "pods"), (Verbs{"list", "watch"}));
  for (const char* none :
       {"statefulsets.apps", "services", "httproutes.gateway.networking.k8s.io", "virtualservices.networking.istio.io",
        "analysisruns.slipway.dev", "cohorts.slipway.dev", "configmaps"})
    EXPECT_EQ(verbs_of(rolling, none), Verbs{}) << none;
  const auto versioned =
      rights_of(plan_of("{target: {name: web}, config: {configMaps: Versioned}, strategy: {rolling: {}}}"));
  EXPECT_EQ(verbs_of(versioned, "configmaps"), (Verbs{"get", "list", "watch", "create", "patch", "delete"}));
}

TEST(PlanRights, follow_the_workload_the_router_and_the_analyses) {
  const auto set = rights_of(plan_of("{target: {kind: StatefulSet, name: db}, strategy: {rolling: {}}}"));
  EXPECT_EQ(verbs_of(set, "statefulsets.apps"), (Verbs{"get", "list", "watch", "patch"}));
  EXPECT_EQ(verbs_of(set, "pods"), (Verbs{"list", "watch", "create", "delete"}));
  EXPECT_EQ(verbs_of(set, "replicasets.apps"), Verbs{});
  const auto canary = rights_of(
      plan_of("{target: {name: web}, traffic: {kind: VirtualService, route: web, service: web, destinationRule: web}, "
              "strategy: {canary: {steps: [{weight: 5}, {analysis: {templates: [{name: slo}]}}]}}}"));
  EXPECT_EQ(verbs_of(canary, "virtualservices.networking.istio.io"), (Verbs{"get", "list", "watch", "patch"}));
  EXPECT_EQ(verbs_of(canary, "destinationrules.networking.istio.io"), (Verbs{"get", "list", "watch", "patch"}));
  EXPECT_FALSE(verbs_of(canary, "analysisruns.slipway.dev").empty());
  EXPECT_EQ(verbs_of(canary, "httproutes.gateway.networking.k8s.io"), Verbs{});
}

constexpr const char* kApart =
    "{target: {name: web}, traffic: {route: web, service: web}, strategy: {blueGreen: {previewNamespace: "
    "shop-preview}}}";

TEST(PlanPreview, says_whether_its_namespace_lets_it_in) {
  const Value release = *data::parse_yaml("{metadata: {name: web, namespace: shop}}");
  const auto place = [&](std::optional<Value> space) {
    return preview_place_of(plan_of(kApart), release, std::move(space));
  };
  const std::string command = "kubectl annotate namespace shop-preview slipway.dev/preview-for=shop";
  EXPECT_EQ(place({}).let_in, std::nullopt);
  EXPECT_TRUE(place({}).text.ends_with(command)) << place({}).text;
  EXPECT_EQ(place(Value()).let_in, false);
  EXPECT_EQ(place(*data::parse_yaml("{metadata: {name: shop-preview}}")).let_in, false);
  const auto granted =
      place(*data::parse_yaml("{metadata: {name: shop-preview, annotations: {slipway.dev/preview-for: shop}}}"));
  EXPECT_EQ(granted.let_in, true);
  EXPECT_EQ(granted.text, "namespace shop-preview lets it in");
  EXPECT_EQ(preview_place_of(plan_of("{target: {name: web}, strategy: {rolling: {}}}"), release, {}).space, "");
}

TEST(PlanRights, of_a_preview_are_to_read_namespaces) {
  EXPECT_EQ(verbs_of(rights_of(plan_of(kApart)), "namespaces"), (Verbs{"list", "watch"}));
  EXPECT_EQ(verbs_of(rights_of(plan_of("{target: {name: web}, strategy: {rolling: {}}}")), "namespaces"), Verbs{});
}

TEST(PlanGates, say_what_holds_it_up_now) {
  const auto plan = plan_of(
      "{target: {name: web}, strategy: {rolling: {}}, windows: [{name: office, days: [Mon], from: '09:00', to: "
      "'17:00'}]}");
  const base::Time monday = *base::parse_time("2026-11-23T12:00:00Z"),
                   sunday = *base::parse_time("2026-11-22T12:00:00Z");
  const Value release = *data::parse_yaml("{metadata: {name: web, namespace: shop}}");
  EXPECT_EQ(gates_of(plan, release, {}, monday).closed, "");
  EXPECT_EQ(gates_of(plan, release, {}, monday).windows.size(), 1u);
  EXPECT_EQ(gates_of(plan, release, {}, sunday).closed,
            "closed now; opens 2026-11-23T09:00:00Z: \"office\" (Mon 09:00-17:00 UTC)")
      << gates_of(plan, release, {}, sunday).closed;
  const Value stop = *data::parse_yaml("{spec: {stop: {reason: fire}}}");
  EXPECT_EQ(gates_of(plan, release, stop, monday).closed, "all releases are stopped: fire");
  const Value full = *data::parse_yaml(
      "{spec: {maxConcurrent: 1, maxConcurrentPerNamespace: 2}, status: {waiting: 2, places: [{namespace: depot, name: "
      "api}]}}");
  EXPECT_EQ(gates_of(plan, release, full, monday).closed, "no place is free: it would wait for its turn");
  EXPECT_EQ(
      gates_of(plan, release, full, monday).caps,
      (std::vector<std::string>{"1 release at once in the cluster: depot/api is under way, 2 waiting for their turn",
                                "2 releases at once in this namespace: none is under way"}));
  const Value ours = *data::parse_yaml("{spec: {maxConcurrent: 1}, status: {places: [{namespace: shop, name: web}]}}");
  EXPECT_EQ(gates_of(plan, release, ours, monday).closed, "") << "the place is its own";
}

}  // namespace
}  // namespace slipway::cli
