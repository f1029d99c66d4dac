#include "delivery/decide/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "api/meta.h"
#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;
using ::testing::StartsWith;

constexpr const char* kCanary = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "guards":{"maxRestarts":2,"maxProbeFailures":2},"deadline":"30s","rollback":{"verifyTimeout":"20s"},
  "strategy":{"canary":{"steps":[{"weight":5},{"analysis":{"templates":[{"name":"slo"}]}},{"weight":50},{"pause":{"duration":"3s"}}]}}})";
constexpr const char* kApproval = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "strategy":{"canary":{"steps":[{"weight":25},{"pause":{}}]}}})";
constexpr const char* kRolling =
    R"({"target":{"name":"web"},"guards":{"maxRestarts":1},"deadline":"30s","strategy":{"rolling":{"maxSurge":1,"maxUnavailable":0}}})";
constexpr const char* kRatio =
    R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":25},{"pause":{"duration":"5s"}},{"weight":75}]}}})";

std::int64_t weight_of(const ModelledCluster& c, const char* service) {
  for (const Value& ref : c.route()["spec"]["rules"].at(0)["backendRefs"].items())
    if (ref["name"].as_string() == service) return ref["weight"].as_int(1);
  return -1;
}

bool adopted(ModelledCluster& c) { return c.reaches(Phase::Idle); }

// Idle, with this version serving everything, natively owned, nothing of ours left in the way.
void expect_settled(ModelledCluster& c, const std::string& tag) {
  EXPECT_EQ(c.state().phase, Phase::Idle) << c.state().message;
  EXPECT_EQ(c.pods_of(tag), 4);
  EXPECT_EQ(c.owner_of(tag), "Deployment");
  EXPECT_EQ(weight_of(c, "web"), 1);
  EXPECT_TRUE(c.deployment()["spec"]["paused"].as_bool());
  EXPECT_EQ(c.turns_in_proportion(), 0);
}

TEST(Decide, adopts_a_settled_deployment_and_pauses_it) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  EXPECT_TRUE(c.deployment()["spec"]["paused"].as_bool());
  EXPECT_EQ(c.state().stable->images, "web=shop/web:v1");
  EXPECT_EQ(weight_of(c, "web"), 1);
}

TEST(Decide, a_steady_state_writes_nothing) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  for (int i = 0; i < 5; ++i) c.turn();
  const auto writes = c.writes() + c.status_writes();
  for (int i = 0; i < 200; ++i) c.turn(base::seconds(7));
  EXPECT_EQ(c.writes() + c.status_writes(), writes);
}

TEST(Decide, a_good_canary_goes_through_and_the_analysed_pods_stay) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  std::int64_t highest = 0;
  ASSERT_TRUE(c.run_until([&] {
    const std::int64_t weight = std::max<std::int64_t>(weight_of(c, "web-canary"), 0);
    if (c.state().phase == Phase::Progressing) EXPECT_GE(weight, highest) << "a good canary only grows";
    highest = std::max(highest, weight);
    return c.state().phase == Phase::Idle;
  })) << c.state().message;
  expect_settled(c, "v2");
  const Value log = c.state().log;
  const auto passed =
      std::ranges::find(log.items(), Value("done: analyse slo"), [](const Value& e) { return e["text"]; });
  ASSERT_NE(passed, log.items().end());
  EXPECT_EQ((*passed)["inputs"]["metrics"], json(R"([{"name":"error-rate","value":0.2}])"));
  EXPECT_EQ(highest, 100);
  EXPECT_EQ(c.pods_of("v1"), 0);
  EXPECT_EQ(c.owner_of("v1"), "Deployment");
  EXPECT_EQ(c.state().history.at(0)["result"], Value("Released"));
}

