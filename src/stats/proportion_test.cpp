#include "stats/proportion.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace slipway::stats {
namespace {

TEST(Proportion, normal_quantiles_match_the_tables) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963985, 1e-8);
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-12);
  EXPECT_NEAR(normal_cdf(-1.644853627), 0.05, 1e-9);
}

// Reference values: closed forms of the score interval.
TEST(Proportion, wilson_of_known_counts) {
  const Interval ten = wilson_interval(1, 10);
  EXPECT_NEAR(ten.low, 0.017876, 1e-5);
  EXPECT_NEAR(ten.high, 0.404150, 1e-5);
  EXPECT_EQ(wilson_interval(0, 10).low, 0);
  EXPECT_NEAR(wilson_interval(0, 10).high, 0.277533, 1e-5);
  EXPECT_EQ(wilson_interval(0, 0), (Interval{0, 1}));
}

// Reference values: for no hits the exact bound is 1 - (tail)^(1/n); for 1 of 10 it is in every table.
TEST(Proportion, exact_of_known_counts) {
  EXPECT_NEAR(exact_interval(0, 10).high, 1 - std::pow(0.025, 0.1), 1e-9);
  EXPECT_NEAR(exact_interval(10, 10).low, std::pow(0.025, 0.1), 1e-9);
  EXPECT_NEAR(exact_interval(1, 10).low, 0.0025286, 1e-6);
  EXPECT_NEAR(exact_interval(1, 10).high, 0.4450161, 1e-6);
}

TEST(Proportion, exact_of_many_trials_converges) {
  const Interval i = exact_interval(50'000, 1'000'000, 0.9999);
  EXPECT_LT(i.low, 0.05);
  EXPECT_GT(i.high, 0.05);
  EXPECT_LT(i.high - i.low, 0.002);
}

TEST(Proportion, comparison_finds_a_clear_difference_and_no_false_one) {
  const Comparison worse = compare_proportions(47, 1000, 2, 1000);
  EXPECT_NEAR(worse.difference, 0.045, 1e-12);
  EXPECT_LT(worse.p_greater, 1e-6);
  EXPECT_GT(worse.interval.low, 0);
  const Comparison same = compare_proportions(2, 1000, 2, 1000);
  EXPECT_NEAR(same.p_greater, 0.5, 1e-9);
  EXPECT_TRUE(same.interval.contains(0));
  EXPECT_EQ(compare_proportions(0, 0, 1, 5).p_greater, 1);
  EXPECT_EQ(compare_proportions(0, 50, 0, 90).p_greater, 0.5);
}

// Newcombe 1998, table II, example (a): 56/70 against 48/80, method 10 gives 0.0524 to 0.3339.
TEST(Proportion, difference_interval_matches_the_paper) {
  const Comparison c = compare_proportions(56, 70, 48, 80);
  EXPECT_NEAR(c.interval.low, 0.0524, 5e-5);
  EXPECT_NEAR(c.interval.high, 0.3339, 5e-5);
}

RC_GTEST_PROP(Proportion, intervals_contain_the_estimate_and_grow_with_confidence, ()) {
  const auto trials = *rc::gen::inRange<std::int64_t>(1, 5000);
  const auto hits = *rc::gen::inRange<std::int64_t>(0, trials + 1);
  const double estimate = static_cast<double>(hits) / static_cast<double>(trials);
  for (auto interval : {wilson_interval, exact_interval}) {
    const Interval narrow = interval(hits, trials, 0.9), wide = interval(hits, trials, 0.99);
    RC_ASSERT(narrow.low <= estimate + 1e-12 && estimate <= narrow.high + 1e-12);
    RC_ASSERT(wide.low <= narrow.low + 1e-12 && narrow.high <= wide.high + 1e-12);
    RC_ASSERT(wide.low >= 0 && wide.high <= 1);
  }
}

RC_GTEST_PROP(Proportion, beta_is_a_distribution, ()) {
  const double a = *rc::gen::inRange(1, 400), b = *rc::gen::inRange(1, 400);
  const double x = *rc::gen::inRange(1, 1000) / 1000.0;
  RC_ASSERT(std::abs(beta_cdf(x, a, b) + beta_cdf(1 - x, b, a) - 1) < 1e-9);
  RC_ASSERT(beta_cdf(x, a, b) <= beta_cdf(x + 0.0005, a, b) + 1e-12);
}

}  // namespace
}  // namespace slipway::stats
