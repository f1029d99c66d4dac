#include "delivery/scaling.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace slipway::delivery {
namespace {

using plan::Share;

TEST(Scaling, budgets_round_as_kubernetes_does) {
  EXPECT_EQ(budget_of("25%", "25%", 10), (Budget{3, 2}));
  EXPECT_EQ(budget_of(1, 0, 10), (Budget{1, 0}));
  EXPECT_EQ(budget_of(0, "10%", 4), (Budget{0, 1}));
  EXPECT_EQ(budget_of({}, {}, 4), (Budget{1, 1}));
}

TEST(Scaling, ratios_leave_no_side_without_pods) {
  EXPECT_EQ(ratio_for({500}, 4), (Ratio{3, 1}));
  EXPECT_EQ(ratio_for({5000}, 4), (Ratio{2, 2}));
  EXPECT_EQ(ratio_for({9900}, 4), (Ratio{1, 3}));
  EXPECT_EQ(ratio_for({5000}, 1), (Ratio{1, 1}));
  EXPECT_EQ(ratio_for(plan::kWhole, 4), (Ratio{0, 4}));
}

TEST(Scaling, pods_for_a_share_round_up) {
  EXPECT_EQ(pods_for({1}, 4), 1);
  EXPECT_EQ(pods_for({0}, 4), 0);
  EXPECT_EQ(pods_for({5000}, 5), 3);
}

TEST(Scaling, unhealthy_old_pods_go_first) {
  EXPECT_EQ(rolling_step({4, 0, 4}, {4, 1, 0}, 4, {4, 1}), (Next{4, 3}))
      << "as many as new ones may still fail, no more";
  EXPECT_EQ(rolling_step({4, 3, 4}, {4, 1, 0}, 4, {4, 1}), (Next{4, 0})) << "three that serve nobody, one to spare";
}

// From anywhere, with pods getting ready in any order, it ends, and no write breaks the budget.
RC_GTEST_PROP(Scaling, a_rolling_step_keeps_the_budget_and_ends, ()) {
  const std::int64_t n = *rc::gen::inRange(1, 20);
  const Budget budget = budget_of(*rc::gen::inRange(0, 4), *rc::gen::inRange(0, 4), n);
  Side grow{0, 0, n}, shrink{n, n, 0};
  for (int i = 0; i < 500 && (grow.available < n || shrink.spec > 0); ++i) {
    const Next next = rolling_step(grow, shrink, n, budget);
    RC_ASSERT(next.growing + next.shrinking <= n + budget.surge);
    grow.spec = next.growing;
    shrink.spec = next.shrinking;
    shrink.available = std::min(shrink.available, shrink.spec);
    RC_ASSERT(grow.available + shrink.available >= n - std::max(budget.unavailable, std::int64_t{0}));
    grow.available = std::min(grow.spec, grow.available + *rc::gen::inRange<std::int64_t>(0, 3));
    if (i > 400) grow.available = grow.spec;
  }
  RC_ASSERT(grow.available == n && shrink.spec == 0);
}

TEST(Scaling, capacity_allows_for_what_may_be_missing) {
  EXPECT_TRUE(can_carry(3, plan::kWhole, 4, {1, 1}));
  EXPECT_FALSE(can_carry(2, plan::kWhole, 4, {1, 1}));
  EXPECT_FALSE(can_carry(0, Share{1}, 4, {1, 4}));
  EXPECT_TRUE(can_carry(0, plan::kNone, 4, {1, 1}));
}

TEST(Scaling, a_step_of_pods_and_parts_takes_whatever_is_more) {
  EXPECT_EQ(ratio_of_step({plan::kNone, {}, 2}, 10), (Ratio{8, 2}));
  EXPECT_EQ(ratio_of_step({{5000}, {}, 2}, 10), (Ratio{5, 5}));
  EXPECT_EQ(ratio_of_step({{5000}, {}, 20}, 10), (Ratio{0, 10}));
  EXPECT_EQ(replaced_pods({{1}, {}, 0}, 10), 1);
  EXPECT_EQ(replaced_pods({{9999}, {}, 0}, 10), 9);
  EXPECT_EQ(replaced_pods({{100}, {}, 0}, 1), 1) << "there is no other way to look at it";
  EXPECT_EQ(replaced_pods({plan::kNone}, 1), 0);
}

}  // namespace
}  // namespace slipway::delivery
