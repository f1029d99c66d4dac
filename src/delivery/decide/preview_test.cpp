// Blue-green releases whose preview is in a namespace of its own, decided against a modelled cluster.
#include "delivery/decide/preview.h"

#include <gtest/gtest.h>

#include <random>

#include "api/meta.h"
#include "api/resource.h"
#include "base/error.h"
#include "delivery/controllers.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kApart = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "strategy":{"blueGreen":{"previewNamespace":"shop-preview","previewReplicas":2,"keepPrevious":"60s"}}})";
constexpr const char* kMeasured =
    R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"rollback":{"verifyTimeout":"20s"},
  "strategy":{"blueGreen":{"previewNamespace":"shop-preview","preSwitchAnalysis":{"templates":[{"name":"slo"}]},
  "autoSwitch":"10s","postSwitchAnalysis":{"templates":[{"name":"slo"}]},"keepPrevious":"60s"}}})";

class Preview : public ::testing::Test {
 protected:
  void begin(const char* spec) {
    c.emplace(json(spec));
    ASSERT_TRUE(c->reaches(Phase::Idle));
    // Either in its preview or beside the stable version; and users always have a complete version.
    c->watch = [this](const Observation& o, const control::Decision&) {
      if (o.workload.is_null() || !c->state().stable) return;
      const std::string candidate = c->state().candidate ? tag_of(*c->state().candidate) : "";
      EXPECT_FALSE(c->pods_of(candidate) > 0 && c->preview_pods(candidate) > 0) << c->state().message;
      const State s = c->state();
      EXPECT_TRUE(s.position.handed_over || c->pods_of(tag_of(*s.stable)) == 4);
      if (!c->preview_is_clear()) EXPECT_TRUE(s.preview.has_value()) << "nobody would know of it after a crash";
    };
  }
  static std::string tag_of(const Revision& r) { return r.images.substr(r.images.rfind(':') + 1); }
  bool is_looked_at(const std::string& tag, std::int64_t pods = 2) {
    return c->run_until([&] {
      return c->state().phase == Phase::Paused && c->preview_pods(tag) == pods && c->state().preview &&
             c->state().preview->ready == pods;
    });
  }
  bool settles_on(const std::string& tag) {
    return c->run_until([&] {
      return c->state().phase == Phase::Idle && c->pods_of(tag) == 4 && c->view().shape == RouteView::Shape::Plain &&
             !c->state().preview;
    });
  }

  std::optional<ModelledCluster> c;
};

TEST_F(Preview, runs_apart_until_a_person_switches_and_is_gone_before_the_candidate_has_pods_here) {
  begin(kApart);
  const Value route = c->route();
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2")) << c->state().message;
  EXPECT_EQ(c->pods_of("v2"), 0);
  EXPECT_EQ(c->route(), route) << "the users' route is as it was";
  EXPECT_EQ(c->selected_by("web-preview"), "v1") << "the Service here has what all users have";
  const Value& selector = c->preview_service()["spec"]["selector"];
  EXPECT_EQ(selector["app"], Value("web"));
  EXPECT_EQ(selector["pod-template-hash"].str(), c->state().candidate->hash);
  EXPECT_EQ(api::label(c->preview_service(), kReleaseLabel), "") << "a Release of that namespace may have this name";
  EXPECT_EQ(api::label(c->preview_service(), kPreviewSpaceLabel), "shop");
  EXPECT_EQ(c->preview_service()["metadata"]["ownerReferences"].size(), 0u);

  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping)) << c->state().message;
  EXPECT_TRUE(c->preview_is_clear());
  EXPECT_EQ(c->pods_of("v2"), 4);
  c->command(Verb::Promote);
  ASSERT_TRUE(settles_on("v2"));
  EXPECT_EQ(c->state().history.at(0)["result"], Value("Released"));
}

TEST_F(Preview, is_what_the_analysis_before_the_switch_asks) {
  begin(kMeasured);
  Value asked;
  c->verdict = [&](const Value& run) {
    if (asked.is_null()) asked = run;
    return "Successful";
  };
  c->set_image("v2");
  ASSERT_TRUE(settles_on("v2")) << c->state().message;
  EXPECT_EQ(asked["spec"]["candidate"]["namespace"], Value("shop-preview"));
  EXPECT_EQ(asked["spec"]["candidate"]["service"], Value("web-preview"));
  EXPECT_EQ(asked["spec"]["stable"]["service"], Value("web")) << "the route is not split yet";
  EXPECT_FALSE(asked["spec"]["stable"].has("namespace"));
}

