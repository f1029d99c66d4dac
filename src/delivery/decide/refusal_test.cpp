// What the API or the cluster will not do is said on the Release, once, before anything moves.
#include <gtest/gtest.h>

#include "api/meta.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kMeasured = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "strategy":{"canary":{"steps":[{"weight":5},{"analysis":{"templates":[{"name":"slo"}]}}]}}})";
constexpr const char* kRolling =
    R"({"target":{"name":"web"},"strategy":{"rolling":{"maxSurge":1,"maxUnavailable":0}}})";

control::Decision decided(const Observation& o, base::Time now) { return decide(o, plan::gateway_capabilities(), now); }

// A release that is about to begin, in a cluster that has these.
State begun_with(MetricSources sources, const char* provider) {
  ModelledCluster c(json(kMeasured));
  EXPECT_TRUE(c.reaches(Phase::Idle));
  std::optional<Observation> beginning;
  c.watch = [&](const Observation& seen, const control::Decision& decision) {
    if (!beginning && read_state(decision.status).phase == Phase::Progressing) beginning = seen;
  };
  c.set_image("v2");
  EXPECT_TRUE(c.run_until([&] { return beginning.has_value(); }));
  Observation o = beginning.value_or(Observation{});
  o.sources = sources;
  o.templates["slo"].set({"spec", "metrics"}, Value::array({json(provider)}));
  return read_state(decided(o, c.now()).status);
}

TEST(Refusal, a_metric_that_nobody_can_answer_is_refused_before_anything_moves) {
  const char* gateway =
      R"({"name":"errors","successCondition":"result < 1","provider":{"gateway":{"query":"error-rate"}}})";
  const char* own = R"({"name":"errors","successCondition":"result < 1","provider":{"prometheus":{"query":"up"}}})";
  const char* other = R"({"name":"errors","successCondition":"result < 1",
    "provider":{"prometheus":{"query":"up","address":"http://prometheus.example"}}})";
  const MetricSources none{.gateway = false, .own_prometheus = false};
  EXPECT_EQ(begun_with(none, gateway).phase, Phase::Invalid);
  EXPECT_NE(begun_with(none, gateway).message.find("use provider.prometheus"), std::string::npos);
  EXPECT_EQ(begun_with(none, own).phase, Phase::Invalid);
  EXPECT_NE(begun_with(none, own).message.find("provider.prometheus.address"), std::string::npos);
  EXPECT_EQ(begun_with(none, other).phase, Phase::Progressing);
  const char* program =
      R"({"name":"quality","successCondition":"result < 1","provider":{"process":{"name":"quality"}}})";
  EXPECT_EQ(begun_with({.programs = {{"other"}}}, program).phase, Phase::Invalid);
  EXPECT_NE(begun_with({.programs = {{"other"}}}, program).message.find("--metric-process quality="),
            std::string::npos);
  EXPECT_EQ(begun_with({.programs = {{"quality"}}}, program).phase, Phase::Progressing);
  for (const char* provider : {gateway, own, other, program})
    EXPECT_EQ(begun_with({}, provider).phase, Phase::Progressing);
}

TEST(Refusal, a_right_that_is_missing_is_told_once_and_forgotten_when_it_is_back) {
  ModelledCluster c(json(kRolling));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  Observation o = c.observe();
  const control::Decision before = decided(o, c.now());
  ASSERT_FALSE(before.effects.empty());
  o.refused = base::Error{base::Code::Forbidden, "User \"x\" cannot create resource \"replicasets\""};
  const control::Decision told = decided(o, c.now());
  EXPECT_TRUE(told.effects.empty());
  o.release.set("status", told.status);
  const Value& stalled = api::condition(o.release, "Stalled");
  EXPECT_EQ(stalled["status"].as_string(), "True");
  EXPECT_EQ(stalled["reason"].as_string(), "Forbidden");
  EXPECT_NE(stalled["message"].as_string().find("slipway install"), std::string::npos);
  EXPECT_EQ(read_state(told.status).phase, Phase::Idle) << "nothing was done, so nothing is said to be done";
  const control::Decision again = decided(o, c.now());
  EXPECT_EQ(again.effects, before.effects) << "what the runner holds back until it is time to try again";
  EXPECT_EQ(api::condition(Value::object({{"status", again.status}}), "Stalled")["status"].as_string(), "False")
      << "written once the effects were taken";
}

}  // namespace
}  // namespace slipway::delivery
