#include "stats/proportion.h"

#include <algorithm>
#include <cmath>

namespace slipway::stats {
namespace {

constexpr int kMaxFractionTerms = 100'000;
constexpr double kTiny = 1e-300;

// The continued fraction of the incomplete beta function by Lentz's method; converges for x < (a + 1) / (a + b + 2).
double beta_fraction(double x, double a, double b) {
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < kTiny ? kTiny : d);
  double value = d;
  for (int m = 1; m < kMaxFractionTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (double term : {even, odd}) {
      d = 1 + term * d;
      c = 1 + term / c;
      d = 1 / (std::abs(d) < kTiny ? kTiny : d);
      c = std::abs(c) < kTiny ? kTiny : c;
      value *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return value;
}

double beta_front(double x, double a, double b) {
  return std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
}

// The x with beta_cdf(x, a, b) = p, by bisection: monotone, so it always ends.
double beta_quantile(double p, double a, double b) {
  double low = 0, high = 1;
  for (int i = 0; i < 200 && high - low > 1e-15; ++i) {
    const double mid = (low + high) / 2;
    (beta_cdf(mid, a, b) < p ? low : high) = mid;
  }
  return (low + high) / 2;
}

double two_sided_z(double confidence) { return normal_quantile(1 - (1 - confidence) / 2); }

}  // namespace

double normal_cdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 200 && high - low > 1e-14; ++i) {
    const double mid = (low + high) / 2;
    (normal_cdf(mid) < p ? low : high) = mid;
  }
  return (low + high) / 2;
}

double beta_cdf(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x < (a + 1) / (a + b + 2)) return beta_front(x, a, b) * beta_fraction(x, a, b) / a;
  return 1 - beta_front(1 - x, b, a) * beta_fraction(1 - x, b, a) / b;
}

Interval wilson_interval(std::int64_t hits, std::int64_t trials, double confidence) {
  if (trials <= 0) return {};
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(hits) / n;
  const double z = two_sided_z(confidence);
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  return {hits == 0 ? 0 : std::max(0.0, middle - half), hits == trials ? 1 : std::min(1.0, middle + half)};
}

Interval exact_interval(std::int64_t hits, std::int64_t trials, double confidence) {
  if (trials <= 0) return {};
  const double k = static_cast<double>(hits), n = static_cast<double>(trials);
  const double tail = (1 - confidence) / 2;
  return {hits == 0 ? 0 : beta_quantile(tail, k, n - k + 1), hits == trials ? 1 : beta_quantile(1 - tail, k + 1, n - k)};
}

Comparison compare_proportions(std::int64_t hits_a, std::int64_t trials_a, std::int64_t hits_b, std::int64_t trials_b,
                               double confidence) {
  if (trials_a <= 0 || trials_b <= 0) return {};
  const double na = static_cast<double>(trials_a), nb = static_cast<double>(trials_b);
  const double a = static_cast<double>(hits_a) / na, b = static_cast<double>(hits_b) / nb;
  const Interval wa = wilson_interval(hits_a, trials_a, confidence), wb = wilson_interval(hits_b, trials_b, confidence);
  const double below = std::hypot(a - wa.low, wb.high - b), above = std::hypot(wa.high - a, b - wb.low);
  const double pooled = static_cast<double>(hits_a + hits_b) / (na + nb);
  const double error = std::sqrt(pooled * (1 - pooled) * (1 / na + 1 / nb));
  const double p = error > 0 ? 1 - normal_cdf((a - b) / error) : 0.5;  // all or none hit: no sign of a difference
  return {a - b, {a - b - below, a - b + above}, p};
}

}  // namespace slipway::stats
