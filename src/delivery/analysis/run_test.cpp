#include "delivery/analysis/run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "control/mutants.h"
#include "delivery/analysis/test_bench.h"

namespace slipway::delivery::analysis {
namespace {

using base::seconds;
using base::Time;
using data::Value;

constexpr const char* kGateway =
    R"({"name":"error-rate","interval":"1s","count":3,"minSamples":20,"successCondition":"result < 0.01 || result <= stable",
  "provider":{"gateway":{"query":"error-rate","window":"5s"}}})";

std::function<base::Result<Value>(const control::Ask&)> rates(double candidate, double stable,
                                                              std::int64_t samples = 500) {
  return [=](const control::Ask& ask) -> base::Result<Value> {
    const bool canary = ask.question["service"].as_string() == "web-canary";
    return Value::object({{"value", canary ? candidate : stable}, {"samples", samples}});
  };
}

TEST(AnalysisRun, passes_after_count_measurements_an_interval_apart) {
  Bench b(kGateway);
  b.say = rates(0.002, 0.001);
  const Time start = b.now;
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(b.metric()["successful"], Value(3));
  EXPECT_EQ(b.asked, 6) << "candidate and stable, three times";
  EXPECT_GE(b.now - start, seconds(2));
  EXPECT_LT(b.now - start, seconds(4));
  const Value& m = b.metric()["measurements"].at(0);
  EXPECT_EQ(m["value"], Value(0.002));
  EXPECT_EQ(m["stable"], Value(0.001));
  EXPECT_EQ(m["samples"], Value(500));
}

TEST(AnalysisRun, fails_at_the_first_bad_measurement_over_the_limit) {
  Bench b(kGateway);
  b.say = rates(0.2, 0.001);
  b.until_done();
  EXPECT_EQ(b.phase(), "Failed");
  EXPECT_EQ(b.metric()["failed"], Value(1));
  EXPECT_EQ(b.run["status"]["message"], Value("error-rate failed once, 0 tolerated: 0.2 (stable 0.001)"));
}

// Failures and lost answers in turn: no kind of them gives the other one new tries.
TEST(AnalysisRun, a_hook_is_done_once_and_as_often_again_as_it_may_be) {
  Bench b(R"({"name":"warm","interval":"5s","consecutiveSuccessLimit":1,"failureLimit":2,"consecutiveErrorLimit":2,
    "inconclusiveLimit":0,"onNoData":"Fail","provider":{"web":{"url":"http://warm"}}})",
          R"({"kind":"Hook"})");
  b.say = [&](const control::Ask&) -> base::Result<Value> {
    if (b.asked % 2 == 0) return base::fail(base::Code::Timeout, "nobody answers");
    return Value::object({{"value", 500}});
  };
  b.until_done();
  EXPECT_EQ(b.phase(), "Failed");
  EXPECT_EQ(b.asked, 3);
  EXPECT_EQ(b.run["status"]["message"], Value("warm failed 3 times, and is not tried again: status 500"));
}

// The gateway still knows the errors of the try before: they are out of the candidate's window, not out of the stable
// one's.
TEST(AnalysisRun, what_was_answered_before_the_try_began_is_left_out_of_the_window) {
  Bench b(kGateway, R"({"since":"2026-11-23T12:00:00.000000Z"})");
  const Time began = b.now;
  std::vector<base::Duration> of_candidate;
  b.say = [&](const control::Ask& ask) -> base::Result<Value> {
    const auto window = *base::parse_duration(ask.question["window"].as_string());
    if (ask.question["service"].as_string() == "web-stable")
      EXPECT_EQ(window, seconds(5));
    else
      of_candidate.push_back(window);
    const bool sees_the_errors = ask.question["service"].as_string() == "web-canary" && b.now - window < began;
    return Value::object({{"value", sees_the_errors ? 0.5 : 0.0}, {"samples", 500}});
  };
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(of_candidate, (std::vector<base::Duration>{seconds(1), seconds(2), seconds(3)}))
      << "nothing is asked before an interval has gone by";
  Bench later(kGateway, R"({"since":"2026-11-23T11:59:00.000000Z"})");
  later.say = [&](const control::Ask& ask) -> base::Result<Value> {
    EXPECT_EQ(ask.question["window"], Value("5s")) << "all of it is of this try";
    return Value::object({{"value", 0.0}, {"samples", 500}});
  };
  later.until_done();
  EXPECT_EQ(later.phase(), "Successful");
}

