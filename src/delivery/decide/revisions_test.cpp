// What is kept of versions, and what it is good for: ReplicaSets that somebody deletes.
#include "delivery/decide/revisions.h"

#include <gtest/gtest.h>

#include <set>

#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kApproval = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "strategy":{"canary":{"steps":[{"weight":25},{"pause":{}}]}},"revisionHistoryLimit":2})";
constexpr const char* kRatio =
    R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":50},{"pause":{}}]}}})";

constexpr const char* kWindow = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "rollback":{"window":{"revisions":1}},"strategy":{"canary":{"steps":[{"weight":25},{"pause":{}}]}}})";

class Revisions : public ::testing::Test {
 protected:
  void begin(const char* spec) {
    c.emplace(json(spec));
    ASSERT_TRUE(c->reaches(Phase::Idle));
  }
  void release(const std::string& tag) {
    c->set_image(tag);
    ASSERT_TRUE(c->reaches(Phase::Paused)) << c->state().message;
    c->command(Verb::Promote);
    ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::Idle && c->pods_of(tag) == 4; }));
  }
  bool comes_back(const std::string& tag, std::int64_t pods) {
    return c->run_until([&] { return c->pods_of(tag) == pods && c->owner_of(tag) == "Deployment"; });
  }

  std::optional<ModelledCluster> c;
  base::Time slow_until{};
};

TEST_F(Revisions, are_written_once_and_forgotten_with_the_history) {
  begin(kApproval);
  for (int i = 0; i < 5; ++i) c->turn();
  EXPECT_EQ(c->revisions(), 1);
  const auto writes = c->writes();
  for (int i = 0; i < 50; ++i) c->turn(base::seconds(7));
  EXPECT_EQ(c->writes(), writes);
  for (const char* tag : {"v2", "v3", "v4", "v5"}) release(tag);
  for (int i = 0; i < 5; ++i) c->turn();
  EXPECT_EQ(c->state().history.size(), 2u);
  EXPECT_EQ(c->revisions(), 2);
}

TEST_F(Revisions, a_stable_set_that_is_deleted_at_rest_comes_back) {
  begin(kApproval);
  c->turn();
  c->delete_set("v1");
  ASSERT_TRUE(comes_back("v1", 4)) << c->state().message;
  EXPECT_EQ(c->state().phase, Phase::Idle);
  release("v2");  // all goes on as ever
}

TEST_F(Revisions, one_that_is_deleted_in_the_middle_comes_back_beside_the_candidate) {
  begin(kApproval);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->delete_set("v1");
  ASSERT_TRUE(comes_back("v1", 4)) << c->state().message;
  EXPECT_EQ(c->pods_of("v2"), 1);
  c->command(Verb::Promote);
  ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::Idle && c->pods_of("v2") == 4; }));
  EXPECT_EQ(c->pods_of("v1"), 0);
}

TEST_F(Revisions, where_replicas_are_the_weight_it_grows_within_the_budget) {
  begin(kRatio);
  c->set_image("v2");
  ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::Paused && c->pods_of("v1") == 2; }));
  c->delete_set("v1");
  std::int64_t most = 0;
  ASSERT_TRUE(c->run_until([&] {
    most = std::max(most, c->pods_of("v1") + c->pods_of("v2"));
    return c->state().phase == Phase::Paused && c->pods_of("v1") == 2;
  })) << c->state().message;
  EXPECT_LE(most, 5);
  EXPECT_EQ(c->pods_of("v2"), 2);
}

TEST_F(Revisions, one_that_is_deleted_on_the_way_back_comes_back_before_the_candidate_goes) {
  begin(kApproval);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->run_until([&] { return c->state().retreat.has_value(); }));
  c->delete_set("v1");
  bool nobody = false;
  ASSERT_TRUE(c->run_until([&] {
    nobody = nobody || (c->pods_of("v1") == 0 && c->pods_of("v2") == 0);
    return c->state().phase == Phase::RolledBack && c->pods_of("v1") == 4;
  })) << c->state().message;
  EXPECT_FALSE(nobody);
}

// Then only what was kept knows what it was.
TEST_F(Revisions, one_that_is_deleted_while_a_rejected_version_is_asked_for_comes_back) {
  begin(kApproval);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  c->delete_set("v1");
  ASSERT_TRUE(comes_back("v1", 4)) << c->state().message;
  EXPECT_EQ(c->state().phase, Phase::RolledBack);
  // A Deployment without an active ReplicaSet wakes its newest one, here the rejected one: that is put away again, once
  // the stable one can do without it.
  EXPECT_TRUE(c->run_until([&] { return c->pods_of("v2") == 0 && c->pods_of("v1") == 4; }));
}