TEST(Decide, no_traffic_before_capacity_and_no_step_before_the_read_back) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.becomes_ready = [](const std::string& image) { return image != "shop/web:v2"; };
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") > 0; }));
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(weight_of(c, "web-canary"), 0);
  c.becomes_ready = [](const std::string&) { return true; };
  c.router_answers = false;
  ASSERT_TRUE(c.run_until([&] { return weight_of(c, "web-canary") == 5; }));
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(c.state().user_step, 0) << "not verified, not done";
}

TEST(Decide, a_failed_analysis_turns_back_with_evidence_and_proof) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.verdict = [](const Value& run) { return run["spec"]["kind"].as_string() == "Step" ? "Failed" : "Successful"; };
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::RollingBack));
  EXPECT_EQ(c.pods_of("v1"), 4);
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  const State s = c.state();
  EXPECT_EQ(weight_of(c, "web"), 1);
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_EQ(c.pods_of("v1"), 4);
  ASSERT_TRUE(s.last_rollback);
  EXPECT_EQ(s.last_rollback->cause, Cause::AnalysisFailed);
  EXPECT_EQ(s.last_rollback->metric, "error-rate");
  EXPECT_EQ(s.last_rollback->evidence.size(), 1u);
  EXPECT_EQ(s.last_rollback->verification.state, CheckState::Passed);
  EXPECT_EQ(s.last_rollback->verification.checks.size(), 6u);
  ASSERT_TRUE(s.last_rollback->failing_at && s.last_rollback->traffic_zero_at && s.last_rollback->drained_at);
  EXPECT_LE(*s.last_rollback->failing_at, *s.last_rollback->traffic_zero_at);
  EXPECT_LT(*s.last_rollback->traffic_zero_at - *s.last_rollback->failing_at, base::seconds(2));
  EXPECT_EQ(c.deployment()["spec"]["template"]["spec"]["containers"].at(0)["image"], Value("shop/web:v2"))
      << "the user's spec is not touched";
}

TEST(Decide, a_rejected_revision_is_held_until_the_template_changes) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.verdict = [](const Value& run) { return run["spec"]["kind"].as_string() == "Step" ? "Failed" : "Successful"; };
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::RolledBack));
  for (int i = 0; i < 5; ++i) c.turn();
  const auto writes = c.writes() + c.status_writes();
  for (int i = 0; i < 100; ++i) c.turn(base::seconds(5));
  EXPECT_EQ(c.writes() + c.status_writes(), writes);
  EXPECT_EQ(c.pods_of("v2"), 0);
  c.verdict = [](const Value&) { return "Successful"; };
  c.set_image("v3");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v3");
  EXPECT_FALSE(c.state().rejected);
}

TEST(Decide, verification_waits_for_sessions_and_times_out_visibly) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.verdict = [](const Value& run) { return run["spec"]["kind"].as_string() == "Step" ? "Failed" : "Successful"; };
  c.sessions_on_candidate = 1;
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Verifying));
  for (int i = 0; i < 100; ++i) c.turn();
  EXPECT_GT(c.pods_of("v2"), 0) << "pods with sessions stay while the proof may still come";
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::TimedOut);
}

TEST(Decide, verification_fails_when_stable_is_out_of_band_too) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.verdict = [](const Value&) { return "Failed"; };
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::Failed);
  EXPECT_EQ(weight_of(c, "web"), 1);
}

TEST(Decide, too_many_restarts_turn_back) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.patch_release(json(R"({"spec":{"guards":{"maxRestarts":2,"maxProbeFailures":9}}})"));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  for (int i = 0; i < 3; ++i) c.crash_pod("v2");
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->cause, Cause::Restarts);
}

TEST(Decide, lost_readiness_turns_back) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.patch_release(json(R"({"spec":{"guards":{"maxRestarts":99,"maxProbeFailures":1}}})"));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  for (int i = 0; i < 2; ++i) {
    c.crash_pod("v2");
    for (int k = 0; k < 30; ++k) c.turn();
  }
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->cause, Cause::ProbeFailures);
}

