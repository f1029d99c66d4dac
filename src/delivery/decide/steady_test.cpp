// Others act while a release is under way: people, Git tools, machines.
#include <gtest/gtest.h>

#include "api/meta.h"
#include "delivery/commands.h"
#include "delivery/decide/decide.h"
#include "delivery/decide/hold.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kApproval =
    R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"30s",
  "strategy":{"canary":{"steps":[{"weight":25},{"pause":{}}]}}})";
constexpr const char* kRatio =
    R"({"target":{"name":"web"},"deadline":"30s","strategy":{"canary":{"steps":[{"weight":50},{"pause":{}}]}}})";
constexpr const char* kPlainRules = R"([{"backendRefs":[{"name":"web","port":80}]}])";

std::int64_t weight_of(const ModelledCluster& c, const char* service) {
  for (const Value& ref : c.route()["spec"]["rules"].at(0)["backendRefs"].items())
    if (ref["name"].as_string() == service) return ref["weight"].as_int(1);
  return -1;
}

// v2 waits for a person at its first step.
class Steady : public ::testing::Test {
 protected:
  void begin(const char* spec) {
    cluster.emplace(json(spec));
    ASSERT_TRUE(cluster->reaches(Phase::Idle));
    cluster->set_image("v2");
    ASSERT_TRUE(cluster->reaches(Phase::Paused)) << cluster->state().message;
  }
  bool until(const std::function<bool()>& done) { return cluster->run_until(done); }
  void run(int turns, base::Duration step = base::milliseconds(100)) {
    for (int i = 0; i < turns; ++i) cluster->turn(step);
  }
  void finish() {
    cluster->patch_release(command_patch({.id = "go", .verb = Verb::Promote}));
    ASSERT_TRUE(cluster->reaches(Phase::Idle)) << cluster->state().message;
    EXPECT_EQ(cluster->pods_of("v2"), 4);
    EXPECT_EQ(cluster->pods_of("v1"), 0);
    EXPECT_EQ(cluster->owner_of("v2"), "Deployment");
    EXPECT_EQ(weight_of(*cluster, "web"), 1);
  }

  std::optional<ModelledCluster> cluster;
};

TEST_F(Steady, a_route_that_somebody_rewrote_is_put_back_and_verified_again) {
  begin(kApproval);
  cluster->write_route(json(kPlainRules));
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web-canary") == 25; })) << cluster->state().message;
  ASSERT_TRUE(until([&] { return cluster->state().phase == Phase::Paused && !cluster->state().traffic.disturbed_at; }));
  EXPECT_EQ(cluster->state().traffic.verified, 2500);
  EXPECT_EQ(cluster->state().traffic.taken, 1);
  finish();
}

// It looks like what a crashed decision has left, and is not: a person has not said yet that it goes on.
TEST_F(Steady, a_route_that_somebody_gave_the_weights_of_the_next_step_is_put_back) {
  begin(kApproval);
  cluster->write_route(json(
      R"([{"backendRefs":[{"name":"web-stable","port":80,"weight":0},{"name":"web-canary","port":80,"weight":100}]}])"));
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web-canary") == 25; })) << cluster->state().message;
  EXPECT_EQ(cluster->state().traffic.taken, 1);
  ASSERT_TRUE(until([&] { return cluster->state().phase == Phase::Paused && !cluster->state().traffic.disturbed_at; }));
  EXPECT_EQ(cluster->state().traffic.verified, 2500);
  finish();
}

TEST_F(Steady, a_writer_that_insists_is_answered_seldom) {
  begin(kApproval);
  cluster->patch_release(json(R"({"spec":{"deadline":"20m"}})"));
  int reverts = 0;
  for (int i = 0; i < 3000; ++i) {  // five minutes
    cluster->turn();
    if (weight_of(*cluster, "web-canary") == 25) {
      cluster->write_route(json(kPlainRules));
      ++reverts;
    }
  }
  EXPECT_GE(reverts, 8);
  EXPECT_LE(reverts, 14) << "two programs that both insist must not load the API";
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web-canary") == 25; }));
  ASSERT_TRUE(until([&] { return cluster->state().phase == Phase::Paused; })) << cluster->state().message;
  finish();
}

