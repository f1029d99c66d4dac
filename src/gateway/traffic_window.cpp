#include "gateway/traffic_window.h"

#include <algorithm>
#include <cmath>

namespace slipway::gateway {
namespace {

constexpr double kFirstMicros = 16;  // everything faster is one bucket

std::int64_t second_of(base::MonoTime t) {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

}  // namespace

int FineHistogram::bucket_of(base::Duration d) {
  double micros = std::chrono::duration<double, std::micro>(d).count();
  if (micros <= kFirstMicros) return 0;
  return std::min(kBuckets - 1, static_cast<int>(std::ceil(std::log2(micros / kFirstMicros) * 8)));
}

double FineHistogram::upper_bound(int bucket) { return kFirstMicros * std::exp2(bucket / 8.0) / 1e6; }

void FineHistogram::merge(const FineHistogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

std::uint64_t FineHistogram::count() const {
  std::uint64_t n = 0;
  for (auto c : counts_) n += c;
  return n;
}

std::optional<double> FineHistogram::quantile(double q) const {
  double need = q * static_cast<double>(count()), seen = 0;
  if (need <= 0) return count() == 0 ? std::nullopt : std::optional(0.0);
  for (int i = 0; i < kBuckets; ++i) {
    double here = counts_[static_cast<std::size_t>(i)];
    if (seen + here < need) {
      seen += here;
      continue;
    }
    double low = i == 0 ? 0 : upper_bound(i - 1);
    return low + (upper_bound(i) - low) * (need - seen) / here;
  }
  return upper_bound(kBuckets - 1);
}

void TrafficWindow::add(int status, base::Duration duration, base::MonoTime at) {
  std::int64_t number = second_of(at);
  Second& second = seconds_[static_cast<std::size_t>(number % kSeconds)];
  if (second.number != number) {
    if (second.number > number) return;  // older than the whole window
    second = {.number = number, .durations = std::move(second.durations)};
    if (second.durations) *second.durations = {};
  }
  if (!second.durations) second.durations = std::make_unique<FineHistogram>();
  ++second.requests;
  second.errors += status >= 500;
  second.durations->add(duration);
}

WindowSum TrafficWindow::sum(base::Duration window, base::MonoTime now) const {
  WindowSum out;
  std::int64_t last = second_of(now);
  std::int64_t first = std::max(second_of(now - window) + 1, last - kSeconds + 1);
  for (std::int64_t n = first; n <= last; ++n) {
    const Second& second = seconds_[static_cast<std::size_t>(n % kSeconds)];
    if (second.number != n) continue;
    out.requests += second.requests;
    out.errors += second.errors;
    out.durations.merge(*second.durations);
  }
  return out;
}

}  // namespace slipway::gateway