TEST(Decide, the_deadline_turns_back_and_says_what_it_waited_for) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.becomes_ready = [](const std::string& image) { return image != "shop/web:v2"; };
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->cause, Cause::Deadline);
  EXPECT_NE(c.state().last_rollback->message.find("0 of 1 candidate pods"), std::string::npos)
      << c.state().last_rollback->message;
}

TEST(Decide, a_person_goes_on_with_a_later_step_and_pods_come_before_its_traffic) {
  ModelledCluster c(json(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"30s",
    "strategy":{"canary":{"steps":[{"weight":5},{"pause":{}},{"weight":20},{"analysis":{"templates":[{"name":"slo"}]}},
      {"weight":50},{"pause":{}}]}}})"));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  const auto paused_at = [&](int step) {
    return c.run_until([&] { return c.state().phase == Phase::Paused && c.state().user_step == step; });
  };
  ASSERT_TRUE(paused_at(1));
  const auto jump = [&](std::int64_t step) {
    c.patch_release(
        command_patch({.id = "to-" + std::to_string(step), .verb = Verb::PromoteTo, .by = "alice", .step = step}));
    c.turn();
    return c.state().command.result;
  };
  EXPECT_EQ(jump(2), "refused: step 2 has begun already; slipway back goes back");
  EXPECT_EQ(jump(7), "refused: there are steps 1 to 6");
  EXPECT_EQ(c.state().log.at(c.state().log.size() - 1)["text"],
            Value("promote --to-step 7 by alice: refused: there are steps 1 to 6"));
  EXPECT_EQ(jump(6), "accepted: on with step 5, \"scale the candidate for 50 %\"") << "what the pause stands on";
  bool ever_20 = false;
  c.watch = [&](const auto&, const auto&) { ever_20 = ever_20 || weight_of(c, "web-canary") == 20; };
  ASSERT_TRUE(paused_at(5)) << c.state().message;
  EXPECT_EQ(weight_of(c, "web-canary"), 50);
  EXPECT_EQ(c.pods_of("v2"), 2);
  EXPECT_FALSE(ever_20);
  EXPECT_TRUE(c.observe().runs.empty()) << "the analysis that lay between";
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  expect_settled(c, "v2");
}

TEST(Decide, a_promotion_that_is_broken_off_still_follows_the_size_on_the_way_back) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.owner_of("v1") != "Deployment"; })) << "the old version is taken over";
  c.set_replicas(6);
  c.command(Verb::Abort);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::RolledBack || c.state().phase == Phase::Idle; }))
      << c.state().message;
  EXPECT_EQ(c.pods_of("v1") + c.pods_of("v2"), 6);
}

TEST(Decide, an_approval_waits_for_a_person_and_a_command_counts_once) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  for (int i = 0; i < 100; ++i) c.turn(base::seconds(60));
  EXPECT_EQ(c.state().phase, Phase::Paused);
  EXPECT_EQ(weight_of(c, "web-canary"), 25);
  c.patch_release(command_patch({.id = "1", .verb = Verb::Promote, .by = "alice"}));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v2");
  EXPECT_EQ(c.state().command.result, "accepted");
  c.set_image("v3");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_EQ(c.state().phase, Phase::Paused) << "the old command is not obeyed again";
}

TEST(Decide, an_abort_goes_back_at_once_and_retry_starts_again) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.patch_release(command_patch({.id = "a", .verb = Verb::Abort, .by = "bob", .reason = "looks odd"}));
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().rejected->message, "aborted by bob: looks odd");
  c.patch_release(command_patch({.id = "b", .verb = Verb::Retry}));
  ASSERT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
  c.patch_release(command_patch({.id = "c", .verb = Verb::PromoteFull}));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v2");
}

