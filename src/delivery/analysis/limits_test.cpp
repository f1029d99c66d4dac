// When a metric is over: successes in a row, measurements without data, metrics that do not decide, patience, and what
// becomes of runs that are over.
#include <gtest/gtest.h>

#include <limits>

#include "delivery/analysis/test_bench.h"

namespace slipway::delivery::analysis {
namespace {

using base::seconds;

std::string metric_with(const std::string& more) {
  return R"({"name":"m","interval":"1s","successCondition":"result < 1","provider":{"gateway":{"query":"p99"}},)" +
         more + "}";
}

// Answers of the candidate in order, the last one for ever: a number, or null for no data.
std::function<base::Result<Value>(const control::Ask&)> in_order(std::vector<Value> values) {
  auto at = std::make_shared<std::size_t>(0);
  return [values, at](const control::Ask& ask) -> base::Result<Value> {
    if (ask.question["service"].as_string() != "web-canary") return Value::object({{"value", 0.5}, {"samples", 100}});
    const Value& value = values[std::min((*at)++, values.size() - 1)];
    return Value::object({{"value", value}, {"samples", value.is_null() ? 0 : 100}});
  };
}

TEST(Limits, successes_in_a_row_make_a_pass) {
  Bench b(metric_with(R"("consecutiveSuccessLimit":3,"failureLimit":-1)").c_str());
  b.say = in_order({0.5, 5, 0.5, 0.5, 5, 0.5, 0.5, 0.5});
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(b.metric()["count"], Value(8));
  EXPECT_EQ(b.metric()["failed"], Value(2));
  EXPECT_EQ(b.metric()["message"], Value("m passed 3 times in a row: 0.5 (stable 0.5)"));
}

TEST(Limits, a_failure_limit_counts_beside_it) {
  Bench b(metric_with(R"("consecutiveSuccessLimit":3,"failureLimit":1)").c_str());
  b.say = in_order({0.5, 5, 0.5, 0.5, 5, 0.5});
  b.until_done();
  EXPECT_EQ(b.phase(), "Failed");
  EXPECT_EQ(b.metric()["count"], Value(5));
}

TEST(Limits, without_enough_in_a_row_nothing_is_proven_at_the_end) {
  for (const auto& [tolerated, phase] :
       std::vector<std::pair<std::string, std::string>>{{"5", "Inconclusive"}, {"-1", "Failed"}}) {
    Bench b(metric_with(R"("count":5,"consecutiveSuccessLimit":3,"failureLimit":)" + tolerated).c_str());
    b.say = in_order({0.5, 0.5, 5, 0.5, 0.5});
    b.until_done();
    EXPECT_EQ(b.phase(), phase);
    EXPECT_EQ(b.metric()["count"], Value(5));
  }
}

TEST(Limits, an_error_or_no_data_breaks_the_row) {
  Bench b(metric_with(R"("consecutiveSuccessLimit":2)").c_str());
  b.say = in_order({0.5, Value(), 0.5, 0.5});
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(b.metric()["successful"], Value(3));
}

TEST(Limits, no_data_counts_as_the_metric_says_and_never_as_a_pass) {
  for (const Value& nothing :
       {Value(), Value::array(), Value(std::numeric_limits<double>::quiet_NaN()), Value("text")}) {
    for (const auto& [policy, phase] : std::vector<std::pair<std::string, std::string>>{
             {"Fail", "Failed"}, {"Inconclusive", "Inconclusive"}, {"Wait", "Inconclusive"}}) {
      Bench b(metric_with(R"("count":1,"timeout":"5s","onNoData":")" + policy + "\"").c_str());
      b.say = in_order({nothing});
      const Time begun = b.now;
      b.until_done();
      EXPECT_EQ(b.phase(), phase) << policy;
      EXPECT_EQ(b.metric()["successful"], Value(0));
      EXPECT_GE(b.metric()["noData"].as_int(), 1);
      EXPECT_EQ(b.metric()["measurements"].at(0)["verdict"], Value("NoData"));
      EXPECT_EQ(b.now - begun > seconds(4), policy == "Wait") << policy;
    }
  }
}

TEST(Limits, no_data_is_tolerated_like_what_it_counts_as) {
  Bench b(metric_with(R"("count":4,"onNoData":"Fail","failureLimit":2)").c_str());
  b.say = in_order({Value(), Value(), 0.5});
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(b.metric()["failed"], Value(2));
  EXPECT_EQ(b.metric()["measurements"].at(0)["countedAs"], Value("Failed"));
  EXPECT_FALSE(b.metric()["measurements"].at(2).has("countedAs"));
}

TEST(Limits, too_few_samples_are_no_absence_of_data) {
  Bench b(metric_with(R"("count":1,"minSamples":200,"timeout":"5s","onNoData":"Fail")").c_str());
  b.say = in_order({0.5});
  b.until_done();
  EXPECT_EQ(b.phase(), "Inconclusive") << b.metric()["message"].as_string();
  EXPECT_EQ(b.metric()["failed"], Value(0));
}

TEST(Limits, a_dry_run_is_recorded_and_decides_nothing) {
  Bench b(metric_with(R"("count":3)").c_str());
  const Value dry =
      json(metric_with(R"("dryRun":true,"count":2)")).with("name", "dry").with("successCondition", "result > 1");
  b.run.set({"spec", "metrics"}, Value::array({dry, b.run["spec"]["metrics"].at(0)}));
  b.say = in_order({0.5});
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful") << b.run["status"]["message"].as_string();
  EXPECT_EQ(b.metric()["phase"], Value("Failed"));
  EXPECT_EQ(b.metric()["dryRun"], Value(true));
  EXPECT_EQ(b.metric()["measurements"].size(), 1u);
}

TEST(Limits, nobody_waits_for_a_dry_run_unless_there_is_nothing_else) {
  Bench b(metric_with(R"("count":2)").c_str());
  const Value dry = json(metric_with(R"("dryRun":true,"count":50)")).with("name", "dry");
  b.run.set({"spec", "metrics"}, Value::array({b.run["spec"]["metrics"].at(0), dry}));
  b.say = in_order({0.5});
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(b.run["status"]["metricResults"].at(1)["message"], Value("dry ended with its run"));
  Bench alone(metric_with(R"("dryRun":true,"count":3)").c_str());
  alone.say = in_order({5});
  alone.until_done();
  EXPECT_EQ(alone.phase(), "Successful");
  EXPECT_EQ(alone.metric()["failed"], Value(1));
}

TEST(Limits, patience_begins_with_the_first_measurement_and_outlasts_two_intervals) {
  Bench late(metric_with(R"("count":1,"initialDelay":"30s","timeout":"5s")").c_str());
  late.say = in_order({0.5});
  late.until_done();
  EXPECT_EQ(late.phase(), "Successful") << late.run["status"]["message"].as_string();
  Bench rare(
      R"({"name":"m","interval":"20s","count":3,"timeout":"5s","successCondition":"result < 1","provider":{"gateway":{"query":"p99"}}})");
  rare.say = in_order({0.5, Value(), 0.5});
  rare.until_done();
  EXPECT_EQ(rare.phase(), "Successful") << rare.run["status"]["message"].as_string();
}

std::vector<control::Effect> effects_after(Bench& b, base::Duration since_end) {
  const Time ended = *base::parse_time(b.run["status"]["completedAt"].as_string());
  const control::Decision d = decide_run({.run = b.run}, ended + since_end);
  b.wake = d.wake_at;
  return d.effects;
}

TEST(Limits, a_run_of_nobody_goes_when_its_time_is_over) {
  Bench b(metric_with(R"("count":1)").c_str(), R"({"ttl":"1h"})");
  b.say = in_order({0.5});
  b.until_done();
  EXPECT_TRUE(effects_after(b, seconds(3599)).empty());
  EXPECT_EQ(*b.wake, *base::parse_time(b.run["status"]["completedAt"].as_string()) + std::chrono::hours(1));
  const auto effects = effects_after(b, seconds(3600));
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<control::Delete>(effects[0]).name, "web-2-1-2");
  // One of a Release is kept by number: the Release reads it.
  b.run.set({"metadata", "ownerReferences"}, json(R"([{"kind":"Release","name":"web","uid":"r","controller":true}])"));
  EXPECT_TRUE(effects_after(b, seconds(7200)).empty());
}

}  // namespace
}  // namespace slipway::delivery::analysis
