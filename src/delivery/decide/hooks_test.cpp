#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "api/meta.h"
#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery {
namespace {

using data::Value;
using testing::ElementsAre;
using testing::HasSubstr;

Value spec_with(const std::string& hooks) {
  Value spec = json(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"30s",
    "rollback":{"verifyTimeout":"20s"},"strategy":{"canary":{"steps":[{"weight":20},{"pause":{"duration":"2s"}}]}}})");
  spec.set("hooks", json(hooks));
  return spec;
}

constexpr const char* kAll = R"([
  {"name":"migrate","at":"BeforeRelease","job":{"template":{"spec":{"containers":[{"name":"m","image":"m"}]}}}},
  {"name":"warm","at":"BeforeStep","step":1,"web":{"url":"http://warm"}},
  {"name":"seen","at":"AfterStep","step":1,"web":{"url":"http://seen"}},
  {"name":"last","at":"BeforePromotion","web":{"url":"http://last"}},
  {"name":"tell","at":"AfterRelease","web":{"url":"http://tell"}},
  {"name":"alarm","at":"OnRollback","web":{"url":"http://alarm"}},
  {"name":"purge","at":"AfterRollback","process":{"name":"purge"}}])";

// Names of hooks in the order in which their runs were made, each with the share that the candidate had by then.
struct Seen {
  std::vector<std::string> order;
  void watch(ModelledCluster& c) {
    c.watch = [this, &c](const Observation&, const control::Decision& decision) {
      for (const control::Effect& effect : decision.effects) {
        const auto* create = std::get_if<control::Create>(&effect);
        if (!create || create->object["spec"]["kind"].as_string() != "Hook") continue;
        order.push_back(create->object["spec"]["metrics"].at(0)["name"].str() + " " +
                        std::to_string(c.view().candidate.points / 100));
      }
    };
  }
};

TEST(Hooks, each_at_its_time_and_once) {
  ModelledCluster c(spec_with(kAll));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  Seen seen;
  seen.watch(c);
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v2") == 4; })) << c.state().message;
  EXPECT_THAT(seen.order, ElementsAre("migrate 0", "warm 0", "seen 20", "last 100", "tell 0"));
  EXPECT_EQ(c.owner_of("v1"), "Deployment") << "the last one runs when everything is done";
}

TEST(Hooks, what_comes_before_a_release_comes_before_its_pods) {
  ModelledCluster c(spec_with(kAll));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.verdict = [](const Value&) { return ""; };
  c.set_image("v2");
  for (int i = 0; i < 100; ++i) c.turn();
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_EQ(c.state().message, "hook migrate is under way");
}

TEST(Hooks, a_failed_one_takes_the_release_back_and_says_why) {
  ModelledCluster c(spec_with(kAll));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.verdict = [](const Value& run) {
    return run["spec"]["metrics"].at(0)["name"].as_string() == "seen" ? "Failed" : "Successful";
  };
  Seen seen;
  seen.watch(c);
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_THAT(seen.order, ElementsAre("migrate 0", "warm 0", "seen 20", "alarm 20", "purge 0"));
  const Retreat r = *c.state().last_rollback;
  EXPECT_EQ(r.cause, Cause::HookFailed);
  EXPECT_THAT(r.message, HasSubstr("hook seen failed: error-rate: Failed"));
  EXPECT_EQ(r.verification.state, CheckState::Passed);
  Verification v = r.verification;
  EXPECT_EQ(v.check("hook alarm").state, CheckState::Passed);
  EXPECT_EQ(v.check("hook purge").state, CheckState::Passed);
}

TEST(Hooks, the_way_back_waits_for_none_and_a_failed_one_fails_its_verification) {
  ModelledCluster c(spec_with(kAll));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  bool alarmed = false;
  c.verdict = [&](const Value& run) -> std::string {
    const std::string_view name = run["spec"]["metrics"].at(0)["name"].as_string();
    if (name == "alarm" && !alarmed) return "";
    return name == "seen" || name == "alarm" ? "Failed" : "Successful";
  };
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().retreat && c.view().candidate == plan::kNone; })) << c.state().message;
  alarmed = true;
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  Verification v = c.state().last_rollback->verification;
  EXPECT_EQ(v.state, CheckState::Failed);
  EXPECT_THAT(v.check("hook alarm").message, HasSubstr("hook alarm failed"));
  EXPECT_EQ(v.check("requests").state, CheckState::Passed) << "the proof was not cut short";
}

TEST(Hooks, a_failure_that_is_ignored_is_told_and_nothing_else) {
  ModelledCluster c(
      spec_with(R"([{"name":"warm","at":"BeforeStep","step":1,"web":{"url":"http://warm"},"onFailure":"Ignore"},
    {"name":"tell","at":"AfterRelease","web":{"url":"http://tell"}}])"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.verdict = [](const Value&) { return "Failed"; };
  std::vector<std::string> told;
  c.watch = [&](const Observation&, const control::Decision& decision) {
    for (const control::Note& note : decision.notes)
      if (note.reason == "HookFailed") told.push_back(note.message);
  };
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v2") == 4; })) << c.state().message;
  EXPECT_THAT(told, ElementsAre(HasSubstr("hook warm failed"), HasSubstr("hook tell failed")));
}

