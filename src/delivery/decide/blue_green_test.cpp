// Blue-green releases, decided against a modelled cluster.
#include <gtest/gtest.h>

#include <random>

#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kManual = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "strategy":{"blueGreen":{"previewReplicas":1,"keepPrevious":"60s"}}})";
constexpr const char* kMeasured =
    R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"rollback":{"verifyTimeout":"20s"},
  "strategy":{"blueGreen":{"preSwitchAnalysis":{"templates":[{"name":"slo"}]},"autoSwitch":"10s",
  "postSwitchAnalysis":{"templates":[{"name":"slo"}]},"keepPrevious":"60s"}}})";
constexpr const char* kSwitched = R"({"target":{"name":"web"},"traffic":{"kind":"Service","service":"web"},
  "strategy":{"blueGreen":{"keepPrevious":"60s"}}})";

class BlueGreen : public ::testing::Test {
 protected:
  void begin(const char* spec) {
    c.emplace(json(spec));
    ASSERT_TRUE(c->reaches(Phase::Idle));
    // The whole or nothing, and never without a complete version behind it.
    c->watch = [this](const Observation&, const control::Decision&) {
      const RouteView view = c->view();
      if (view.shape != RouteView::Shape::Split) return;
      EXPECT_TRUE(view.candidate == plan::kNone || view.candidate == plan::kWhole) << view.candidate.points;
      const State s = c->state();
      EXPECT_TRUE(s.position.handed_over || c->pods_of(s.stable->images.substr(s.stable->images.rfind(':') + 1)) == 4);
    };
  }
  bool settles_on(const std::string& tag) {
    return c->run_until([&] {
      return c->state().phase == Phase::Idle && c->pods_of(tag) == 4 && c->view().shape == RouteView::Shape::Plain;
    });
  }
  std::string newest_result() { return c->state().history.at(0)["result"].str(); }
  // "done: ..." of the log, in order.
  bool logged(std::string_view text) {
    for (const Value& entry : c->state().log.items())
      if (entry["text"].as_string().find(text) != std::string_view::npos) return true;
    return false;
  }

  std::optional<ModelledCluster> c;
};

TEST_F(BlueGreen, stands_beside_the_old_version_until_a_person_switches_and_lets_it_go_later) {
  begin(kManual);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  EXPECT_EQ(c->pods_of("v2"), 1) << "the preview";
  EXPECT_TRUE(c->has_service("web-preview"));
  EXPECT_EQ(c->view().candidate, plan::kNone);

  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping)) << c->state().message;
  const base::Time switched = c->now();
  EXPECT_EQ(c->view().candidate, plan::kWhole);
  EXPECT_EQ(c->pods_of("v1"), 4);
  EXPECT_EQ(c->pods_of("v2"), 4);
  ASSERT_TRUE(settles_on("v2"));
  EXPECT_GE(c->now() - switched, base::seconds(60));
  EXPECT_EQ(c->pods_of("v1"), 0);
  EXPECT_EQ(c->owner_of("v2"), "Deployment");
  EXPECT_EQ(newest_result(), "Released");
}

TEST_F(BlueGreen, tells_when_the_switch_was_how_long_it_took_and_what_failed) {
  begin(kManual);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  EXPECT_EQ(c->state().switched, SwitchState{}) << "nobody has been switched";
  const base::Time before = c->now();
  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping)) << c->state().message;
  const SwitchState s = c->state().switched;
  ASSERT_TRUE(s.written_at && s.verified_at);
  EXPECT_GE(*s.written_at, before);
  EXPECT_GT(*s.verified_at, *s.written_at);
  EXPECT_EQ(s.requests, -1) << "answers are counted when they have ended";
  EXPECT_TRUE(logged("all users changed from revision 1 to 2"));
  ASSERT_TRUE(c->run_until([&] { return c->state().switched.counted_at.has_value(); }));
  EXPECT_EQ(c->state().switched.requests, 2000);
  EXPECT_EQ(c->state().switched.failed, 4);
  EXPECT_GE(c->state().switched.counted_for, *s.verified_at - *s.written_at);
  EXPECT_TRUE(logged("4 of 2000 requests failed in the 4s around the switch"));
  EXPECT_EQ(read_state(write_state(c->state())).switched, c->state().switched);
  c->command(Verb::Undo);
  ASSERT_TRUE(settles_on("v1"));
  EXPECT_EQ(c->state().switched, SwitchState{}) << "it was taken back";
}

