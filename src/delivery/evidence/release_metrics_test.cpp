// Releases as metrics: what is true now follows from the objects, what happens is counted once, and the page says all.
#include "delivery/evidence/release_metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/resource.h"
#include "api/testing.h"
#include "runtime/sim/loop.h"

namespace slipway::delivery::evidence {
namespace {

using data::Value;
using testing::HasSubstr;
using testing::Not;

Value release(const std::string& status, const std::string& name = "web", const std::string& space = "shop") {
  return api::testing::yaml(fmt::format(
      "{{apiVersion: slipway.dev/v1alpha1, kind: Release, metadata: {{name: {}, namespace: {}}}, spec: {{target: "
      "{{name: web}}, "
      "traffic: {{route: web, service: web}}, strategy: {{canary: {{steps: [{{weight: 5}}]}}}}}}, status: {}}}",
      name, space, status));
}

class Evidence : public testing::Test {
 protected:
  Evidence() { shown_.led(true); }
  // The Release is as `status` says from now on.
  void now(const std::string& status) {
    const Value next = release(status);
    shown_.changed(api::kReleases, last_, next);
    last_ = next;
  }
  void gone() { shown_.changed(api::kReleases, std::exchange(last_, Value()), Value()); }
  std::string text() { return metrics_.text(); }