TEST_F(Preview, that_fails_its_analysis_leaves_nothing_and_has_touched_nothing) {
  begin(kMeasured);
  c->verdict = [](const Value& run) { return run["spec"]["kind"].as_string() == "Step" ? "Failed" : "Successful"; };
  const Value route = c->route();
  c->set_image("v2");
  bool seen = false;
  ASSERT_TRUE(c->run_until([&] {
    seen = seen || c->pods_of("v2") > 0;
    return c->state().phase == Phase::RolledBack;
  })) << c->state().message;
  EXPECT_FALSE(seen);
  EXPECT_TRUE(c->preview_is_clear());
  EXPECT_EQ(c->route(), route);
  EXPECT_EQ(c->state().last_rollback->verification.state, CheckState::Passed);
  EXPECT_EQ(c->state().last_rollback->cause, Cause::AnalysisFailed);
  EXPECT_LT(*c->state().last_rollback->drained_at - c->state().last_rollback->started_at, base::seconds(1));
}

TEST_F(Preview, whose_pods_do_not_start_says_where_and_turns_back) {
  begin(kApart);
  c->patch_release(json(R"({"spec":{"deadline":"30s"}})"));
  c->becomes_ready = [](const std::string& image) { return !image.ends_with("v2"); };
  c->set_image("v2");
  ASSERT_TRUE(c->run_until([&] { return c->preview_pods("v2") == 2; }));
  c->turn();
  EXPECT_NE(c->state().message.find("namespace shop-preview"), std::string::npos) << c->state().message;
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_EQ(c->state().rejected->cause, "Deadline");
  EXPECT_TRUE(c->preview_is_clear());
}

TEST_F(Preview, whose_containers_restart_too_often_breaks_the_guard) {
  begin(kApart);
  c->patch_release(json(R"({"spec":{"guards":{"maxRestarts":1}}})"));
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->crash_pod("v2");
  c->crash_pod("v2");
  ASSERT_TRUE(c->reaches(Phase::RolledBack)) << c->state().message;
  EXPECT_EQ(c->state().rejected->cause, "Restarts");
}

// The ReplicaSet of the first attempt is still there, without pods.
TEST_F(Preview, of_a_version_that_is_tried_again_touches_nothing_here_either) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->command(Verb::Promote);
  ASSERT_TRUE(c->reaches(Phase::Keeping));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  ASSERT_EQ(c->owner_of("v2"), "Deployment");
  c->command(Verb::Retry);
  ASSERT_TRUE(is_looked_at("v2")) << c->state().message;
  EXPECT_EQ(c->owner_of("v2"), "Deployment");
  EXPECT_EQ(c->pods_of("v2"), 0);
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_EQ(c->state().last_rollback->verification.state, CheckState::Passed);
  EXPECT_TRUE(c->preview_is_clear());
}

// --- every end --------------------------------------------------------------------------------------------

TEST_F(Preview, goes_when_a_person_aborts_or_asks_for_the_old_version_again) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->command(Verb::Abort);
  ASSERT_TRUE(c->reaches(Phase::RolledBack));
  EXPECT_TRUE(c->preview_is_clear());
  c->set_image("v3");
  ASSERT_TRUE(is_looked_at("v3"));
  c->set_image("v1");
  ASSERT_TRUE(settles_on("v1")) << c->state().message;
  EXPECT_TRUE(c->preview_is_clear());
}

TEST_F(Preview, goes_when_a_newer_version_is_asked_for) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->set_image("v3");
  ASSERT_TRUE(is_looked_at("v3")) << c->state().message;
  EXPECT_EQ(c->preview_pods("v2"), 0);
  EXPECT_EQ(c->pods_of("v2"), 0);
}

TEST_F(Preview, goes_with_the_release) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->delete_release();
  ASSERT_TRUE(c->run_until([&] { return c->release_is_gone(); }));
  EXPECT_EQ(c->preview_pods("v2"), 0);
  EXPECT_TRUE(c->preview_service().is_null());
}