TEST(AnalysisRun, no_worse_than_stable_passes) {
  Bench b(kGateway);
  b.say = rates(0.2, 0.25);
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
}

TEST(AnalysisRun, no_data_is_never_success) {
  for (const Value& nothing :
       {Value(), Value::array(), Value(std::numeric_limits<double>::quiet_NaN()), Value("NaN")}) {
    Bench b(kGateway);
    b.run.set({"spec", "metrics"}, Value::array({json(kGateway).with("timeout", "5s")}));
    b.say = [&](const control::Ask&) { return Value::object({{"value", nothing}, {"samples", 500}}); };
    b.until_done();
    EXPECT_EQ(b.phase(), "Inconclusive");
    EXPECT_EQ(b.metric()["successful"], Value(0));
    EXPECT_GT(b.metric()["unproven"].as_int(), 3);
  }
}

TEST(AnalysisRun, the_planted_mutant_takes_no_data_for_success) {
  const control::PlantedMutant planted(control::Mutant::NoDataIsSuccess);
  Bench b(kGateway);
  b.say = [](const control::Ask&) { return Value::object({{"value", Value()}, {"samples", 500}}); };
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
}

TEST(AnalysisRun, too_few_samples_are_measured_again) {
  Bench b(kGateway);
  std::int64_t samples = 0;
  b.say = [&](const control::Ask& ask) { return rates(0.0, 0.0, samples)(ask); };
  for (int i = 0; i < 50; ++i, b.now += base::milliseconds(100)) b.turn();
  EXPECT_EQ(b.metric()["count"], Value(0));
  samples = 20;
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
}

TEST(AnalysisRun, errors_in_a_row_end_in_error_and_single_ones_do_not) {
  Bench b(kGateway);
  int n = 0;
  b.say = [&](const control::Ask& ask) -> base::Result<Value> {
    if (++n % 8 < 2) return base::fail(base::Code::Unavailable, "down");
    return rates(0.0, 0.0)(ask);
  };
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_GT(b.metric()["errors"].as_int(), 0);
  Bench dead(kGateway);
  dead.say = [](const control::Ask&) { return base::fail(base::Code::Unavailable, "down"); };
  dead.until_done();
  EXPECT_EQ(dead.phase(), "Error");
  EXPECT_EQ(dead.metric()["errors"], Value(5)) << "four in a row are tolerated";
}

TEST(AnalysisRun, windows_over_our_own_outage_are_discarded) {
  Bench b(kGateway);
  b.say = rates(0.0, 0.0);
  for (int i = 0; i < 15; ++i, b.now += base::milliseconds(100)) b.turn();
  const auto before = b.metric()["count"].as_int();
  b.facts.clear();
  b.now += seconds(30);
  b.say = rates(0.9, 0.0);  // what a window over the outage would say
  b.turn();
  EXPECT_EQ(b.metric()["discarded"], Value(1));
  EXPECT_EQ(b.metric()["count"].as_int(), before);
  EXPECT_EQ(*b.wake, b.now + seconds(5)) << "one whole window later";
  b.say = rates(0.0, 0.0);
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
}

TEST(AnalysisRun, a_clock_that_jumps_back_does_not_stop_it) {
  Bench b(kGateway);
  b.say = rates(0.0, 0.0);
  for (int i = 0; i < 12; ++i, b.now += base::milliseconds(100)) b.turn();
  b.now -= std::chrono::hours(2);
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
}

TEST(AnalysisRun, runs_without_end_until_it_is_terminated) {
  Bench b(R"({"name":"p99","interval":"1s","failureCondition":"result > 0.3","provider":{"gateway":{"query":"p99"}}})");
  b.say = rates(0.1, 0.1);
  for (int i = 0; i < 300; ++i, b.now += base::milliseconds(100)) b.turn();
  EXPECT_EQ(b.phase(), "Running");
  EXPECT_GE(b.metric()["successful"].as_int(), 20);
  EXPECT_EQ(b.metric()["measurements"].size(), 10u);
  b.run.set({"spec", "terminate"}, true);
  b.turn();
  EXPECT_EQ(b.phase(), "Successful");
}