TEST_F(Steady, a_writer_that_insists_longer_than_the_deadline_gets_the_old_version_back) {
  begin(kApproval);
  std::int64_t writes = 0;
  ASSERT_TRUE(until([&] {
    if (weight_of(*cluster, "web") != 1) {
      cluster->write_route(json(kPlainRules));
      ++writes;
    }
    return cluster->state().phase == Phase::RolledBack;
  })) << cluster->state().message;
  EXPECT_LE(writes, 10);
  EXPECT_EQ(cluster->state().last_rollback->cause, Cause::Deadline);
  EXPECT_EQ(cluster->pods_of("v2"), 0);
  EXPECT_EQ(cluster->pods_of("v1"), 4);
}

TEST_F(Steady, a_candidate_without_ready_pods_loses_its_traffic_until_it_has_some) {
  begin(kApproval);
  cluster->becomes_ready = [](const std::string& image) { return image != "shop/web:v2"; };
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web-canary") == 0; })) << cluster->state().message;
  run(20);
  cluster->becomes_ready = [](const std::string&) { return true; };
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web-canary") == 25; })) << cluster->state().message;
  ASSERT_TRUE(cluster->reaches(Phase::Paused));
  finish();
}

TEST_F(Steady, a_candidate_that_stays_away_is_taken_back) {
  begin(kApproval);
  cluster->becomes_ready = [](const std::string& image) { return image != "shop/web:v2"; };
  ASSERT_TRUE(cluster->reaches(Phase::RolledBack)) << cluster->state().message;
  EXPECT_EQ(cluster->state().last_rollback->cause, Cause::Deadline);
  EXPECT_EQ(cluster->pods_of("v1"), 4);
}

TEST_F(Steady, a_stable_version_without_ready_pods_leaves_everything_to_the_candidate) {
  begin(kApproval);
  cluster->becomes_ready = [](const std::string& image) { return image != "shop/web:v1"; };
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web-canary") == 100; })) << cluster->state().message;
  cluster->becomes_ready = [](const std::string&) { return true; };
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web-canary") == 25; })) << cluster->state().message;
  ASSERT_TRUE(cluster->reaches(Phase::Paused));
  finish();
}

// A wall clock that jumps back makes ready pods unavailable for a while (minReadySeconds); they serve all the same.
TEST_F(Steady, pods_that_are_ready_keep_their_traffic) {
  begin(kApproval);
  ASSERT_TRUE(cluster->reaches(Phase::Paused));
  for (const std::string hash : {cluster->state().stable->hash, cluster->state().candidate->hash}) {
    Observation o = cluster->observe();
    for (Version& v : o.versions)
      if (v.hash == hash) v.available = 0;
    for (const control::Effect& effect : decide(o, plan::gateway_capabilities(), cluster->now()).effects)
      if (const auto* patch = std::get_if<control::Patch>(&effect)) EXPECT_NE(patch->resource, api::kHttpRoutes);
  }
  finish();
}

TEST_F(Steady, a_candidate_replica_set_that_was_deleted_is_made_again) {
  for (const char* spec : {kApproval, kRatio}) {
    begin(spec);
    const std::int64_t before = cluster->pods_of("v2");
    cluster->delete_set("v2");
    ASSERT_TRUE(until([&] { return cluster->pods_of("v2") == before; })) << cluster->state().message;
    ASSERT_TRUE(cluster->reaches(Phase::Paused)) << cluster->state().message;
    finish();
  }
}

TEST_F(Steady, a_candidate_replica_set_that_was_deleted_when_it_was_promoted_is_promoted_again) {
  for (const char* spec : {kApproval, kRatio}) {
    for (const bool late : {false, true}) {
      begin(spec);
      cluster->patch_release(command_patch({.id = "go", .verb = Verb::Promote}));
      ASSERT_TRUE(
          until([&] { return cluster->owner_of("v2") == "Deployment" && (!late || cluster->pods_of("v1") == 0); }));
      ASSERT_NE(cluster->state().phase, Phase::Idle);
      cluster->delete_set("v2");
      ASSERT_TRUE(until([&] { return !cluster->state().position.handed_over; }));
      ASSERT_TRUE(cluster->reaches(Phase::Idle)) << cluster->state().message;
      EXPECT_EQ(cluster->state().stable->images, "web=shop/web:v2");
      EXPECT_EQ(cluster->pods_of("v2"), 4);
      EXPECT_EQ(cluster->pods_of("v1"), 0);
      EXPECT_EQ(cluster->owner_of("v2"), "Deployment");
      EXPECT_EQ(weight_of(*cluster, "web"), 1);
    }
  }
}

