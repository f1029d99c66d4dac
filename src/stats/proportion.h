// Proportions of counted events: intervals and comparisons. Pure; any thread.
//
// Used for error rates in analyses and for "is the measured traffic share compatible with the wanted weight".
// Formulas: Wilson 1927 (score interval), Clopper and Pearson 1934 (exact interval), Newcombe 1998 method 10 (difference of two
// proportions), pooled two-proportion z test.
#pragma once

#include <cstdint>

namespace slipway::stats {

struct Interval {
  double low = 0;
  double high = 1;
  bool contains(double x) const { return low <= x && x <= high; }
  bool operator==(const Interval&) const = default;
};

// The standard normal distribution: probability below z, and its inverse (0 < p < 1).
double normal_cdf(double z);
double normal_quantile(double p);

// Two-sided intervals for the probability of an event seen `hits` times in `trials`; `confidence` like 0.95.
// With no trials nothing is known: [0, 1].
Interval wilson_interval(std::int64_t hits, std::int64_t trials, double confidence = 0.95);
// Never covers less than it says; the measure for acceptance bars.
Interval exact_interval(std::int64_t hits, std::int64_t trials, double confidence = 0.95);

struct Comparison {
  double difference = 0;      // first minus second
  Interval interval = {-1, 1};
  double p_greater = 1;       // one-sided p-value of "the first is greater"
};
Comparison compare_proportions(std::int64_t hits_a, std::int64_t trials_a, std::int64_t hits_b, std::int64_t trials_b,
                               double confidence = 0.95);

// P(X <= x) for the Beta(a, b) distribution: the regularised incomplete beta function.
double beta_cdf(double x, double a, double b);

}  // namespace slipway::stats
