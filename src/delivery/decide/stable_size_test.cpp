#include "delivery/decide/stable_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/invariants/invariants.h"

namespace slipway::delivery {
namespace {

using data::Value;
using testing::HasSubstr;

constexpr const char* kShrinking = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "guards":{"maxRestarts":2},"deadline":"5m","rollback":{"verifyTimeout":"20s"},
  "strategy":{"canary":{"dynamicStableScale":true,"steps":[{"weight":20},{"pause":{}},{"weight":50},{"pause":{}},
    {"weight":100},{"pause":{}}]}}})";

struct Pods {
  std::int64_t stable, candidate;
  bool operator==(const Pods&) const = default;
};
void PrintTo(const Pods& p, std::ostream* out) { *out << p.stable << " stable, " << p.candidate << " candidate"; }

Pods pods(const ModelledCluster& c) { return {c.pods_of("v1"), c.pods_of("v2")}; }

bool stands_at(ModelledCluster& c, std::int64_t percent, Pods expected) {
  return c.run_until([&] {
    return c.state().phase == Phase::Paused && c.view().candidate.points == percent * 100 && pods(c) == expected;
  });
}

// At the second pause, with half of the traffic.
ModelledCluster half_way() {
  ModelledCluster c(json(kShrinking), 10);
  EXPECT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  c.set_image("v2");
  EXPECT_TRUE(stands_at(c, 20, {8, 2})) << c.state().message;
  c.command(Verb::Promote);
  EXPECT_TRUE(stands_at(c, 50, {5, 5})) << c.state().message;
  return c;
}

TEST(StableSize, its_pods_follow_the_traffic_and_no_more_are_there_than_the_largest_step_adds) {
  ModelledCluster c(json(kShrinking), 10);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  std::int64_t most = 0, least = 100;
  c.watch = [&](const Observation& o, const control::Decision&) {
    std::int64_t asked = 0;
    for (const Version& v : o.versions) asked += v.spec;
    most = std::max(most, asked);
    least = std::min(least, asked);
  };
  c.set_image("v2");
  ASSERT_TRUE(stands_at(c, 20, {8, 2})) << c.state().message;
  EXPECT_EQ(c.owner_of("v1"), "");
  EXPECT_EQ(most, 12);
  c.command(Verb::Promote);
  ASSERT_TRUE(stands_at(c, 50, {5, 5})) << c.state().message;
  c.command(Verb::Promote);
  ASSERT_TRUE(stands_at(c, 100, {1, 10})) << c.state().message;
  EXPECT_EQ(most, 15);
  EXPECT_EQ(least, 10);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(pods(c), (Pods{0, 10}));
  EXPECT_EQ(c.owner_of("v1"), "Deployment");
  EXPECT_EQ(c.owner_of("v2"), "Deployment");
  EXPECT_EQ(c.turns_in_proportion(), 0);
}

TEST(StableSize, without_the_field_all_of_them_stay) {
  ModelledCluster c(json(kShrinking), 10);
  c.patch_release(json(R"({"spec":{"strategy":{"canary":{"dynamicStableScale":null}}}})"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(stands_at(c, 20, {10, 2})) << c.state().message;
  EXPECT_EQ(c.owner_of("v1"), "Deployment");
}

TEST(StableSize, a_way_back_without_steps_goes_by_the_same_weights) {
  ModelledCluster c(json(kShrinking), 10);
  c.patch_release(json(R"({"spec":{"rollback":{"window":{"revisions":2}}}})"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::PromoteFull);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v2") == 10; }))
      << c.state().message;
  std::int64_t most = 0;
  c.watch = [&](const Observation& o, const control::Decision&) {
    std::int64_t asked = 0;
    for (const Version& v : o.versions) asked += v.spec;
    most = std::max(most, asked);
  };
  c.set_image("v1");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(c.run_until([&] {
    EXPECT_NE(c.state().phase, Phase::Paused);
    return c.state().phase == Phase::Idle;
  })) << c.state().message;
  EXPECT_EQ(pods(c), (Pods{10, 0}));
  EXPECT_EQ(most, 15) << "at the step from half to all";
}

TEST(StableSize, no_pod_goes_before_the_router_was_read_back) {
  ModelledCluster c(json(kShrinking), 10);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().traffic.verified == 0; }));
  c.router_answers = false;
  ASSERT_TRUE(c.run_until([&] { return c.view().candidate.points == 2000; }));
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(pods(c), (Pods{10, 2}));
}