TEST_F(Steady, a_deployment_that_was_resumed_is_held_again_and_its_own_rollout_put_away) {
  for (const char* spec : {kApproval, kRatio}) {
    begin(spec);
    const std::int64_t before = cluster->pods_of("v2"), sets = cluster->sets();
    cluster->unpause_and_roll(2);
    ASSERT_TRUE(until([&] { return cluster->deployment()["spec"]["paused"].as_bool(); }));
    ASSERT_TRUE(until([&] { return cluster->pods_of("v2") == before && cluster->sets() == sets; }))
        << cluster->state().message;
    EXPECT_EQ(cluster->state().phase, Phase::Paused);
    finish();
  }
}

TEST_F(Steady, a_rejected_version_that_was_resumed_is_put_away) {
  begin(kApproval);
  cluster->patch_release(command_patch({.id = "no", .verb = Verb::Abort}));
  ASSERT_TRUE(cluster->reaches(Phase::RolledBack));
  cluster->unpause_and_roll(1);
  run(2);
  ASSERT_TRUE(until([&] { return cluster->pods_of("v2") == 0; })) << cluster->state().message;
  EXPECT_EQ(cluster->state().phase, Phase::RolledBack);
  EXPECT_EQ(cluster->pods_of("v1"), 4);
  run(50);
  const auto writes = cluster->writes();
  run(100, base::seconds(5));
  EXPECT_EQ(cluster->writes(), writes);
}

TEST_F(Steady, a_deployment_that_was_made_anew_is_adopted_and_its_route_mended) {
  begin(kApproval);
  cluster->delete_deployment();
  run(5);
  EXPECT_EQ(cluster->state().phase, Phase::Pending);
  cluster->create_deployment();
  ASSERT_TRUE(until([&] { return weight_of(*cluster, "web") == 1; })) << cluster->state().message;
  ASSERT_TRUE(cluster->reaches(Phase::Idle));
  EXPECT_EQ(cluster->pods_of("v2"), 4);
  EXPECT_FALSE(cluster->state().candidate);
}

// Any controller of Gateway API: its status is all that it tells.
TEST(OtherRouter, a_weight_counts_once_its_status_has_accepted_the_generation) {
  ModelledCluster c(json(kApproval));
  c.other_router = true;
  ASSERT_TRUE(c.reaches(Phase::Idle));
  const base::Time began = c.now();
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
  EXPECT_EQ(c.state().traffic.verified, 2500);
  EXPECT_GE(c.now() - began, 2 * plan::kAcceptedSettle) << "accepted is not in force: 0 %, then 25 %";
  c.patch_release(command_patch({.id = "no", .verb = Verb::Abort}));
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  Verification v = c.state().last_rollback->verification;
  EXPECT_EQ(v.check("traffic").state, CheckState::Passed);
  EXPECT_EQ(v.check("requests").state, CheckState::Skipped) << "what nobody tells is not proven";
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_EQ(weight_of(c, "web"), 1);
}

TEST(OtherRouter, a_refusal_stops_the_release_with_the_routers_words) {
  ModelledCluster c(json(kApproval));
  c.other_router = true;
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.router_answers = false;
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::RollingBack));
  EXPECT_NE(c.state().retreat->message.find("example.com/router: Accepted is False"), std::string::npos)
      << c.state().retreat->message;
}

TEST_F(Steady, the_deployment_says_who_holds_it_and_for_how_long) {
  begin(kApproval);
  const Value& held = api::condition(cluster->deployment(), kHeldCondition);
  EXPECT_EQ(held["status"], Value("True"));
  EXPECT_NE(held["message"].as_string().find("slipway undo web"), std::string::npos);
  finish();
  cluster->delete_release();
  ASSERT_TRUE(until([&] { return cluster->release_is_gone(); }));
  EXPECT_TRUE(api::condition(cluster->deployment(), kHeldCondition).is_null());
}

}  // namespace
}  // namespace slipway::delivery
