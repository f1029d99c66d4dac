// What people do to a release in the middle of it: edit its steps, make a second one, take things away.
#include <gtest/gtest.h>

#include <algorithm>

#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kApproval = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "strategy":{"canary":{"steps":[{"weight":25},{"pause":{}}]}}})";

std::int64_t share(const ModelledCluster& c) { return c.view().candidate.points; }

// The gates that stand before a step that gives more are passed by nobody, however the steps are edited.
TEST(InTheMiddle, changed_steps_do_not_skip_what_has_to_be_passed) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  const std::int64_t before = share(c);
  ASSERT_EQ(c.state().traffic.verified, 2500);
  c.patch_release(
      json(R"({"spec":{"strategy":{"canary":{"steps":[{"weight":10},{"pause":{}},{"weight":75},{"pause":{}}]}}}})"));
  for (int i = 0; i < 100; ++i) c.turn();
  EXPECT_EQ(c.state().phase, Phase::Paused) << c.state().message;
  EXPECT_EQ(share(c), before) << "and the traffic stays";
  EXPECT_EQ(c.state().user_step, 1);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.state().traffic.verified == 7500; }));
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  EXPECT_EQ(c.pods_of("v2"), 4);
  EXPECT_EQ(c.pods_of("v1"), 0);
}

TEST(InTheMiddle, a_canary_that_becomes_blue_green_passes_its_gates_first) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  const std::int64_t before = share(c);
  c.patch_release(json(R"({"spec":{"strategy":{"canary":null,"blueGreen":{"previewReplicas":1,"keepPrevious":"1s",
    "preSwitchAnalysis":{"templates":[{"name":"slo"}]}}}}})"));
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.state().message.contains("promote"); }))
      << c.state().message;
  for (int i = 0; i < 100; ++i) c.turn();
  EXPECT_EQ(share(c), before);
  EXPECT_TRUE(std::ranges::any_of(c.state().log.items(), [](const Value& entry) {
    return entry["rule"] == Value("analysis.start");
  })) << "the analysis was made";
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("v2"), 4);
  EXPECT_EQ(c.pods_of("v1"), 0);
}

TEST(InTheMiddle, the_proof_of_a_rollback_says_when_the_route_is_gone) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.write_route(json(R"([{"backendRefs":[{"name":"other","port":80}]}])"));
  c.command(Verb::Abort);
  ASSERT_TRUE(c.run_until([&] { return c.state().last_rollback.has_value(); }));
  Verification proof = c.state().last_rollback->verification;
  EXPECT_EQ(proof.state, CheckState::Failed);
  EXPECT_EQ(proof.check("route").message, "HTTPRoute web does not name Service web any more");
  EXPECT_EQ(proof.check("traffic").state, CheckState::Skipped);
  for (const Check& check : proof.checks) EXPECT_NE(check.state, CheckState::Pending) << check.name;
}

TEST(InTheMiddle, a_second_release_of_a_workload_does_nothing) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  Observation o = c.observe();
  o.rival = "first";
  const control::Decision refused = decide(o, plan::gateway_capabilities(), c.now());
  EXPECT_TRUE(refused.effects.empty());
  EXPECT_EQ(read_state(refused.status).phase, Phase::Invalid);
  EXPECT_EQ(read_state(refused.status).message,
            "Deployment web has a Release already, first: a workload has one. Delete either of them");
  const Value asked = command_patch({.id = "7", .verb = Verb::Abort, .by = "alice"});
  o.release.set({"metadata", "annotations"}, asked["metadata"]["annotations"]);
  const State answered = read_state(decide(o, plan::gateway_capabilities(), c.now()).status);
  EXPECT_EQ(answered.command.id, "7") << "whoever asks for something is told";
  EXPECT_TRUE(answered.command.result.starts_with("refused: Deployment web has a Release already"));
  o.release.set({"metadata", "deletionTimestamp"}, "2026-01-01T00:00:00Z");
  const control::Decision left = decide(o, plan::gateway_capabilities(), c.now());
  ASSERT_EQ(left.effects.size(), 1u) << "its finalizer, and nothing of the workload";
  EXPECT_EQ(std::get<control::Patch>(left.effects[0]).resource, api::kReleases);
}

// Whoever applies the manifest of the route again is in conflict with nobody.
TEST(InTheMiddle, what_is_owned_of_the_route_is_given_up_with_the_split) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.patch_route(json(R"({"metadata":{"managedFields":[{"manager":"kubectl","operation":"Apply"},
    {"manager":"release","operation":"Update"},{"manager":"release","operation":"Update","subresource":"status"}]}})"));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_EQ(c.route()["metadata"]["managedFields"].size(), 3u) << "not as long as it is split";
  c.command(Verb::Abort);
  ASSERT_TRUE(c.reaches(Phase::RolledBack));
  ASSERT_EQ(c.route()["metadata"]["managedFields"].size(), 2u);
  EXPECT_EQ(c.route()["metadata"]["managedFields"].at(0)["manager"], Value("kubectl"));
  const auto writes = c.writes();
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(c.writes(), writes);
}

TEST(InTheMiddle, a_retry_where_nothing_is_measured_is_refused) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Retry, "a reason\nof two lines");
  for (int i = 0; i < 5; ++i) c.turn();
  EXPECT_TRUE(c.state().command.result.starts_with("refused: revision 2 is being released"))
      << c.state().command.result;
  EXPECT_EQ(c.state().command.reason, "a reason of two lines");
  c.command(Verb::Abort);
  ASSERT_TRUE(c.run_until([&] { return c.state().retreat.has_value(); }));
  c.command(Verb::Promote);
  for (int i = 0; i < 2; ++i) c.turn();
  EXPECT_TRUE(c.state().command.result.starts_with("refused: revision 2 is on its way back"))
      << c.state().command.result;
}

// First the workload goes, then its Release: nobody is left to give the route back later.
TEST(InTheMiddle, a_release_without_its_workload_leaves_the_route_as_it_was) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  ASSERT_GT(share(c), 0);
  c.delete_deployment();
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
  const Value& backends = c.route()["spec"]["rules"].at(0)["backendRefs"];
  ASSERT_EQ(backends.size(), 1u);
  EXPECT_EQ(backends.at(0)["name"], Value("web"));
}

}  // namespace
}  // namespace slipway::delivery