// The next command overwrites status.command; who approved the switch stays in the log.
TEST_F(BlueGreen, the_log_keeps_who_asked_for_what_at_which_step) {
  begin(kManual);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  const int approval = c->state().user_step;
  c->command(Verb::PromoteNow);  // refused: without a reason
  c->turn();
  c->command(Verb::Promote, "looks good");
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  c->command(Verb::Promote);
  ASSERT_TRUE(settles_on("v2"));
  std::vector<Value> said;
  for (const Value& entry : c->state().log.items())
    if (entry["rule"] == "command" && entry["inputs"]["accepted"].as_bool()) said.push_back(entry["inputs"]);
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[0]["by"], Value("alice"));
  EXPECT_EQ(said[0]["reason"], Value("looks good"));
  EXPECT_EQ(said[0]["verb"], Value("promote"));
  EXPECT_EQ(said[0]["step"], Value(approval));
  EXPECT_EQ(said[1]["step"], Value(approval + 2)) << "the time in which the old version is kept";
  const std::string before = c->state().history.at(1)["hash"].str();
  c->command(Verb::Undo);
  ASSERT_TRUE(c->reaches(Phase::Paused));
  const Value& log = c->state().log;
  const auto undone = std::ranges::find_if(log.items(), [](const Value& e) { return e["inputs"]["verb"] == "undo"; });
  ASSERT_NE(undone, log.items().end());
  EXPECT_EQ((*undone)["inputs"]["hash"], Value(before)) << "of which version";
}

TEST_F(BlueGreen, where_nobody_counts_no_number_is_given) {
  begin(kManual);
  c->counts_answers = false;
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Promote);
  ASSERT_TRUE(c->run_until([&] { return c->state().switched.counted_at.has_value(); }));
  EXPECT_EQ(c->state().switched.requests, -1);
  EXPECT_FALSE(logged("requests failed"));

  begin(kSwitched);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping)) << c->state().message;
  EXPECT_TRUE(c->state().switched.verified_at);
  ASSERT_TRUE(settles_on("v2"));
  EXPECT_FALSE(logged("requests failed"));
}

// A tester's host always answers: with what all users have while nothing is under way.
TEST_F(BlueGreen, the_preview_service_reaches_the_newest_version_and_at_rest_the_stable_one) {
  begin(kManual);
  const auto reaches = [&](const std::string& tag) {
    return c->run_until([&] { return c->selected_by("web-preview") == tag; });
  };
  EXPECT_TRUE(reaches("v1")) << "before the first release";
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  EXPECT_EQ(c->selected_by("web-preview"), "v2");
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_TRUE(reaches("v1")) << "the version that is held has no pods";

  c->set_image("v3");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  c->command(Verb::Promote);
  ASSERT_TRUE(settles_on("v3"));
  EXPECT_EQ(c->selected_by("web-preview"), "v3");
  const std::int64_t before = c->writes();
  for (int i = 0; i < 50; ++i) c->turn();
  EXPECT_EQ(c->writes(), before) << "nothing is written at rest";
  c->delete_release();
  ASSERT_TRUE(c->run_until([&] { return c->release_is_gone(); }));
  EXPECT_FALSE(c->has_service("web-preview"));
}

TEST_F(BlueGreen, without_a_router_the_preview_service_rests_on_the_stable_version_as_well) {
  begin(kSwitched);
  EXPECT_TRUE(c->run_until([&] { return c->selected_by("web-preview") == "v1"; }));
}

TEST_F(BlueGreen, measures_before_and_after_and_switches_by_itself) {
  begin(kMeasured);
  const base::Time asked = c->now();
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Keeping)) << c->state().message;
  EXPECT_GE(c->now() - asked, base::seconds(10));
  EXPECT_TRUE(logged("done: wait 10s"));
  EXPECT_EQ(c->state().analysis.size(), 2u);
  ASSERT_TRUE(settles_on("v2"));
}

TEST_F(BlueGreen, a_preview_that_fails_its_analysis_never_sees_a_user) {
  begin(kMeasured);
  c->verdict = [](const Value&) { return "Failed"; };
  c->set_image("v2");
  bool seen = false;
  ASSERT_TRUE(c->run_until([&] {
    seen = seen || c->view().candidate == plan::kWhole;
    return c->state().phase == Phase::RolledBack;
  }));
  EXPECT_FALSE(seen);
  EXPECT_EQ(c->pods_of("v2"), 0);
}

