// Server-side apply: scenarios after the documented rules, and properties that hold for any objects.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "api/field_set.h"
#include "api/testing.h"
#include "api/typed_merge.h"

namespace slipway::api {
namespace {

using data::Value;
using testing::kind;
using testing::yaml;

base::Time at(int seconds) { return base::Time(base::seconds(1'700'000'000 + seconds)); }

const Kind& deployments() { return kind(kDeployments); }

base::Result<Value> apply(const Value& live, const Value& applied, const std::string& manager, int time = 1,
                          bool force = false) {
  return server_side_apply(deployments(), live, applied, {.manager = manager, .force = force, .now = at(time)});
}

Value must_apply(const Value& live, const Value& applied, const std::string& manager, int time = 1,
                 bool force = false) {
  auto result = apply(live, applied, manager, time, force);
  if (!result) ADD_FAILURE() << result.error().message;
  return result.value_or(Value());
}

FieldSet owned(const Value& object, std::string_view manager) {
  for (const Value& entry : object["metadata"]["managedFields"].items())
    if (entry["manager"].as_string() == manager) return FieldSet::from_value(entry["fieldsV1"]);
  return {};
}

std::vector<std::string> owned_paths(const Value& object, std::string_view manager) {
  return owned(object, manager).paths();
}

Value deployment(std::string_view spec) {
  Value out = yaml("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n");
  out.set("spec", yaml(spec));
  return out;
}

TEST(FieldSet, ReadsAndWritesFieldsV1) {
  const Value fields = testing::json(
      R"({"f:metadata":{"f:labels":{".":{},"f:app":{}}},)"
            R"("f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}},"f:replicas":{}}})");
  const FieldSet set = FieldSet::from_value(fields);
  EXPECT_EQ(set.to_value(), fields);
  EXPECT_EQ(set.paths(),
            (std::vector<std::string>{".metadata.labels", ".metadata.labels.app", ".spec.containers[name=\"web\"]",
                                      ".spec.containers[name=\"web\"].image", ".spec.replicas"}));
}

TEST(Apply, CreatesAndOwnsWhatItSays) {
  const Value live = must_apply(
      {},
      deployment(
          "{replicas: 3, template: {spec: {containers: [{name: web, image: w:1, ports: [{containerPort: 80}]}]}}}"),
      "me");
  EXPECT_EQ(live["spec"]["replicas"].as_int(), 3);
  EXPECT_EQ(
      owned_paths(live, "me"),
      (std::vector<std::string>{
          ".spec.replicas", ".spec.template.spec.containers[name=\"web\"]",
          ".spec.template.spec.containers[name=\"web\"].image", ".spec.template.spec.containers[name=\"web\"].name",
          ".spec.template.spec.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"]",
          ".spec.template.spec.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"].containerPort"}));
  const Value& entry = live["metadata"]["managedFields"].at(0);
  EXPECT_EQ(entry["operation"].as_string(), "Apply");
  EXPECT_EQ(entry["apiVersion"].as_string(), "apps/v1");
  EXPECT_EQ(entry["fieldsType"].as_string(), "FieldsV1");
  EXPECT_EQ(entry["time"].as_string(), base::format_time(at(1)));
}

TEST(Apply, TheSameAgainChangesNothingNotEvenTheTime) {
  const Value applied = deployment("{replicas: 3, template: {spec: {containers: [{name: web, image: w:1}]}}}");
  const Value live = must_apply({}, applied, "me", 1);
  EXPECT_TRUE(must_apply(live, applied, "me", 99).shares(live));
}

TEST(Apply, DropsWhatItNoLongerSays) {
  Value live = must_apply({},
                          deployment("{replicas: 3, minReadySeconds: 5, template: {spec: {containers: [{name: a, "
                                     "image: w:1}, {name: b, image: x:1}]}}}"),
                          "me");
  live =
      must_apply(live, deployment("{replicas: 3, template: {spec: {containers: [{name: b, image: x:1}]}}}"), "me", 2);
  EXPECT_TRUE(live["spec"]["minReadySeconds"].is_null());
  EXPECT_EQ(live["spec"]["template"]["spec"]["containers"].size(), 1u);
  EXPECT_EQ(live["spec"]["template"]["spec"]["containers"].at(0)["name"].as_string(), "b");
}

TEST(Apply, KeepsDefaultsOfOthersFields) {
  Value live = with_defaults(
      deployments(),
      must_apply({}, deployment("{replicas: 3, template: {spec: {containers: [{name: a, image: w:1}]}}}"), "me"));
  live = must_apply(live, deployment("{template: {spec: {containers: [{name: a, image: w:2}]}}}"), "me", 2);
  EXPECT_TRUE(live["spec"]["replicas"].is_null());
  EXPECT_EQ(live["spec"]["revisionHistoryLimit"].as_int(), 10);
  EXPECT_EQ(live["spec"]["template"]["spec"]["containers"].at(0)["imagePullPolicy"].as_string(), "IfNotPresent");
}

TEST(Apply, ConflictNamesManagerAndField) {
  const Value live = must_apply({}, deployment("{replicas: 3}"), "a");
  auto clash = apply(live, deployment("{replicas: 5, paused: true}"), "b", 2);
  ASSERT_FALSE(clash.has_value());
  EXPECT_EQ(clash.error().code, base::Code::Conflict);
  EXPECT_EQ(clash.error().message, "Apply failed with 1 conflict: conflict with \"a\": .spec.replicas");
  ASSERT_EQ(clash.error().causes.size(), 1u);
  EXPECT_EQ(clash.error().causes[0], (base::Cause{"FieldManagerConflict", "conflict with \"a\"", ".spec.replicas"}));
}

TEST(Apply, ConflictWithAnUpdateSaysItsVersion) {
  const Value before = must_apply({}, deployment("{replicas: 3}"), "a");
  Value after = before;
  after.set({"spec", "replicas"}, 4);
  after.set({"spec", "paused"}, true);
  const Value live = track_update(deployments(), before, after, "kubectl-edit", "", at(2));
  auto clash = apply(live, deployment("{replicas: 3, paused: false, minReadySeconds: 1}"), "a", 3);
  ASSERT_FALSE(clash.has_value());
  EXPECT_EQ(clash.error().message,
            "Apply failed with 2 conflicts: conflicts with \"kubectl-edit\" using apps/v1:\n- .spec.paused\n- "
            ".spec.replicas");
}

TEST(Apply, ForceTakesOver) {
  Value live = must_apply({}, deployment("{replicas: 3, paused: true}"), "a");
  live = must_apply(live, deployment("{replicas: 5}"), "b", 2, true);
  EXPECT_EQ(live["spec"]["replicas"].as_int(), 5);
  EXPECT_EQ(owned_paths(live, "a"), std::vector<std::string>{".spec.paused"});
  EXPECT_EQ(owned_paths(live, "b"), std::vector<std::string>{".spec.replicas"});
}

TEST(Apply, TheSameValueIsOwnedTogether) {
  Value live = must_apply({}, deployment("{replicas: 3}"), "a");
  live = must_apply(live, deployment("{replicas: 3}"), "b", 2);
  EXPECT_EQ(owned_paths(live, "a"), owned_paths(live, "b"));
  live = must_apply(live, deployment("{paused: true}"), "a", 3);
  EXPECT_EQ(live["spec"]["replicas"].as_int(), 3);  // b still says so
  live = must_apply(live, deployment("{paused: true}"), "b", 4);
  EXPECT_TRUE(live["spec"]["replicas"].is_null());
}

TEST(Apply, ItemsOfOthersStay) {
  Value live = must_apply({}, deployment("{template: {spec: {containers: [{name: a, image: x:1}]}}}"), "a");
  live = must_apply(live, deployment("{template: {spec: {containers: [{name: side, image: y:1}]}}}"), "b", 2);
  EXPECT_EQ(live["spec"]["template"]["spec"]["containers"].size(), 2u);
  live =
      must_apply(live, deployment("{template: {spec: {containers: [{name: side, image: y:1, tty: true}]}}}"), "b", 3);
  EXPECT_EQ(live["spec"]["template"]["spec"]["containers"].at(0)["name"].as_string(), "a");
  live = must_apply(live, deployment("{template: {spec: {hostname: h}}}"), "b", 4);
  ASSERT_EQ(live["spec"]["template"]["spec"]["containers"].size(), 1u);
  EXPECT_EQ(live["spec"]["template"]["spec"]["containers"].at(0)["name"].as_string(), "a");
}

TEST(Apply, AtomicFieldsAreTakenWhole) {
  Value live = must_apply({}, deployment("{selector: {matchLabels: {app: web}}}"), "a");
  EXPECT_EQ(owned_paths(live, "a"), std::vector<std::string>{".spec.selector"});
  auto clash = apply(live, deployment("{selector: {matchLabels: {tier: front}}}"), "b", 2);
  ASSERT_FALSE(clash.has_value());
  EXPECT_EQ(clash.error().causes.at(0).field, ".spec.selector");
}

TEST(Apply, SetsMergeByValue) {
  Value a = deployment("{}"), b = a;
  a.set({"metadata", "finalizers"}, Value::array({"x.io/a"}));
  b.set({"metadata", "finalizers"}, Value::array({"x.io/b"}));
  Value live = must_apply(must_apply({}, a, "a"), b, "b", 2);
  EXPECT_EQ(data::to_json(live["metadata"]["finalizers"]), R"(["x.io/a","x.io/b"])");
  live = must_apply(live, deployment("{}"), "a", 3);
  EXPECT_EQ(data::to_json(live["metadata"]["finalizers"]), R"(["x.io/b"])");
}

TEST(Apply, MapsMergeByKey) {
  Value a = deployment("{}"), b = a;
  a.set({"metadata", "labels", "x"}, "1");
  b.set({"metadata", "labels", "y"}, "2");
  Value live = must_apply(must_apply({}, a, "a"), b, "b", 2);
  EXPECT_EQ(data::to_json(live["metadata"]["labels"]), R"({"x":"1","y":"2"})");
  live = must_apply(live, deployment("{}"), "a", 3);
  EXPECT_EQ(data::to_json(live["metadata"]["labels"]), R"({"y":"2"})");
  live = must_apply(live, deployment("{}"), "b", 4);
  EXPECT_TRUE(live["metadata"]["labels"].is_null());
  EXPECT_EQ(live["metadata"]["name"].as_string(), "web");
}

TEST(Apply, StatusBelongsToItsSubresource) {
  Value applied = deployment("{replicas: 3}");
  applied.set({"status", "replicas"}, 7);
  Value live = must_apply({}, applied, "a");
  EXPECT_TRUE(live["status"].is_null());
  applied.set({"spec", "replicas"}, 9);
  auto result =
      server_side_apply(deployments(), live, applied, {.manager = "c", .subresource = "status", .now = at(2)});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ((*result)["spec"]["replicas"].as_int(), 3);
  EXPECT_EQ((*result)["status"]["replicas"].as_int(), 7);
  EXPECT_EQ(owned_paths(*result, "c"), std::vector<std::string>{".status.replicas"});
}

TEST(Apply, RefusesManagedFieldsAndDuplicateItems) {
  Value with_fields = deployment("{}");
  with_fields.set({"metadata", "managedFields"}, testing::json(R"([{"manager":"x"}])"));
  EXPECT_EQ(apply({}, with_fields, "a").error().code, base::Code::BadRequest);
  auto twice = apply({}, deployment("{template: {spec: {containers: [{name: a}, {name: a}]}}}"), "a");
  ASSERT_FALSE(twice.has_value());
  EXPECT_TRUE(twice.error().message.contains(".spec.template.spec.containers[name=\"a\"]")) << twice.error().message;
}

TEST(TrackUpdate, GivesChangedFieldsToTheWriterAndTakesThemFromOthers) {
  const Value before = must_apply({}, deployment("{replicas: 3, paused: true}"), "a");
  Value after = before;
  after.set({"spec", "replicas"}, 5);
  after.set({"metadata", "labels", "x"}, "1");
  const Value out = track_update(deployments(), before, after, "kubectl", "", at(2));
  EXPECT_EQ(owned_paths(out, "a"), std::vector<std::string>{".spec.paused"});
  EXPECT_EQ(owned_paths(out, "kubectl"),
            (std::vector<std::string>{".metadata.labels", ".metadata.labels.x", ".spec.replicas"}));
}

TEST(TrackUpdate, RemovedFieldsAreNobodysAnyMore) {
  const Value before =
      must_apply({}, deployment("{replicas: 3, template: {spec: {containers: [{name: a, image: x}]}}}"), "a");
  Value after = before;
  after.erase({"spec", "template"});
  const Value out = track_update(deployments(), before, after, "k", "", at(2));
  EXPECT_EQ(owned_paths(out, "a"), std::vector<std::string>{".spec.replicas"});
  EXPECT_TRUE(owned(out, "k").is_empty());
}

TEST(TrackUpdate, NoChangeIsNoChange) {
  const Value before = must_apply({}, deployment("{replicas: 3}"), "a");
  EXPECT_TRUE(track_update(deployments(), before, before, "k", "", at(9)).shares(before));
}

TEST(TrackUpdate, ManyWritersAreCapped) {
  Value live = must_apply({}, deployment("{replicas: 1}"), "a");
  for (int i = 0; i < 14; ++i) {
    Value after = live;
    after.set({"metadata", "annotations", "k" + std::to_string(i)}, "v");
    live = track_update(deployments(), live, after, "writer-" + std::to_string(i), "", at(10 + i));
  }
  int updates = 0;
  FieldSet all;
  for (const Value& entry : live["metadata"]["managedFields"].items()) {
    updates += entry["operation"].as_string() == "Update";
    all = all.united(FieldSet::from_value(entry["fieldsV1"]));
  }
  EXPECT_LE(updates, 10);
  EXPECT_FALSE(owned(live, "ancient-changes").is_empty());
  EXPECT_NE(all.child("f:metadata")->child("f:annotations")->child("f:k0"), nullptr);
}

// --- properties -------------------------------------------------------------------------------------------

// A small object of many shapes: scalars, labels, containers with environment, finalizers, a selector.
rc::Gen<Value> some_object() {
  return rc::gen::map(
      rc::gen::container<std::vector<int>>(12, rc::gen::inRange(0, 6)), [](const std::vector<int>& dice) {
        Value out = deployment("{}");
        if (dice[0]) out.set({"spec", "replicas"}, dice[0]);
        if (dice[1] > 2) out.set({"spec", "minReadySeconds"}, dice[1]);
        if (dice[2] > 1) out.set({"metadata", "labels", "l" + std::to_string(dice[2])}, std::to_string(dice[3]));
        if (dice[3] > 2) out.set({"metadata", "labels", "common"}, "x");
        if (dice[4] > 2) out.set({"metadata", "finalizers"}, Value::array({"x.io/f" + std::to_string(dice[4])}));
        if (dice[5] > 3) out.set({"spec", "selector", "matchLabels", "app"}, std::to_string(dice[5]));
        for (int i = 6; i < 9; ++i) {
          if (dice[i] < 2) continue;
          Value container =
              Value::object({{"name", "c" + std::to_string(i)}, {"image", "i:" + std::to_string(dice[i])}});
          if (dice[i + 3] > 2)
            container.set("env",
                          Value::array({Value::object({{"name", "E" + std::to_string(dice[i + 3])}, {"value", "v"}})}));
          out.member("spec").member("template").member("spec").member("containers").push_back(container);
        }
        if (out["spec"].is_empty()) out.erase("spec");
        return out;
      });
}

Value plain(Value object) {
  object.erase({"metadata", "managedFields"});
  return object;
}

RC_GTEST_PROP(ApplyProperty, TwiceIsOnce, ()) {
  const Value first = *some_object(), second = *some_object();
  const Value live = must_apply({}, first, "a");
  const Value once = must_apply(live, second, "b", 2, true);
  RC_ASSERT(must_apply(once, second, "b", 3, true) == once);
}

RC_GTEST_PROP(ApplyProperty, WhatWasAppliedIsThere, ()) {
  const Value live = must_apply({}, *some_object(), "a");
  const Value applied = *some_object();
  const Value result = plain(must_apply(live, applied, "b", 2, true));
  RC_ASSERT(merged(*deployments().schema, result, applied) == result);
}

RC_GTEST_PROP(ApplyProperty, ApplyingNothingTakesAwayExactlyOnesOwn, ()) {
  const Value first = *some_object(), second = *some_object(), nothing = plain(deployment("{}"));
  const Value base = must_apply({}, first, "a");
  const Value both = must_apply(base, second, "b", 2, true);
  const Value back = must_apply(both, nothing.without("spec"), "b", 3);
  const FieldSet left = fields_of(*deployments().schema, plain(back));
  // Everything that is left is a's or nobody's, and b owns nothing any more.
  RC_ASSERT(owned(back, "b").is_empty());
  RC_ASSERT(owned(back, "a").without(left.with_named_parents()).is_empty());
  RC_ASSERT(left.without(fields_of(*deployments().schema, plain(base)).with_named_parents())
                .common_with(fields_of(*deployments().schema, second))
                .without(owned(back, "a"))
                .is_empty());
}

RC_GTEST_PROP(ApplyProperty, AloneOneGetsWhatOneSays, ()) {
  const Value first = *some_object(), second = *some_object();
  const Value live = must_apply(must_apply({}, first, "a"), second, "a", 2);
  RC_ASSERT(fields_of(*deployments().schema, plain(live)) == fields_of(*deployments().schema, second));
}

RC_GTEST_PROP(ApplyProperty, ComparisonOfAnObjectWithItselfIsEmpty, ()) {
  const Value object = *some_object(), copy = testing::json(data::to_json(object));
  const Comparison c = compare(*deployments().schema, object, copy);
  RC_ASSERT(c.added.is_empty() && c.removed.is_empty() && c.modified.is_empty());
}

}  // namespace
}  // namespace slipway::api