TEST(AnalysisRun, both_conditions_leave_room_for_doubt) {
  Bench b(
      R"({"name":"x","successCondition":"result < 0.1","failureCondition":"result > 0.5","provider":{"gateway":{"query":"p99"}}})");
  b.say = rates(0.3, 0.0);
  b.until_done();
  EXPECT_EQ(b.phase(), "Inconclusive");
}

TEST(AnalysisRun, prometheus_queries_are_about_each_version) {
  Bench b(R"({"name":"x","minSamples":10,"successCondition":"result[1] < 1 && high < 2","provider":{"prometheus":{
    "query":"rate{service=\"{{service}}\",hash=\"{{hash}}\"}","samplesQuery":"n{{{service}}}"}}})");
  std::vector<std::string> seen;
  b.say = [&](const control::Ask& ask) -> base::Result<Value> {
    EXPECT_EQ(ask.port, "metrics/prometheus");
    seen.push_back(ask.question["query"].str());
    return Value::object({{"value", seen.back().starts_with("rate") ? Value::array({0.2}) : Value::array({40})}});
  };
  b.run.set({"spec", "metrics"},
            Value::array({b.run["spec"]["metrics"].at(0).with("successCondition", "result < 1 && high < 0.5")}));
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful") << b.run["status"]["message"].as_string();
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0], R"(rate{service="web-canary",hash="h2"})");
  EXPECT_EQ(seen[2], R"(rate{service="web-stable",hash="h1"})");
  EXPECT_EQ(b.metric()["measurements"].at(0)["samples"], Value(40));
}

TEST(AnalysisRun, intervals_make_a_comparison_honest) {
  const char* metric =
      R"({"name":"x","minSamples":1,"failureCondition":"pWorse < 0.01 && result > stable","provider":{"gateway":{"query":"error-rate"}}})";
  Bench few(metric);
  few.say = rates(0.05, 0.0, 20);
  few.until_done();
  EXPECT_EQ(few.phase(), "Successful") << "1 of 20 against 0 of 20 proves nothing";
  Bench many(metric);
  many.say = rates(0.05, 0.0, 2000);
  many.until_done();
  EXPECT_EQ(many.phase(), "Failed");
}

TEST(AnalysisRun, a_stable_version_without_traffic_stops_only_conditions_that_need_it) {
  const auto say = [](const control::Ask& ask) -> base::Result<Value> {
    const bool canary = ask.question["service"].as_string() == "web-canary";
    return Value::object({{"value", canary ? Value(0.001) : Value()}, {"samples", canary ? 500 : 0}});
  };
  Bench needs(
      R"({"name":"x","timeout":"5s","successCondition":"result <= stable","provider":{"gateway":{"query":"error-rate"}}})");
  needs.say = say;
  needs.until_done();
  EXPECT_EQ(needs.phase(), "Inconclusive");
  Bench copes(
      R"({"name":"x","successCondition":"(stable == nil || result <= stable) && result < 0.01","provider":{"gateway":{"query":"error-rate"}}})");
  copes.say = say;
  copes.until_done();
  EXPECT_EQ(copes.phase(), "Successful");
}

TEST(AnalysisRun, nothing_is_written_between_measurements) {
  Bench b(kGateway);
  b.say = rates(0.0, 0.0);
  for (int i = 0; i < 3; ++i) b.turn();
  const Value status = b.run["status"];
  b.now += base::milliseconds(300);
  b.turn();
  EXPECT_EQ(b.run["status"], status);
}

TEST(AnalysisRun, a_question_that_is_lost_in_a_crash_is_asked_again) {
  Bench b(kGateway);
  b.say = rates(0.0, 0.0);
  b.forgetful = true;
  for (int i = 0; i < 5; ++i) b.turn();
  EXPECT_EQ(b.metric()["count"], Value(0));
  b.forgetful = false;
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
}

}  // namespace
}  // namespace slipway::delivery::analysis