TEST(Decide, a_retry_that_comes_too_early_is_told_what_is_going_on) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  const auto retry = [&] {
    c.command(Verb::Retry);
    for (int i = 0; i < 5; ++i) c.turn();
    return c.state().command.result;
  };
  EXPECT_EQ(retry(), "refused: nothing was rejected, and no analysis is undecided");
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  EXPECT_THAT(retry(), StartsWith("refused: revision 2 is being released, and nothing of it has failed: "));
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Abort, "looks odd");
  ASSERT_TRUE(c.reaches(Phase::RollingBack));
  EXPECT_EQ(retry(),
            "refused: revision 2 is still on its way back (aborted by alice: looks odd); when it has ended (slipway "
            "watch web), retry it");
  ASSERT_TRUE(c.reaches(Phase::RolledBack));
  EXPECT_EQ(retry(), "accepted");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.set_image("v1");
  ASSERT_TRUE(c.reaches(Phase::RollingBack));
  EXPECT_THAT(retry(), StartsWith("refused: revision 3 is on its way back and will not be held: "));
}

TEST(Decide, undo_asks_for_the_version_before) {
  ModelledCluster c(json(kRatio));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.patch_release(command_patch({.id = "never", .verb = Verb::Undo, .revision = 9}));
  c.turn();
  EXPECT_EQ(c.state().command.result, "refused: there has never been a revision 9; the newest is 2");
  c.patch_release(command_patch({.id = "u", .verb = Verb::Undo}));
  ASSERT_TRUE(c.reaches(Phase::Progressing)) << c.state().command.result;
  EXPECT_EQ(c.deployment()["spec"]["template"]["spec"]["containers"].at(0)["image"], Value("shop/web:v1"));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v1");
}

// spec.traffic says other names than when it made them.
TEST(Decide, services_of_earlier_names_go_at_rest_and_not_before) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.patch_release(json(R"({"spec":{"traffic":{"canaryService":"web-next"}}})"));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_TRUE(c.has_service("web-canary")) << "the release under way goes by it";
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  ASSERT_TRUE(c.run_until([&] { return !c.has_service("web-canary"); }));
  EXPECT_TRUE(c.has_service("web-stable"));
  EXPECT_TRUE(c.has_service("web")) << "the user's";
  const Value refs = json(R"([{"backendRefs":[{"name":"web","port":80}]},
      {"matches":[{"path":{"value":"/peek"}}],"backendRefs":[{"name":"web-next","port":80}]}])");
  c.set_image("v3");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  c.write_route(refs);
  c.patch_release(json(R"({"spec":{"traffic":{"canaryService":"web-other"}}})"));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_TRUE(c.has_service("web-next")) << "people have it in their route";
}

TEST(Decide, a_release_that_leaves_takes_the_services_of_earlier_names_with_it) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  c.patch_release(json(R"({"spec":{"traffic":{"stableService":"web-now","canaryService":"web-next"}}})"));
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
  EXPECT_FALSE(c.has_service("web-stable"));
  EXPECT_FALSE(c.has_service("web-canary"));
  EXPECT_TRUE(c.has_service("web"));
}

TEST(Decide, a_newer_version_in_the_middle_goes_back_first) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.set_image("v3");
  ASSERT_TRUE(c.run_until([&] { return c.state().candidate && c.state().candidate->images == "web=shop/web:v3"; }))
      << c.state().message;
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_FALSE(c.state().rejected);
  c.patch_release(command_patch({.id = "p", .verb = Verb::PromoteFull}));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v3");
}

TEST(Decide, the_stable_template_in_the_middle_goes_back) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.set_image("v1");
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v1");
  EXPECT_EQ(c.state().history.at(0)["result"], Value("Reverted"));
}

TEST(Decide, pausing_stops_and_resuming_goes_on) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return weight_of(c, "web-canary") == 5; }));
  c.patch_release(pause_patch(true));
  for (int i = 0; i < 200; ++i) c.turn(base::seconds(1));
  EXPECT_EQ(c.state().phase, Phase::Paused);
  EXPECT_EQ(weight_of(c, "web-canary"), 5);
  c.patch_release(pause_patch(false));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v2");
}