TEST_F(Preview, goes_with_the_deployment) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->delete_deployment();
  ASSERT_TRUE(c->run_until([&] { return c->preview_is_clear() && !c->state().preview; })) << c->state().message;
  c->delete_release();
  EXPECT_TRUE(c->run_until([&] { return c->release_is_gone(); }));
}

TEST_F(Preview, goes_when_both_are_deleted_at_once) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->delete_deployment();
  c->delete_release();
  ASSERT_TRUE(c->run_until([&] { return c->release_is_gone(); }));
  EXPECT_EQ(c->preview_pods("v2"), 0);
  EXPECT_TRUE(c->preview_service().is_null());
}

TEST_F(Preview, goes_when_the_spec_has_none_any_more) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->patch_release(json(R"({"spec":{"strategy":{"blueGreen":{"previewNamespace":null}}}})"));
  ASSERT_TRUE(c->run_until([&] { return c->state().phase == Phase::Paused && c->pods_of("v2") == 2; }))
      << c->state().message;
  EXPECT_TRUE(c->preview_is_clear());
}

TEST_F(Preview, is_skipped_or_cut_short_when_everything_is_promoted) {
  begin(kApart);
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2"));
  c->command(Verb::PromoteFull);
  ASSERT_TRUE(c->reaches(Phase::Keeping)) << c->state().message;
  EXPECT_TRUE(c->preview_is_clear());
}

TEST_F(Preview, is_not_needed_for_the_way_back_to_a_version_that_was_released) {
  begin(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
    "rollback":{"window":{"revisions":2}},"strategy":{"blueGreen":{"previewNamespace":"shop-preview","autoSwitch":"1s",
    "keepPrevious":"1s"}}})");
  c->set_image("v2");
  ASSERT_TRUE(settles_on("v2"));
  c->set_image("v1");
  bool made = false;
  ASSERT_TRUE(c->run_until([&] {
    made = made || c->preview_pods("v1") > 0;
    return c->state().phase == Phase::Idle && c->pods_of("v1") == 4;
  }));
  EXPECT_FALSE(made);
}

// --- whether it may be there ------------------------------------------------------------------------------

TEST_F(Preview, does_not_begin_in_a_namespace_that_does_not_let_it_in) {
  begin(kApart);
  const auto says = [&](std::string_view command) {
    return c->run_until(
        [&] { return c->state().phase == Phase::Invalid && c->state().message.find(command) != std::string::npos; });
  };
  c->set_image("v2");
  c->lets_in = std::nullopt;
  EXPECT_TRUE(
      says("does not exist: kubectl create namespace shop-preview, then kubectl annotate namespace shop-preview"))
      << c->state().message;
  c->lets_in = "till";
  EXPECT_TRUE(says("kubectl annotate namespace shop-preview --overwrite slipway.dev/preview-for=till,shop"))
      << c->state().message;
  EXPECT_FALSE(c->state().candidate);
  EXPECT_TRUE(c->preview_is_clear());
  c->lets_in = "till, shop/web";
  EXPECT_TRUE(is_looked_at("v2"));
}

TEST_F(Preview, goes_when_it_is_not_let_in_any_more_and_begins_again_when_it_is) {
  begin(kMeasured);
  std::vector<std::string> measured;
  c->verdict = [&](const Value& run) -> std::string {
    if (measured.empty() || measured.back() != api::name_of(run)) measured.emplace_back(api::name_of(run));
    return measured.size() == 1 ? "" : "Successful";
  };
  c->set_image("v2");
  ASSERT_TRUE(c->run_until([&] { return measured.size() == 1; }));
  c->lets_in = "";
  ASSERT_TRUE(c->run_until([&] { return c->preview_is_clear() && !c->state().preview; }));
  ASSERT_TRUE(c->reaches(Phase::Paused));
  EXPECT_FALSE(c->state().retreat) << "the version is not to blame";
  for (int i = 0; i < 20; ++i) c->turn(base::minutes(5));
  EXPECT_EQ(c->state().phase, Phase::Paused) << "no deadline runs";
  c->lets_in = "shop";
  ASSERT_TRUE(settles_on("v2")) << c->state().message;
  EXPECT_GE(measured.size(), 3u) << "what was being measured is measured again";
}