TEST(Hooks, nobody_skips_one_and_a_halt_is_answered_by_promote) {
  Value spec = spec_with(R"([{"name":"migrate","at":"BeforeRelease","web":{"url":"http://m"}}])");
  spec.set({"rollback", "onFailure"}, "Pause");
  ModelledCluster c(spec);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  std::string verdict;
  c.verdict = [&](const Value&) { return verdict; };
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().message == "hook migrate is under way"; }));
  c.command(Verb::PromoteFull);
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(c.pods_of("v2"), 0) << "promote --full skips no hook";
  verdict = "Failed";
  ASSERT_TRUE(c.run_until([&] { return c.state().halt.has_value(); })) << c.state().message;
  verdict = "Successful";
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v2") == 4; })) << c.state().message;
}

TEST(Hooks, a_retry_whose_status_got_lost_has_no_say_when_a_person_goes_on) {
  Value spec = spec_with(R"([{"name":"migrate","at":"BeforeRelease","web":{"url":"http://m"}}])");
  spec.set({"rollback", "onFailure"}, "Pause");
  ModelledCluster c(spec);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.verdict = [&](const Value&) { return "Failed"; };
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().halt.has_value(); }));
  int effects = 0;
  c.crashes = [&] { return ++effects > 1; };  // the run is made, and no status is written
  c.command(Verb::Retry);
  c.turn();
  c.crashes = [] { return false; };
  ASSERT_EQ(c.observe().runs.size(), 2u);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return !c.state().halt; }));
  EXPECT_EQ(c.state().position.attempt, 3) << "no failed run is of the attempt that goes on";
}

// Seeds 105 and 209 of the simulation with hooks: whoever came to the same point again ended the run that had been
// begun there, and took that for its success.
TEST(Hooks, one_that_was_begun_by_a_decision_whose_status_got_lost_is_not_ended_by_the_next) {
  for (const bool back : {false, true}) {
    ModelledCluster c(spec_with(kAll));
    ASSERT_TRUE(c.reaches(Phase::Idle));
    const std::string hook = back ? "alarm" : "tell";
    c.verdict = [&](const Value& run) -> std::string {
      return run["spec"]["metrics"].at(0)["name"].as_string() == hook ? "" : "Successful";
    };
    const auto run_of = [&](const std::string& name) {
      for (const Value& run : c.observe().runs)
        if (api::name_of(run).ends_with("-hook-" + name)) return run;
      return Value();
    };
    std::int64_t left = -1;  // effects until the status, which is lost
    c.crashes = [&] { return left-- == 0; };
    c.watch = [&, begun = false](const Observation&, const control::Decision& decision) mutable {
      const bool begins = std::ranges::any_of(decision.effects, [&](const control::Effect& effect) {
        const auto* create = std::get_if<control::Create>(&effect);
        return create && api::name_of(create->object).ends_with("-hook-" + hook);
      });
      if (begins && !std::exchange(begun, true)) left = std::ssize(decision.effects);
    };
    c.set_image("v2");
    if (back) {
      ASSERT_TRUE(c.run_until([&] { return c.view().candidate.points == 2000; }));
      c.command(Verb::Abort);
    }
    ASSERT_TRUE(c.run_until([&] { return !run_of(hook).is_null(); })) << c.state().message;
    for (int i = 0; i < 30; ++i) c.turn();
    EXPECT_FALSE(run_of(hook)["spec"]["terminate"].as_bool()) << hook;
    EXPECT_FALSE(run_of(hook)["status"].has("completedAt")) << hook;
  }
}

TEST(Hooks, a_release_that_is_only_replaced_has_no_hooks_of_the_way_back) {
  ModelledCluster c(spec_with(kAll));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.view().candidate.points == 2000; }));
  Seen seen;
  seen.watch(c);
  c.set_image("v3");
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v3") == 4; })) << c.state().message;
  EXPECT_THAT(seen.order, testing::Not(testing::Contains(HasSubstr("alarm"))));
  EXPECT_THAT(seen.order, testing::Contains("migrate 0"));
}

TEST(Hooks, are_in_the_plan_and_a_step_that_there_is_not_is_refused) {
  const auto compiled = [](const Value& spec) {
    return plan::compile(Value::object({{"metadata", json(R"({"name":"web","namespace":"shop"})")}, {"spec", spec}}),
                         plan::gateway_capabilities());
  };
  const auto plan = compiled(spec_with(kAll));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan::to_text(*plan), HasSubstr(R"(          hook migrate: a pod, at most 10m0s
          split the route, all traffic to stable
step 1    hook warm: a request
step 1    scale the candidate for 20 %
step 1    20 % of the traffic to the candidate, verified at the router
step 1    hook seen: a request
step 2    wait 2s
)"));
  EXPECT_THAT(plan::to_text(*plan), HasSubstr("rollback  begins with hook alarm: a request\n"
                                              "rollback  ends with hook purge: a program\n"));
  const auto refused = compiled(spec_with(R"([{"name":"x","at":"AfterStep","step":3,"web":{"url":"http://x"}},
    {"name":"x","at":"Sometimes","web":{"url":"http://x"},"job":{}}])"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              testing::AllOf(HasSubstr("spec.hooks[1].name: Invalid value: \"x\": is the name of an earlier hook"),
                             HasSubstr("spec.hooks[1].at: Invalid value: \"Sometimes\""),
                             HasSubstr("spec.hooks[1]: Required value: exactly one of web, job and process")));
  const auto no_step = compiled(spec_with(R"([{"name":"x","at":"AfterStep","step":3,"web":{"url":"http://x"}}])"));
  ASSERT_FALSE(no_step);
  EXPECT_THAT(no_step.error().message, HasSubstr("spec.hooks[0].step: Invalid value: 3: there are 2 steps"));
}

}  // namespace
}  // namespace slipway::delivery