TEST(Decide, rolling_keeps_the_budget) {
  ModelledCluster c(json(kRolling));
  ASSERT_TRUE(adopted(c));
  c.watch = [](const Observation& o, const control::Decision&) {
    std::int64_t available = 0, spec = 0;
    for (const Version& v : o.versions) available += v.available, spec += v.spec;
    EXPECT_GE(available, 4);
    EXPECT_LE(spec, 5);
  };
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  expect_settled(c, "v2");
}

// The status that says that the candidate was handed over is lost (seed 449 of the simulation: the invariants then
// refused for ever that the old version goes).
TEST(Decide, a_handover_is_written_before_the_old_version_goes) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  bool lost = false;
  int effects_left = -1;
  c.watch = [&](const Observation&, const control::Decision& d) {
    if (c.state().position.handed_over) return;
    const bool hands_over = !d.status.is_null() && read_state(d.status).position.handed_over;
    if (hands_over && !lost && !d.effects.empty()) effects_left = static_cast<int>(d.effects.size());
    if (hands_over && lost) EXPECT_TRUE(d.effects.empty());
  };
  c.crashes = [&] {
    if (effects_left < 0 || effects_left-- > 0) return false;
    return lost = true;
  };
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_TRUE(lost);
  expect_settled(c, "v2");
}

// Seed 85 of the simulation: on the way back pods of the stable version counted that were being removed.
TEST(Decide, turned_around_it_does_not_count_pods_that_are_being_removed) {
  ModelledCluster c(json(kRolling));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 2; }));
  c.patch_release(command_patch({.id = "a", .verb = Verb::Abort}));
  ASSERT_TRUE(c.reaches(Phase::RollingBack));
  const auto candidate_shrinks = [&](std::int64_t unseen) {
    Observation o = c.observe();
    for (Version& v : o.versions) {
      const bool is_candidate = v.hash == c.state().candidate->hash;
      v.spec = is_candidate ? 3 : 2;
      v.ready = v.available = is_candidate ? 3 : 2;
      if (!is_candidate) v.unseen = unseen;
    }
    for (const control::Effect& effect : decide(o, plan::gateway_capabilities(), c.now()).effects)
      if (const auto* patch = std::get_if<control::Patch>(&effect))
        if (patch->body["spec"].has("replicas") && patch->name.ends_with(c.state().candidate->hash))
          return patch->body["spec"]["replicas"].as_int() < 3;
    return false;
  };
  EXPECT_TRUE(candidate_shrinks(0));
  // The status may know of its having been made smaller, with the pods that are to go.
  EXPECT_FALSE(candidate_shrinks(1));
  EXPECT_FALSE(candidate_shrinks(2));
}

// The same where pods of the candidate come on top: a size that was lowered and raised again.
TEST(Decide, pods_beside_the_stable_version_count_when_their_controller_knows_how_many_there_shall_be) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  const auto next = [&](std::int64_t unseen) {
    Observation o = c.observe();
    for (Version& v : o.versions)
      if (c.state().candidate && v.hash == c.state().candidate->hash) v.unseen = unseen;
    return read_state(decide(o, plan::gateway_capabilities(), c.now()).status).position;
  };
  const auto goes_on = [&](std::int64_t unseen) { return next(unseen).index > c.state().position.index; };
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 1 && goes_on(0); })) << c.state().message;
  EXPECT_FALSE(goes_on(1));
  ASSERT_TRUE(c.run_until([&] { return next(0).handed_over; })) << c.state().message;
  EXPECT_FALSE(next(1).handed_over);
}

