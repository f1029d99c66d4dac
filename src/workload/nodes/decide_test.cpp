#include "workload/nodes/decide.h"

#include <gtest/gtest.h>

#include "api/meta.h"
#include "data/yaml.h"

namespace slipway::workload::nodes {
namespace {

using base::seconds;
using control::Ask;
using control::Decision;
using control::Delete;
using control::Patch;
using data::Value;

const base::Time kNow = *base::parse_time("2026-11-23T12:00:00Z");

Value yaml(std::string_view text) { return *data::parse_yaml(text); }
Value node(std::string_view ready = "True") {
  return yaml("{metadata: {name: n1, uid: n1}, status: {conditions: [{type: Ready, status: '" + std::string(ready) +
              "'}]}}");
}
Value lease(base::Time renewed) {
  return Value::object({{"spec", Value::object({{"renewTime", base::format_micro_time(renewed)}})}});
}
Value pod(std::string_view tolerations = "[]") {
  return yaml("{metadata: {name: p, namespace: shop, uid: p}, spec: {nodeName: n1, tolerations: " +
              std::string(tolerations) + "}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}");
}

template <class T>
std::vector<T> all(const Decision& decision) {
  std::vector<T> found;
  for (const control::Effect& effect : decision.effects)
    if (const auto* each = std::get_if<T>(&effect)) found.push_back(*each);
  return found;
}

TEST(Node, A_fresh_lease_is_fine_and_looked_at_again_when_it_may_be_stale) {
  const Decision decision = decide({.node = node(), .lease = lease(kNow - seconds(5))}, kNow);
  EXPECT_TRUE(decision.effects.empty());
  EXPECT_EQ(decision.wake_at, kNow + seconds(21));
}

TEST(Node, An_old_lease_or_one_from_the_future_is_watched_before_it_is_believed) {
  for (const base::Duration off : {seconds(60), -seconds(3600)}) {
    const Decision decision = decide({.node = node(), .lease = lease(kNow - off)}, kNow);
    ASSERT_EQ(all<Ask>(decision).size(), 1u);
    EXPECT_EQ(all<Ask>(decision)[0].port, "timer");
    EXPECT_TRUE(decision.status.is_null());
    EXPECT_TRUE(all<Patch>(decision).empty());
  }
}

TEST(Node, A_confirmed_silence_makes_it_unknown_and_tainted_and_its_pods_unready) {
  const Decision decision =
      decide({.node = node(), .lease = lease(kNow - seconds(60)), .confirmed = true, .pods = {pod()}}, kNow);
  EXPECT_EQ(decision.status["conditions"].at(0)["status"].as_string(), "Unknown");
  const auto patches = all<Patch>(decision);
  ASSERT_EQ(patches.size(), 2u);
  EXPECT_EQ(patches[0].body["spec"]["taints"].size(), 2u);
  EXPECT_EQ(patches[1].body["status"]["conditions"].at(0)["status"].as_string(), "False");
  EXPECT_TRUE(all<Delete>(decision).empty());
}

Value silent_node(base::Time since) {
  Value out = node();
  const Decision decision = decide({.node = out, .lease = lease(since - seconds(60)), .confirmed = true}, since);
  out.set("status", decision.status);
  out.set({"spec", "taints"}, all<Patch>(decision)[0].body["spec"]["taints"]);
  return out;
}

TEST(Node, Pods_are_evicted_after_their_own_patience) {
  struct Case {
    const char* tolerations;
    int after;  // -1: never
  };
  const Case cases[] = {
      {"[]", 300},
      {"[{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 20}]", 20},
      {"[{operator: Exists}]", -1},
  };
  for (const Case& c : cases) {
    const Observation seen{.node = silent_node(kNow), .lease = lease(kNow - seconds(60)), .pods = {pod(c.tolerations)}};
    const int long_after = c.after < 0 ? 100'000 : c.after;
    EXPECT_TRUE(all<Delete>(decide(seen, kNow + seconds(long_after - 1))).empty()) << c.tolerations;
    EXPECT_EQ(all<Delete>(decide(seen, kNow + seconds(long_after))).size(), c.after < 0 ? 0u : 1u) << c.tolerations;
  }
}

TEST(Node, A_sign_of_life_brings_it_back_and_takes_the_taints_away) {
  Observation seen{.node = silent_node(kNow), .lease = lease(kNow + seconds(99)), .pods = {pod()}};
  const Decision decision = decide(seen, kNow + seconds(100));
  EXPECT_EQ(decision.status["conditions"].at(0)["status"].as_string(), "True");
  ASSERT_EQ(all<Patch>(decision).size(), 1u);
  EXPECT_TRUE(all<Patch>(decision)[0].body["spec"].has("taints"));
  EXPECT_TRUE(all<Patch>(decision)[0].body["spec"]["taints"].is_null());
}

TEST(Node, Taints_of_others_stay) {
  Value tainted = node("False");
  tainted.set({"spec", "taints"}, yaml("[{key: gpu, effect: NoSchedule}]"));
  const Decision decision = decide({.node = tainted, .lease = lease(kNow)}, kNow);
  ASSERT_EQ(all<Patch>(decision).size(), 1u);
  const Value taints = all<Patch>(decision)[0].body["spec"]["taints"];
  ASSERT_EQ(taints.size(), 3u);
  EXPECT_EQ(taints.at(0)["key"].as_string(), "gpu");
  EXPECT_EQ(taints.at(1)["key"].as_string(), "node.kubernetes.io/not-ready");
}

}  // namespace
}  // namespace slipway::workload::nodes