  runtime::sim::Loop loop_;
  runtime::Metrics metrics_;
  ReleaseMetrics shown_{metrics_, loop_};
  Value last_;
};

constexpr const char* kUnderWay =
    "{phase: Progressing, candidate: {revision: 2, hash: h2, startedAt: '2026-11-29T12:00:00.000000Z'}, position: "
    "{since: "
    "'2026-11-29T12:00:30.500000Z'}, step: {index: 1, count: 4}, traffic: {wanted: 5, verified: 0.25}, replicas: "
    "{stable: 4, "
    "stableReady: 3, candidate: 1, candidateReady: 0}, history: [{hash: h1, result: Adopted, finishedAt: "
    "'2026-11-29T11:00:00Z'}]}";

TEST_F(Evidence, what_is_true_now_follows_from_the_object) {
  now(kUnderWay);
  for (
      const char* line :
      {R"(slipway_release_info{namespace="shop",name="web",strategy="canary",router="HTTPRoute",phase="Progressing"} 1)",
       R"(slipway_release_replicas{namespace="shop",name="web",version="stable",state="wanted"} 4)",
       R"(slipway_release_replicas{namespace="shop",name="web",version="stable",state="ready"} 3)",
       R"(slipway_release_replicas{namespace="shop",name="web",version="candidate",state="ready"} 0)",
       R"(slipway_release_traffic_ratio{namespace="shop",name="web",seen="wanted"} 0.05)",
       R"(slipway_release_traffic_ratio{namespace="shop",name="web",seen="verified"} 0.0025)",
       R"(slipway_release_step{namespace="shop",name="web"} 2)",
       R"(slipway_release_steps{namespace="shop",name="web"} 4)",
       R"(slipway_release_started_timestamp_seconds{namespace="shop",name="web"} 1795953600)",
       R"(slipway_release_step_started_timestamp_seconds{namespace="shop",name="web"} 1795953630.5)",
       R"(slipway_release_last_result_timestamp_seconds{namespace="shop",name="web",result="Adopted"} 1795950000)",
       R"(slipway_releases{strategy="canary",phase="Progressing"} 1)"})
    EXPECT_THAT(text(), HasSubstr(std::string(line) + "\n"));
}

TEST_F(Evidence, the_variants_of_a_test_are_shown_while_it_runs) {
  now("{phase: Paused, candidate: {revision: 2, hash: h2}, traffic: {wanted: 45, stableRequests: 90}, variants: "
      "[{name: red, "
      "share: 25, replicas: 2, ready: 1, requests: 40}, {name: blue, share: 20, replicas: 0, ready: 0, stoppedAt: "
      "'2026-11-29T12:00:00Z', cause: AnalysisFailed}]}");
  for (const char* line :
       {R"(slipway_release_variant_replicas{namespace="shop",name="web",variant="red",state="wanted"} 2)",
        R"(slipway_release_variant_replicas{namespace="shop",name="web",variant="red",state="ready"} 1)",
        R"(slipway_release_variant_traffic_ratio{namespace="shop",name="web",variant="red"} 0.25)",
        R"(slipway_release_variant_traffic_ratio{namespace="shop",name="web",variant="stable"} 0.55)",
        R"(slipway_release_variant_requests{namespace="shop",name="web",variant="red"} 40)",
        R"(slipway_release_variant_requests{namespace="shop",name="web",variant="stable"} 90)",
        R"(slipway_release_variant_stopped{namespace="shop",name="web",variant="blue",cause="AnalysisFailed"} 1)"})
    EXPECT_THAT(text(), HasSubstr(std::string(line) + "\n"));
  EXPECT_THAT(text(), Not(HasSubstr(R"(requests{namespace="shop",name="web",variant="blue")"))) << "nobody has counted";
  now("{phase: Idle}");
  EXPECT_THAT(text(), Not(HasSubstr("variant=")));
}

TEST_F(Evidence, a_release_at_rest_shows_no_candidate) {
  now(kUnderWay);
  now("{phase: Idle, replicas: {stable: 4, stableReady: 4, candidate: 0, candidateReady: 0}}");
  EXPECT_THAT(text(), HasSubstr(R"(phase="Idle"} 1)"));
  for (const char* part :
       {"Progressing", "version=\"candidate\"", "slipway_release_traffic_ratio{", "slipway_release_step{"})
    EXPECT_THAT(text(), Not(HasSubstr(part)));
}

TEST_F(Evidence, a_release_that_is_deleted_takes_its_series_with_it) {
  now(kUnderWay);
  now("{phase: Idle, candidate: {revision: 2}}");
  gone();
  for (const std::string& line : {std::string("shop"), std::string("slipway_releases{")})
    EXPECT_THAT(text(), Not(HasSubstr(line))) << "and those of a namespace without Releases, too";
}

TEST_F(Evidence, only_the_leader_shows_and_counts) {
  now(kUnderWay);
  shown_.led(false);
  EXPECT_THAT(text(), Not(HasSubstr("slipway_release_info")));
  now("{phase: Idle, history: [{hash: h2, result: Released, startedAt: '2026-11-29T12:00:00Z', finishedAt: "
      "'2026-11-29T12:01:00Z'}]}");
  shown_.led(true);
  EXPECT_THAT(text(), HasSubstr("slipway_release_info"));
  EXPECT_THAT(text(), Not(HasSubstr("result=\"Released\"} 1\n")));
}

TEST_F(Evidence, ends_are_counted_once_and_were_there_as_zero) {
  now("{phase: Idle}");
  now(kUnderWay);
  EXPECT_THAT(text(),
              HasSubstr(R"(slipway_release_finished_total{namespace="shop",name="web",result="RolledBack"} 0)"));
  EXPECT_THAT(
      text(),
      HasSubstr(R"(slipway_release_duration_seconds_count{namespace="shop",strategy="canary",result="Released"} 0)"));
  const std::string released =
      "{hash: h2, result: Released, startedAt: '2026-11-29T12:00:00Z', finishedAt: '2026-11-29T12:01:30Z'}";
  now("{phase: Idle, history: [" + released + ", {hash: h1, result: Adopted, finishedAt: '2026-11-29T11:00:00Z'}]}");
  now("{phase: Idle, message: x, history: [" + released +
      ", {hash: h1, result: Adopted, finishedAt: '2026-11-29T11:00:00Z'}]}");
  EXPECT_THAT(text(), HasSubstr(R"(slipway_release_finished_total{namespace="shop",name="web",result="Released"} 1)"));
  EXPECT_THAT(
      text(),
      HasSubstr(R"(slipway_release_duration_seconds_sum{namespace="shop",strategy="canary",result="Released"} 90)"));
  EXPECT_THAT(text(), HasSubstr(R"(result="Released",le="60"} 0)"));
  EXPECT_THAT(text(), HasSubstr(R"(result="Released",le="120"} 1)"));
}

TEST_F(Evidence, ends_of_before_this_process_are_shown_and_not_counted) {
  now("{phase: RolledBack, history: [{hash: h2, result: RolledBack, verification: TimedOut, startedAt: "
      "'2026-11-29T12:00:00Z', "
      "finishedAt: '2026-11-29T12:01:30Z'}]}");
  EXPECT_THAT(text(), Not(HasSubstr("slipway_release_finished_total{")));
  EXPECT_THAT(text(),
              HasSubstr(R"(slipway_release_last_verification{namespace="shop",name="web",result="TimedOut"} 1)"));
}

TEST_F(Evidence, a_way_back_is_timed_from_the_measurement_and_its_proof_is_counted) {
  const std::string begun =
      "cause: AnalysisFailed, failingAt: '2026-11-29T12:00:00Z', startedAt: '2026-11-29T12:00:00.1Z'";
  const std::string zero = begun + ", trafficZeroAt: '2026-11-29T12:00:00.8Z'";
  const std::string proof =
      "verification: {phase: Failed, startedAt: '2026-11-29T12:00:01Z', finishedAt: '2026-11-29T12:00:11Z'}";
  now(kUnderWay);
  now("{phase: RollingBack, candidate: {}, rollback: {" + begun + "}}");
  now("{phase: Verifying, candidate: {}, rollback: {" + zero + ", verification: {phase: Pending}}}");
  now("{phase: Verifying, candidate: {}, rollback: {" + zero + ", " + proof + "}}");
  now("{phase: RolledBack, lastRollback: {" + zero + ", " + proof + "}}");
  EXPECT_THAT(
      text(),
      HasSubstr("slipway_rollback_traffic_zero_seconds_sum{namespace=\"shop\",cause=\"AnalysisFailed\"} 0.8\n"));
  EXPECT_THAT(
      text(),
      HasSubstr("slipway_rollback_traffic_zero_seconds_count{namespace=\"shop\",cause=\"AnalysisFailed\"} 1\n"));
  EXPECT_THAT(text(),
              HasSubstr("slipway_rollback_verification_seconds_sum{namespace=\"shop\",result=\"Failed\"} 10\n"));
  EXPECT_THAT(text(),
              HasSubstr("slipway_rollback_verification_seconds_count{namespace=\"shop\",result=\"Failed\"} 1\n"));
}

TEST_F(Evidence, waits_are_shown_while_they_last_and_timed_when_they_end) {
  now("{phase: Waiting, candidate: {}, waiting: {reason: Window}}");
  EXPECT_THAT(text(), HasSubstr(R"(slipway_release_waiting{namespace="shop",name="web",reason="Window"} 1)"));
  const auto timer = loop_.after(base::seconds(100), [] {});
  loop_.run_until([&] { return loop_.mono() >= base::MonoTime{} + base::seconds(100); }, base::seconds(200));
  now("{phase: Paused, candidate: {}}");
  EXPECT_THAT(text(), HasSubstr(R"(slipway_release_waiting{namespace="shop",name="web",reason="Person"} 1)"));
  EXPECT_THAT(text(), HasSubstr("slipway_release_wait_seconds_sum{namespace=\"shop\",reason=\"Window\"} 100\n"));
  now("{phase: Paused, candidate: {}, halt: {cause: Restarts}}");
  EXPECT_THAT(text(), HasSubstr(R"(slipway_release_halted{namespace="shop",name="web",cause="Restarts"} 1)"));
  EXPECT_THAT(text(), HasSubstr(R"(reason="Halt"} 1)"));
}

Value run(const std::string& results, const std::string& rest = "") {
  return api::testing::yaml(
      "{apiVersion: slipway.dev/v1alpha1, kind: AnalysisRun, metadata: {name: r, namespace: shop}, spec: {kind: Step, "
      "metrics: "
      "[{name: errors, provider: {gateway: {query: error-rate}}}]}, status: {metricResults: [" +
      results + "]" + rest + "}}");
}

TEST_F(Evidence, measurements_and_runs_are_counted_by_outcome) {
  now(kUnderWay);
  const Value begun = run("{name: errors, successful: 2, unproven: 1}");
  const Value over = run("{name: errors, successful: 3, failed: 1, unproven: 1}",
                         ", phase: Failed, completedAt: '2026-11-29T12:00:00Z'");
  shown_.changed(api::kAnalysisRuns, run("{name: errors}"), begun);
  shown_.changed(api::kAnalysisRuns, begun, over);
  const std::string series =
      R"(slipway_analysis_measurements_total{namespace="shop",metric="errors",provider="gateway",outcome=)";
  EXPECT_THAT(text(), HasSubstr(series + "\"Passed\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr(series + "\"Failed\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr(series + "\"Unproven\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr(R"(slipway_analysis_runs_total{namespace="shop",kind="Step",phase="Failed"} 1)"));
}

TEST_F(Evidence, the_policy_shows_places_and_the_stop) {
  const Value policy = api::testing::yaml(
      "{metadata: {name: cluster}, spec: {stop: {reason: fire}}, status: {places: [{name: a}, {name: b}], waiting: "
      "7}}");
  shown_.changed(api::kReleasePolicies, Value(), policy);
  for (const char* line : {"slipway_release_policy_places 2\n", "slipway_release_policy_waiting 7\n",
                           "slipway_release_policy_stopped 1\n"})
    EXPECT_THAT(text(), HasSubstr(line));
  shown_.changed(api::kReleasePolicies, policy, Value());
  EXPECT_THAT(text(), Not(HasSubstr("slipway_release_policy")));
}

}  // namespace
}  // namespace slipway::delivery::evidence