TEST_F(Preview, does_not_take_a_service_that_is_somebody_elses) {
  begin(kApart);
  c->occupy_preview();
  c->set_image("v2");
  ASSERT_TRUE(c->reaches(Phase::Invalid));
  EXPECT_NE(c->state().message.find("does not belong to this Release"), std::string::npos) << c->state().message;
  EXPECT_EQ(c->preview_service()["metadata"]["uid"], Value("uid-foreign"));
}

// Nothing else is looked at to find out whom a change there concerns.
class NoWorld final : public control::World {
 public:
  const client::Cache& cache(const api::Resource&) const override { base::bug("looked", __FILE__, __LINE__); }
  const control::Fact* fact(std::string_view) const override { return nullptr; }
  bool is_pending(std::string_view) const override { return false; }
};

TEST(PreviewWatches, what_happens_in_the_namespace_of_a_preview_concerns_its_own_release_only) {
  const Value object = json(R"({"metadata":{"name":"web-preview","namespace":"shop-preview","labels":{
    "slipway.dev/preview-of-release":"web","slipway.dev/preview-of-namespace":"shop","slipway.dev/preview-of-uid":"u",
    "app":"web","slipway.dev/release":"web"},
    "ownerReferences":[{"kind":"ReplicaSet","name":"web-preview-x","controller":true}]}})");
  const auto controller = make_release_controller(plan::gateway_capabilities(), {});
  int kinds = 0;
  for (const control::Watch& watch : controller->watches())
    if (watch.resource == api::kReplicaSets || watch.resource == api::kPods || watch.resource == api::kServices) {
      ++kinds;
      EXPECT_EQ(watch.affected(NoWorld(), object), (std::vector<client::ObjectName>{{"shop", "web"}}))
          << watch.resource.kind;
    }
  EXPECT_EQ(kinds, 3);
}

// --- what may come between --------------------------------------------------------------------------------

TEST_F(Preview, is_made_again_when_somebody_deletes_it_and_follows_the_deployments_size) {
  begin(kMeasured);
  c->patch_release(json(R"({"spec":{"strategy":{"blueGreen":{"autoSwitch":null,"preSwitchAnalysis":null}}}})"));
  c->set_image("v2");
  ASSERT_TRUE(is_looked_at("v2", 4));
  c->delete_set("v2");
  ASSERT_TRUE(c->run_until([&] { return c->preview_pods("v2") == 0; }));
  ASSERT_TRUE(is_looked_at("v2", 4)) << c->state().message;
  c->watch = [](const Observation&, const control::Decision&) {};
  c->set_replicas(6);
  EXPECT_TRUE(is_looked_at("v2", 6)) << c->state().message;
}

// Crashes between any two effects end in the same place, whatever happens in the middle.
TEST_F(Preview, ends_the_same_however_often_its_process_dies) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    begin(kMeasured);
    std::mt19937 random(seed);
    c->crashes = [&] { return random() % 4 == 0; };
    c->set_image("v2");
    const int middle = static_cast<int>(random() % 60);
    for (int i = 0; i < middle; ++i) c->turn();
    if (seed % 4 == 1) c->command(Verb::Abort);
    if (seed % 4 == 2) c->set_image("v3");
    if (seed % 4 == 3) c->delete_release();
    const std::string wanted = seed % 4 == 0 ? "v2" : seed % 4 == 2 ? "v3" : "";
    ASSERT_TRUE(c->run_until([&] {
      if (seed % 4 == 3) return c->release_is_gone();
      if (seed % 4 == 1 && c->state().phase == Phase::RolledBack) return true;
      return c->state().phase == Phase::Idle && (wanted.empty() || c->pods_of(wanted) == 4) && !c->state().candidate &&
             c->state().command.id == (seed % 4 == 1 ? "1" : "");
    })) << seed
        << ": " << c->state().message;
    EXPECT_EQ(c->preview_pods("v2") + c->preview_pods("v3"), 0) << seed;
    EXPECT_TRUE(c->preview_service().is_null()) << seed;
  }
}

}  // namespace
}  // namespace slipway::delivery
