// The question before a person lets a release go forward.
#include "view/ahead.h"

#include <gtest/gtest.h>

#include "view/test_objects.h"

namespace slipway::view {
namespace {

using delivery::Phase;
using namespace test;

constexpr const char* kQuestion =
    "switch 100 % of the traffic from 12 (web=shop/web:1.8.2) to 13 (web=shop/web:1.9.0)? Going back is instant for "
    "15m.";

// Preview, analysis, approval, switch, analysis, keep; in the middle of `step`, counted from 1.
ReleaseView colours(int step, Phase phase = Phase::Progressing) {
  delivery::State s = canary_state();
  s.phase = phase;
  s.user_step = step - 1;
  s.user_steps = 6;
  s.traffic = {.wanted = step > 4 ? 10'000 : 0, .verified = step > 4 ? 10'000 : 0};
  s.log = {};
  if (step > 4) s.switched.written_at = ago(20);
  Objects o = objects_with(s);
  o.release.set({"spec", "strategy"}, json(R"({"blueGreen":{"preSwitchAnalysis":{"templates":[{"name":"smoke"}]},
      "postSwitchAnalysis":{"templates":[{"name":"slo"}]},"keepPrevious":"15m"}})"));
  o.runs = {};
  return compute(o, kNow);
}

TEST(Ahead, a_switch_is_asked_for_by_the_step_before_it) {
  EXPECT_EQ(switch_question(colours(3, Phase::Paused), {}), kQuestion);
  EXPECT_EQ(switch_question(colours(2, Phase::Paused), {}), "") << "an approval comes next";
  EXPECT_EQ(switch_question(colours(4), {}), "") << "it is being made";
  EXPECT_EQ(switch_question(colours(4, Phase::Waiting), {.now = true}), kQuestion) << "only a window holds it";
  EXPECT_EQ(switch_question(colours(5), {}), "");
  EXPECT_EQ(switch_question(colours(6, Phase::Keeping), {}), "");
  EXPECT_EQ(switch_question(colours(2), {.step = 5}), kQuestion);
  EXPECT_EQ(switch_question(colours(1), {.step = 3}), "");
}

TEST(Ahead, all_at_once_is_asked_for_in_every_strategy) {
  EXPECT_EQ(switch_question(colours(1), {.full = true}), kQuestion);
  EXPECT_EQ(switch_question(colours(5), {.full = true}), "") << "all users are there";
  Objects o = objects_with(canary_state());
  EXPECT_EQ(switch_question(compute(o, kNow), {}), "");
  EXPECT_EQ(switch_question(compute(o, kNow), {.full = true}),
            "switch 100 % of the traffic from 12 (web=shop/web:1.8.2) to 13 (web=shop/web:1.9.0)?");
  o.release.set({"spec", "traffic"}, Value());
  EXPECT_EQ(switch_question(compute(o, kNow), {.full = true}),
            "replace all pods of 12 (web=shop/web:1.8.2) by those of 13 (web=shop/web:1.9.0)?");
  EXPECT_EQ(switch_question(compute(rolled_back(), kNow), {.full = true}), "");
}

TEST(Ahead, what_is_skipped_is_counted) {
  EXPECT_EQ(skipped_text(colours(1)), "1 approval and 2 analyses");
  EXPECT_EQ(skipped_text(colours(5)), "1 analysis");
  EXPECT_EQ(skipped_text(colours(6)), "");
  Objects o = objects_with(canary_state());
  o.release.set({"spec", "strategy", "canary", "steps"},
                json(R"([{"weight":5},{"analysis":{"templates":[{"name":"errors"}]}},{"pause":{"duration":"1m"}},
                        {"weight":9},{"pause":{"duration":"1m"}},{"pause":{}}])"));
  EXPECT_EQ(skipped_text(compute(o, kNow)), "2 waits, 1 approval and 1 analysis");
  EXPECT_EQ(skipped_text(compute(rolled_back(), kNow)), "");
}

TEST(Ahead, what_follows_is_named) {
  EXPECT_EQ(next_step_text(compute(objects_with(canary_state()), kNow)), "step 3, weight 50 %");
  EXPECT_EQ(next_step_text(colours(6)), "");
  EXPECT_EQ(next_step_text(compute(rolled_back(), kNow)), "");
}

}  // namespace
}  // namespace slipway::view