// docs/decisions/0021: what is written is a size, and a pod that gets ready meanwhile refuses it as little as a label.
TEST(Decide, a_size_is_refused_only_where_somebody_has_specified_another_or_it_is_not_ours_any_more) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  const auto scales = [](const control::Decision& decision) {
    return std::ranges::find_if(decision.effects, [](const control::Effect& effect) {
      const auto* patch = std::get_if<control::Patch>(&effect);
      return patch && patch->body["spec"].has("replicas");
    });
  };
  control::Patch found;
  ASSERT_TRUE(c.run_until([&] {
    const control::Decision next = decide(c.observe(), plan::gateway_capabilities(), c.now());
    const auto at = scales(next);
    if (at != next.effects.end()) found = std::get<control::Patch>(*at);
    return !found.name.empty();
  }));
  EXPECT_EQ(found.version, "");
  EXPECT_FALSE(found.uid.empty());
  ASSERT_EQ(found.seen.size(), 2u);
  EXPECT_EQ(found.seen[0].path, (std::vector<std::string>{"metadata", "generation"}));
  EXPECT_EQ(found.seen[1].path, (std::vector<std::string>{"metadata", "labels", "slipway.dev/release"}));
  EXPECT_EQ(found.seen[1].value, data::Value("web"));
}

TEST(Decide, rolling_back_a_version_that_never_gets_ready) {
  ModelledCluster c(json(kRolling));
  ASSERT_TRUE(adopted(c));
  c.becomes_ready = [](const std::string& image) { return image != "shop/web:v2"; };
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.pods_of("v1"), 4);
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_EQ(c.owner_of("v1"), "Deployment");
  EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::Passed);
}

// A Deployment whose last active ReplicaSet is taken away scales up an old one: nobody may see a pod of it.
TEST(Decide, versions_of_long_ago_stay_asleep) {
  for (const char* spec : {kCanary, kRolling, kRatio}) {
    ModelledCluster c(json(spec));
    ASSERT_TRUE(adopted(c));
    for (const char* tag : {"v2", "v3", "v4"}) {
      c.set_image(tag);
      ASSERT_TRUE(c.reaches(Phase::Progressing));
      ASSERT_TRUE(c.run_until([&] {
        if (std::string_view(tag) != "v2") EXPECT_EQ(c.pods_of("v1"), 0);
        return c.state().phase == Phase::Idle;
      })) << c.state().message;
      expect_settled(c, tag);
    }
  }
}

TEST(Decide, deleting_in_the_middle_goes_back_and_leaves_nothing) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
  EXPECT_EQ(c.pods_of("v1"), 4);
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_EQ(weight_of(c, "web"), 1);
  EXPECT_EQ(c.owner_of("v1"), "Deployment");
  EXPECT_TRUE(c.deployment()["spec"]["paused"].as_bool()) << "unpausing would roll out v2, which nobody released";
  EXPECT_FALSE(api::annotation(c.deployment(), "slipway.dev/left-paused").empty());
  c.patch_release(json(R"({"metadata":{"name":"web","namespace":"shop","uid":"uid-next","generation":1,
    "resourceVersion":"1"}})")
                      .with("spec", json(kApproval)));
  ASSERT_TRUE(c.run_until([&] { return api::annotation(c.deployment(), "slipway.dev/left-paused").empty(); }))
      << "it was said of the end of the one before";
}

TEST(Decide, deleting_when_idle_unpauses_and_restarts_nothing) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(adopted(c));
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
  EXPECT_FALSE(c.deployment()["spec"].has("paused"));
  EXPECT_EQ(c.pods_of("v1"), 4);
}

TEST(Decide, an_impossible_spec_is_refused_and_moves_nothing) {
  ModelledCluster c(json(R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":500}]}}})"));
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  EXPECT_NE(c.state().message.find("spec.strategy.canary.steps[0].weight"), std::string::npos);
  EXPECT_FALSE(c.deployment()["spec"].has("paused"));
}

TEST(Decide, a_missing_template_is_refused_before_anything_moves) {
  ModelledCluster c(json(
      R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":5},{"analysis":{"templates":[{"name":"gone"}]}}]}}})"));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  EXPECT_EQ(c.state().message, "AnalysisTemplate gone does not exist");
  EXPECT_EQ(c.pods_of("v2"), 0);
}