// Its pods start one after the other, and the router gives it what they can carry, never more.
TEST(StableSize, on_the_way_back_the_pods_come_first_and_the_candidate_makes_room) {
  ModelledCluster c = half_way();
  std::vector<std::int64_t> candidate_pods;
  c.starts_in = [n = 0]() mutable { return base::seconds(2 * ++n); };
  c.watch = [&](const Observation& o, const control::Decision&) {
    const Version* stable = o.find(c.state().stable->hash);
    const RouteView view = c.view();
    if (view.shape != RouteView::Shape::Split || !stable) return;
    const std::int64_t rest = plan::kWhole.points - view.candidate.points;
    const Budget budget{.surge = 3, .unavailable = 2};
    EXPECT_TRUE(can_carry(stable->available, {rest}, 10, budget))
        << rest << " on " << stable->available << " stable pods";
    if (candidate_pods.empty() || candidate_pods.back() != c.pods_of("v2")) candidate_pods.push_back(c.pods_of("v2"));
  };
  c.command(Verb::Abort);
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(candidate_pods, (std::vector<std::int64_t>{5, 4, 3, 0}));
  EXPECT_EQ(pods(c), (Pods{10, 0}));
  EXPECT_EQ(c.owner_of("v1"), "Deployment");
  EXPECT_EQ(c.view().shape, RouteView::Shape::Plain);
  EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::Passed);
}

// As long as a step may wait for pods.
TEST(StableSize, pods_that_do_not_come_back_hold_the_way_back_up_until_the_deadline) {
  ModelledCluster c = half_way();
  c.starts_in = [] { return base::hours(1); };
  c.command(Verb::Abort);
  ASSERT_TRUE(c.reaches(Phase::RollingBack));
  const base::Time begun = c.now();
  ASSERT_TRUE(c.run_until([&] { return c.view().candidate == plan::kNone; }, 6000)) << c.state().message;
  EXPECT_GE(c.now() - begun, base::minutes(5) - base::seconds(1));
}

TEST(StableSize, scaling_in_the_middle_is_followed_by_both) {
  ModelledCluster c = half_way();
  c.set_replicas(20);
  EXPECT_TRUE(stands_at(c, 50, {10, 10})) << c.state().message;
  c.set_replicas(4);
  EXPECT_TRUE(stands_at(c, 50, {2, 2})) << c.state().message;
  c.command(Verb::Promote);
  ASSERT_TRUE(stands_at(c, 100, {1, 4})) << c.state().message;
}

TEST(StableSize, a_step_back_first_gets_the_stable_version_its_pods) {
  ModelledCluster c = half_way();
  std::int64_t pods_when_written = 0;
  c.watch = [&](const Observation& o, const control::Decision&) {
    const Version* stable = o.find(c.state().stable->hash);
    if (c.view().candidate.points == 2000 && pods_when_written == 0) pods_when_written = stable->available;
  };
  c.command(Verb::Back);
  ASSERT_TRUE(c.run_until([&] { return c.view().candidate.points == 2000 && c.pods_of("v1") == 8; }))
      << c.state().message;
  ASSERT_TRUE(stands_at(c, 20, {8, 2})) << c.state().message;
  EXPECT_GE(pods_when_written, 7) << "8 of 10, of which one may be missing";
}

TEST(StableSize, a_candidate_without_pods_leaves_everything_to_the_stable_version_which_grows) {
  ModelledCluster c = half_way();
  bool ready = false;
  c.becomes_ready = [&](const std::string& image) { return ready || image != "shop/web:v2"; };
  c.delete_set("v2");
  ASSERT_TRUE(c.run_until([&] { return c.view().candidate == plan::kNone && c.pods_of("v1") == 10; }))
      << c.state().message;
  ready = true;
  EXPECT_TRUE(stands_at(c, 50, {5, 5})) << c.state().message;
}

TEST(StableSize, the_field_may_be_taken_away_under_way) {
  ModelledCluster c = half_way();
  c.patch_release(json(R"({"spec":{"strategy":{"canary":{"dynamicStableScale":false}}}})"));
  EXPECT_TRUE(stands_at(c, 50, {10, 5})) << c.state().message;
  c.set_replicas(12);
  EXPECT_TRUE(stands_at(c, 50, {12, 6})) << c.state().message;
  c.patch_release(json(R"({"spec":{"strategy":{"canary":{"dynamicStableScale":true}}}})"));
  EXPECT_TRUE(stands_at(c, 50, {6, 6})) << c.state().message;
}