TEST_F(Revisions, what_the_deployment_woke_serves_until_the_stable_version_is_back) {
  begin(kApproval);
  release("v2");
  c->becomes_ready = [&](const std::string& image) { return image != "shop/web:v2" || c->now() > slow_until; };
  slow_until = c->now() + base::minutes(1);
  c->delete_set("v2");
  const base::Time awake = c->now() + base::seconds(3);
  c->crashes = [&] { return c->now() < awake; };  // the Deployment is faster than we are
  ASSERT_TRUE(c->run_until([&] { return c->now() > awake; }));
  EXPECT_EQ(c->pods_of("v1"), 4) << "woken by the Deployment";
  ASSERT_TRUE(c->run_until([&] { return c->now() > slow_until - base::seconds(10); }));
  EXPECT_EQ(c->pods_of("v1"), 4);
  EXPECT_TRUE(c->run_until([&] { return c->pods_of("v1") == 0 && c->pods_of("v2") == 4; }));
  EXPECT_EQ(c->state().phase, Phase::Idle);
}

// A Release from before anything was kept.
TEST_F(Revisions, when_nobody_knows_what_it_was_the_deployment_begins_by_itself) {
  begin(kApproval);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  c->delete_set("v2");
  c->delete_set("v1");
  c->forget_revisions();
  ASSERT_TRUE(c->run_until([&] { return !c->deployment()["spec"]["paused"].as_bool(); })) << c->state().message;
  EXPECT_EQ(c->state().phase, Phase::Pending);
}

TEST_F(Revisions, undo_knows_a_version_whose_set_is_gone) {
  begin(kApproval);
  release("v2");
  c->delete_set("v1");
  c->command(Verb::Undo);
  ASSERT_TRUE(c->reaches(Phase::Paused)) << c->state().message << c->state().command.result;
  EXPECT_EQ(c->state().candidate->images, "web=shop/web:v1");
}

TEST_F(Revisions, undo_within_the_window_takes_no_steps_and_can_be_aborted) {
  begin(kWindow);
  release("v2");
  release("v3");
  c->command(Verb::Undo);
  std::set<std::int64_t> shares;
  ASSERT_TRUE(c->run_until([&] {
    if (c->view().shape == RouteView::Shape::Split) shares.insert(c->view().candidate.points);
    return c->state().phase == Phase::Idle && c->pods_of("v2") == 4 && c->pods_of("v3") == 0;
  })) << c->state().message;
  EXPECT_EQ(shares, (std::set<std::int64_t>{0, 10'000}));
  c->command(Verb::Undo);  // to v3, and back again in the middle
  ASSERT_TRUE(c->run_until([&] { return c->state().candidate.has_value(); }));
  EXPECT_TRUE(c->state().position.fast);
  c->command(Verb::Abort);
  ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::RolledBack && c->pods_of("v2") == 4; }));
}

TEST_F(Revisions, what_lies_before_the_window_goes_like_any_release) {
  begin(kWindow);
  for (const char* tag : {"v2", "v3"}) release(tag);
  c->set_image("v1");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  EXPECT_FALSE(c->state().position.fast);
}

TEST_F(Revisions, leaving_gives_back_what_was_deleted_meanwhile) {
  begin(kApproval);
  c->turn();
  c->delete_release();
  c->delete_set("v1");
  ASSERT_TRUE(c->run_until([&] { return c->release_is_gone(); }));
  EXPECT_EQ(c->pods_of("v1"), 4);
}

// Who asked for a version, and who took one back, is in its history.
TEST_F(Revisions, remember_who_asked_for_them) {
  begin(kWindow);
  const auto newest = [&] { return c->state().history.at(0); };
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Abort, "checkout is slow");
  ASSERT_TRUE(c->reaches(Phase::RolledBack)) << c->state().message;
  EXPECT_EQ(newest()["by"], Value("alice"));
  EXPECT_EQ(newest()["reason"], Value("checkout is slow"));
  release("v3");
  EXPECT_FALSE(newest().has("by")) << "nobody said so to us";
  c->command(Verb::Undo, "v1 was better");
  ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::Idle && c->pods_of("v1") == 4; }));
  EXPECT_EQ(newest()["result"], Value("Released"));
  EXPECT_EQ(newest()["reason"], Value("v1 was better"));
  c->set_image("v4");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Undo, "not today");
  ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::Idle; }));
  EXPECT_EQ(newest()["result"], Value("Reverted"));
  EXPECT_EQ(newest()["reason"], Value("not today"));
}

TEST_F(Revisions, that_are_taken_back_say_what_they_cost) {
  begin(kApproval);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_EQ(c->state().last_rollback->served, 1000);
  EXPECT_EQ(c->state().last_rollback->failed, 2);
  EXPECT_GT(c->state().last_rollback->counted_for, base::seconds(1));
  ASSERT_EQ(c->state().last_rollback->failures.size(), 1u);
  EXPECT_EQ(c->state().last_rollback->failures[0].path, "/cart/*");
  EXPECT_EQ(c->state().last_rollback->failures_told, 2);
  c->counts_answers = false;
  c->command(Verb::Retry);
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_EQ(c->state().last_rollback->served, -1) << "nobody has counted";
  EXPECT_TRUE(c->state().last_rollback->failures.empty());
}

}  // namespace
}  // namespace slipway::delivery
