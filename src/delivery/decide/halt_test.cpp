#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;
using testing::HasSubstr;

Value release(const std::string& policy, const std::string& guards = "{}") {
  return json(
      R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"30s","guards":)" + guards +
      R"(,"rollback":{"verifyTimeout":"20s","onFailure":")" + policy +
      R"("},"strategy":{"canary":{"steps":[{"weight":5},{"analysis":{"templates":[{"name":"slo"}]}},{"weight":50},{"pause":{}}]}}})");
}

bool halted(ModelledCluster& c) {
  return c.run_until([&] { return c.state().halt && c.state().phase == Phase::Paused; });
}
plan::Share share(const ModelledCluster& c) { return c.view().candidate; }

TEST(Halt, a_failure_stays_where_it_is_until_a_person_goes_on) {
  ModelledCluster c(release("Pause"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.verdict = [](const Value& run) { return run["spec"]["kind"].as_string() == "Step" ? "Failed" : "Successful"; };
  c.set_image("v2");
  ASSERT_TRUE(halted(c)) << c.state().message;
  EXPECT_EQ(c.state().halt->cause, Cause::AnalysisFailed);
  EXPECT_THAT(c.state().message, HasSubstr("slipway promote web goes on in spite of it; retry, back or abort"));
  for (int i = 0; i < 100; ++i) c.turn(base::seconds(5));
  EXPECT_EQ(share(c), plan::Share{500});
  EXPECT_EQ(c.state().phase, Phase::Paused);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return share(c) == plan::Share{5000}; })) << c.state().message;
  EXPECT_FALSE(c.state().halt);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && !c.state().halt; }));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("v2"), 4);
}

TEST(Halt, it_is_measured_again_when_a_person_says_so) {
  ModelledCluster c(release("Pause"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  bool bad = true;
  c.verdict = [&](const Value&) { return bad ? "Failed" : "Successful"; };
  c.set_image("v2");
  ASSERT_TRUE(halted(c));
  const auto measured_from = [&](const char* run) {
    return base::parse_time(c.run(run)["spec"]["since"].as_string()).value_or(base::Time{});
  };
  EXPECT_EQ(measured_from("web-2-1-2"), *c.state().candidate->started_at);
  bad = false;
  c.command(Verb::Retry);
  ASSERT_TRUE(c.run_until([&] { return !c.run("web-2-2-2").is_null(); }));
  EXPECT_GT(measured_from("web-2-2-2"), measured_from("web-2-1-2")) << "not by the answers that it failed by";
  ASSERT_TRUE(c.run_until([&] { return share(c) == plan::Share{5000}; })) << c.state().message;
}

// Seed 9023: the traffic of a candidate that had crashed was given back first, again and again, and the invariant
// refused it.
TEST(Halt, a_failed_analysis_counts_while_the_traffic_is_disturbed) {
  ModelledCluster c(release("Rollback", R"({"maxProbeFailures":50})"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  bool ready = true;
  std::string verdict;
  c.becomes_ready = [&](const std::string& image) { return ready || image != "shop/web:v2"; };
  c.verdict = [&](const Value& run) -> std::string {
    return run["spec"]["kind"].as_string() == "Step" ? verdict : "Successful";
  };
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return !c.observe().runs.empty(); }));
  ready = false;
  ASSERT_TRUE(c.run_until([&] { return c.state().traffic.disturbed_at && share(c) == plan::kNone; }));
  verdict = "Failed";
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::RollingBack; }, 100)) << c.state().message;
  ready = true;
  ASSERT_TRUE(c.run_until([&] {
    EXPECT_EQ(share(c), plan::kNone);
    return c.state().phase == Phase::RolledBack;
  })) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->cause, Cause::AnalysisFailed);
}

// No data in the background is no success: a person is asked, and the step's own analysis is not skipped for it.
TEST(Halt, a_background_analysis_that_cannot_tell_waits_for_a_person) {
  ModelledCluster c(release("Rollback", R"({"analysis":{"templates":[{"name":"slo"}]}})"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  bool blind = true;
  int steps_measured = 0;
  c.verdict = [&](const Value& run) -> std::string {
    if (run["spec"]["kind"].as_string() == "Background") return blind ? "Error" : "Successful";
    steps_measured += run["spec"]["kind"].as_string() == "Step";
    return blind ? "" : "Successful";
  };
  c.set_image("v2");
  ASSERT_TRUE(halted(c)) << c.state().message;
  EXPECT_EQ(c.state().halt->cause, Cause::AnalysisInconclusive);
  EXPECT_THAT(c.state().message, HasSubstr("the background analysis web-2-1-background cannot tell"));
  EXPECT_EQ(share(c), plan::Share{500});
  blind = false;
  const int before = steps_measured;
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return share(c) == plan::Share{5000}; })) << c.state().message;
  EXPECT_GT(steps_measured, before) << "the step's own analysis has passed";
}

TEST(Halt, an_abort_goes_back_with_proof) {
  ModelledCluster c(release("Freeze"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.verdict = [](const Value& run) { return run["spec"]["kind"].as_string() == "Step" ? "Failed" : "Successful"; };
  c.set_image("v2");
  ASSERT_TRUE(halted(c));
  c.command(Verb::Abort);
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->cause, Cause::Aborted);
  EXPECT_FALSE(c.state().halt);
  EXPECT_EQ(c.pods_of("v1"), 4);
}

TEST(Halt, restarts_that_a_person_accepts_count_no_more) {
  ModelledCluster c(release("Pause", R"({"maxRestarts":1})"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return share(c) == plan::Share{5000} && c.state().phase == Phase::Paused; }));
  for (int i = 0; i < 2; ++i) c.crash_pod("v2");
  ASSERT_TRUE(halted(c)) << c.state().message;
  EXPECT_EQ(c.state().halt->cause, Cause::Restarts);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return !c.state().halt; }));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_FALSE(c.state().halt) << c.state().message;
  for (int i = 0; i < 2; ++i) c.crash_pod("v2");
  ASSERT_TRUE(halted(c)) << "new ones count";
}

TEST(Halt, a_deadline_halts_too) {
  ModelledCluster c(release("Pause"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  bool ready = false;
  c.becomes_ready = [&](const std::string& image) { return ready || image != "shop/web:v2"; };
  c.set_image("v2");
  ASSERT_TRUE(halted(c));
  EXPECT_EQ(c.state().halt->cause, Cause::Deadline);
  ready = true;
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return share(c) == plan::Share{5000}; })) << c.state().message;
}

// A database that the new version has changed cannot serve the old one: whatever is asked for, it goes on first.
TEST(Halt, frozen_nothing_that_is_asked_for_takes_a_release_back) {
  ModelledCluster c(release("Freeze"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return share(c) == plan::Share{5000} && c.state().phase == Phase::Paused; }));
  c.set_image("v3");
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(share(c), plan::Share{5000});
  EXPECT_FALSE(c.state().retreat);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.state().history.at(0)["images"] == Value("web=shop/web:v2"); }));
  EXPECT_EQ(c.state().history.at(0)["result"], Value("Released"));
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.state().candidate; }))
      << c.state().message;
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v3") == 4; })) << c.state().message;
}

TEST(Halt, is_read_as_it_was_written) {
  State s;
  s.halt = Halt{.cause = Cause::Restarts, .message = "m", .metric = "x", .at = base::Time(base::seconds(5))};
  s.guard.overruled_restarts = 3;
  EXPECT_EQ(read_state(write_state(s)), s);
}

}  // namespace
}  // namespace slipway::delivery