TEST_F(BlueGreen, a_failure_after_the_switch_brings_all_users_back_at_once) {
  begin(kMeasured);
  c->verdict = [](const Value& run) { return run["spec"]["step"].as_int() > 2 ? "Failed" : "Successful"; };
  c->set_image("v2");
  ASSERT_TRUE(c->run_until([&] { return c->state().retreat.has_value(); })) << c->state().message;
  EXPECT_EQ(c->state().retreat->share, plan::kWhole.points);
  EXPECT_EQ(c->pods_of("v1"), 4);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_EQ(c->state().last_rollback->verification.state, CheckState::Passed);
  EXPECT_LT(*c->state().last_rollback->traffic_zero_at - c->state().last_rollback->started_at, base::seconds(1));
}

TEST_F(BlueGreen, undo_within_the_time_goes_back_without_a_new_pod_and_with_proof) {
  begin(kMeasured);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  c->command(Verb::Undo);
  ASSERT_TRUE(c->run_until([&] { return c->state().retreat.has_value(); }));
  EXPECT_EQ(c->state().retreat->cause, Cause::Reverted);
  ASSERT_TRUE(settles_on("v1"));
  EXPECT_EQ(newest_result(), "Reverted");
  EXPECT_EQ(c->state().history.at(0)["verification"], Value("Passed"));
  EXPECT_EQ(c->pods_of("v2"), 0);
}

TEST_F(BlueGreen, an_abort_within_the_time_holds_the_version) {
  begin(kMeasured);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_EQ(c->pods_of("v1"), 4);
}

TEST_F(BlueGreen, promoting_within_the_time_lets_the_old_version_go) {
  begin(kMeasured);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  const base::Time kept = c->now();
  c->command(Verb::Promote);
  ASSERT_TRUE(settles_on("v2"));
  EXPECT_LT(c->now() - kept, base::seconds(30));
}

TEST_F(BlueGreen, a_newer_version_within_the_time_begins_from_the_new_one) {
  begin(kManual);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  c->set_image("v3");
  bool back = false;
  ASSERT_TRUE(c->run_until([&] {
    back = back || c->state().retreat.has_value();
    return c->state().phase == Phase::Paused && c->pods_of("v3") == 1;
  })) << c->state().message;
  EXPECT_FALSE(back);
  EXPECT_EQ(c->state().stable->images, "web=shop/web:v2");
  EXPECT_EQ(c->pods_of("v2"), 4);
  EXPECT_EQ(c->pods_of("v1"), 0);
}

// What the Deployment asks for is not what has to be made again.
TEST_F(BlueGreen, a_set_that_is_deleted_then_is_made_again_as_it_was) {
  begin(kManual);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  c->watch = [](const Observation&, const control::Decision&) {};
  c->set_image("v3");
  c->delete_set("v2");
  ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::Paused && c->pods_of("v3") == 1; }))
      << c->state().message;
  EXPECT_EQ(c->state().stable->images, "web=shop/web:v2");
  EXPECT_EQ(c->pods_of("v2"), 4);
  EXPECT_EQ(c->pods_of("v1"), 0);
}

TEST_F(BlueGreen, a_preview_whose_set_is_deleted_comes_back) {
  begin(kManual);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  c->delete_set("v2");
  EXPECT_TRUE(c->run_until([&] { return c->state().phase == Phase::Paused && c->pods_of("v2") == 1; }));
}

TEST_F(BlueGreen, without_a_router_the_service_changes_colours) {
  begin(kSwitched);
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Paused));
  EXPECT_EQ(c->pods_of("v2"), 4) << "a preview as large as the Deployment";
  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping)) << c->state().message;
  c->command(Verb::Undo);
  ASSERT_TRUE(settles_on("v1")) << c->state().message;
}

// Crashes between any two effects end in the same place.
TEST_F(BlueGreen, ends_the_same_however_often_its_process_dies) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    begin(kMeasured);
    std::mt19937 random(seed);
    c->crashes = [&] { return random() % 4 == 0; };
    c->set_image("v2");
    ASSERT_TRUE(settles_on("v2")) << seed << ": " << c->state().message;
    EXPECT_EQ(c->pods_of("v1"), 0);
  }
}

}  // namespace
}  // namespace slipway::delivery
