// A sliding window of answers: one bucket a second, ten minutes long, each with a fine histogram. Not synchronised.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.h"

namespace slipway::gateway {

// Durations in buckets of an eighth of a power of two: quantiles are off by less than 9 %, and interpolated within.
class FineHistogram {
 public:
  static constexpr int kBuckets = 240;
  static int bucket_of(base::Duration d);
  static double upper_bound(int bucket);  // seconds

  void add(base::Duration d) { ++counts_[static_cast<std::size_t>(bucket_of(d))]; }
  void add_to(int bucket, std::uint32_t count) { counts_[static_cast<std::size_t>(bucket)] += count; }
  std::uint32_t count_of(int bucket) const { return counts_[static_cast<std::size_t>(bucket)]; }
  void merge(const FineHistogram& other);
  std::uint64_t count() const;
  std::optional<double> quantile(double q) const;  // seconds; none without samples

 private:
  std::array<std::uint32_t, kBuckets> counts_{};
};

struct WindowSum {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  // status 500 and more
  FineHistogram durations;
};

class TrafficWindow {
 public:
  static constexpr int kSeconds = 600;
  void add(int status, base::Duration duration, base::MonoTime at);
  // Answers of the last `window` (at most ten minutes), the running second included.
  WindowSum sum(base::Duration window, base::MonoTime now) const;

 private:
  struct Second {
    std::int64_t number = -1;  // since the clock's epoch
    std::uint32_t requests = 0, errors = 0;
    std::unique_ptr<FineHistogram> durations;
  };
  std::array<Second, kSeconds> seconds_;
};

}  // namespace slipway::gateway