TEST(Decide, scaling_in_the_middle_is_followed) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.set_replicas(8);
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v1") == 8 && c.pods_of("v2") == 2; })) << "a quarter of eight";
  c.patch_release(command_patch({.id = "p", .verb = Verb::Promote}));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("v2"), 8);
}

// Both while the release waits for a person and while it is paused.
TEST(Decide, the_candidate_keeps_the_pods_for_its_share) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  EXPECT_EQ(c.pods_of("v2"), 1);
  c.set_replicas(8);
  EXPECT_TRUE(c.run_until([&] { return c.pods_of("v2") == 2; }, 100)) << c.pods_of("v2") << " of 25 % of 8";
  c.patch_release(pause_patch(true));
  c.delete_set("v2");
  EXPECT_TRUE(c.run_until([&] { return c.pods_of("v2") == 2 && c.state().phase == Phase::Paused; }, 100));
  EXPECT_TRUE(c.run_until([&] { return weight_of(c, "web-canary") == 25; }, 100)) << "it was with stable meanwhile";
}

TEST(Decide, a_rolling_candidate_whose_set_is_deleted_gets_its_pods_again) {
  ModelledCluster c(json(kRolling));
  ASSERT_TRUE(adopted(c));
  c.patch_release(json(R"({"spec":{"strategy":{"rolling":{"bake":"10m"}}}})"));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 4 && c.pods_of("v1") == 0; }));
  for (int i = 0; i < 5; ++i) c.turn();
  c.delete_set("v2");
  EXPECT_TRUE(c.run_until([&] { return c.pods_of("v2") == 4; }, 100)) << c.state().message;
}

TEST(Decide, changed_steps_are_followed_without_going_back) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.patch_release(json(R"({"spec":{"strategy":{"canary":{"steps":[{"weight":10},{"weight":25},{"weight":50}]}}}})"));
  ASSERT_TRUE(c.run_until([&] {
    const auto w = weight_of(c, "web-canary");
    EXPECT_TRUE(w == -1 || w >= 25) << w;
    return c.state().phase == Phase::Idle;
  })) << c.state().message;
  expect_settled(c, "v2");
}

// Whatever crashes between two effects, and whatever the new version is like: it ends, in the right place.
RC_GTEST_PROP(Decide, any_crash_leads_to_the_same_end, ()) {
  const auto seed = *rc::gen::inRange<std::uint32_t>(0, 1'000'000);
  const bool good = *rc::gen::arbitrary<bool>();
  const char* spec = *rc::gen::element(kCanary, kRolling, kRatio);
  std::mt19937 random(seed);
  ModelledCluster c(json(spec));
  RC_ASSERT(adopted(c));
  c.crashes = [&] { return random() % 4 == 0; };
  c.becomes_ready = [&](const std::string& image) { return good || image != "shop/web:v2"; };
  if (spec == kRatio) c.patch_release(json(R"({"spec":{"deadline":"20s"}})"));
  c.watch = [&](const Observation& o, const control::Decision&) {
    std::int64_t available = 0;
    for (const Version& v : o.versions) available += v.available;
    RC_ASSERT(available >= 3);
  };
  c.set_image("v2");
  RC_ASSERT(
      c.run_until([&] { return c.state().history.at(0)["result"] == Value(good ? "Released" : "RolledBack"); }, 6000));
  RC_ASSERT(c.pods_of(good ? "v2" : "v1") == 4);
  RC_ASSERT(c.pods_of(good ? "v1" : "v2") == 0);
  RC_ASSERT(weight_of(c, "web") == 1);
  RC_ASSERT(c.turns_in_proportion() == 0);
}

TEST(State, is_read_as_it_was_written) {
  ModelledCluster c(json(kCanary));
  c.verdict = [](const Value&) { return "Failed"; };
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  for (int i = 0; i < 400; ++i) {
    c.turn();
    ASSERT_EQ(write_state(read_state(c.release()["status"])), c.release()["status"]);
  }
  EXPECT_EQ(c.state().phase, Phase::RolledBack);
}

}  // namespace
}  // namespace slipway::delivery