TEST(StableSize, the_stable_set_that_somebody_deletes_is_made_again_and_fitted) {
  ModelledCluster c = half_way();
  c.delete_set("v1");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 10; })) << "the candidate has everybody meanwhile";
  EXPECT_TRUE(stands_at(c, 50, {5, 5})) << c.state().message;
}

TEST(StableSize, a_release_that_is_deleted_leaves_all_pods) {
  ModelledCluster c = half_way();
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
  EXPECT_EQ(pods(c), (Pods{10, 0}));
  EXPECT_EQ(c.owner_of("v1"), "Deployment");
}

TEST(StableSize, one_pod_is_enough_of_nothing) {
  EXPECT_EQ(stable_pods_beside(plan::kWhole, 10), 1);
  EXPECT_EQ(stable_pods_beside(plan::kWhole, 0), 0);
  EXPECT_EQ(stable_pods_beside(plan::kNone, 10), 10);
  EXPECT_EQ(stable_pods_beside({1}, 10), 10);
  EXPECT_EQ(stable_pods_beside({1001}, 10), 9);
  EXPECT_EQ(stable_pods_beside({5000}, 3), 2);
}

// Whatever people do in the middle, whoever crashes between two effects: the stable version is never asked to have
// fewer pods than the route leaves it, and at the end one version has all of them.
RC_GTEST_PROP(StableSize, any_edits_and_crashes_leave_it_what_it_needs, ()) {
  std::mt19937 random(*rc::gen::inRange<std::uint32_t>(0, 1'000'000));
  ModelledCluster c(json(kShrinking), 1 + static_cast<std::int64_t>(random() % 12));
  RC_ASSERT(c.reaches(Phase::Idle));
  bool calm = false;
  c.crashes = [&] { return !calm && random() % 5 == 0; };
  const std::uint32_t mood = random();
  c.becomes_ready = [&, mood](const std::string& image) {  // a version has bad seconds
    const auto second = c.now().time_since_epoch() / base::seconds(1);
    return calm || std::hash<std::string>{}(image + std::to_string(second * 7 + mood)) % 8 != 0;
  };
  c.watch = [&](const Observation& o, const control::Decision& decision) {
    const State s = read_state(o.release["status"]);
    const Version* stable = s.stable && !s.position.handed_over ? o.find(s.stable->hash) : nullptr;
    const Version* candidate = s.candidate ? o.find(s.candidate->hash) : nullptr;
    if (!stable || !candidate) return;
    const RouteView view = c.view();
    const plan::Share given = view.shape == RouteView::Shape::Split ? view.candidate : plan::kNone;
    for (const control::Effect& effect : decision.effects) {
      const auto of_stable = invariants::written_replicas(*stable, effect);
      const auto of_candidate = invariants::written_replicas(*candidate, effect);
      if (of_stable && *of_stable < stable->spec) RC_ASSERT(*of_stable >= stable_pods_beside(given, o.replicas()));
      if (of_candidate && *of_candidate < candidate->spec) RC_ASSERT(*of_candidate >= pods_for(given, o.replicas()));
    }
  };
  c.set_image("v2");
  const char* tag = "v2";
  for (int i = 0; i < 12; ++i) {
    for (auto turns = random() % 40; turns > 0; --turns) c.turn();
    switch (random() % 9) {
      case 0:
        c.set_replicas(static_cast<std::int64_t>(random() % 12));
        break;
      case 1:
        c.set_image(tag = random() % 2 ? "v3" : "v1");
        break;
      case 2:
        c.delete_set(random() % 2 ? "v1" : "v2");
        break;
      case 3:
        c.command(Verb::Abort);
        break;
      case 4:
        c.command(Verb::Back);
        break;
      case 5:
        c.patch_release(
            Value::object({{"spec", json(random() % 2 ? R"({"strategy":{"canary":{"dynamicStableScale":false}}})"
                                                      : R"({"strategy":{"canary":{"dynamicStableScale":true}}})")}}));
        break;
      case 6:
        c.write_route(json(R"([{"backendRefs":[{"name":"web","port":80}]}])"));
        break;
      default:
        c.command(Verb::Promote);
    }
  }
  calm = true;
  c.set_replicas(5);
  c.set_image("v9");
  RC_ASSERT(c.run_until(
      [&] {
        if (c.state().phase == Phase::Paused) c.command(Verb::Promote);
        return c.state().phase == Phase::Idle && c.pods_of("v9") == 5;
      },
      9000));
  RC_ASSERT(c.owner_of("v9") == "Deployment");
  for (const char* old : {"v1", "v2", "v3"}) RC_ASSERT(c.pods_of(old) == 0);
}

}  // namespace
}  // namespace slipway::delivery
