// What the load generator counts, per named segment of time ("mark").
//
// A request belongs to the segment in which it was *sent*, so that a segment begun after a change of weights holds only
// requests that the new weights decided. Times are nanoseconds of the system's real-time clock, comparable with a
// server's time stamps.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace load {

enum class Fault { Connect, Reset, Closed, Timeout, Protocol };
constexpr std::array<const char*, 5> kFaultNames{"connect", "reset", "closed", "timeout", "protocol"};

// Latencies in microseconds, in buckets that grow by about 7 %.
class Histogram {
 public:
  void add(std::uint64_t us);
  void merge(const Histogram& other);
  double quantile_ms(double q) const;  // upper bound of the bucket; 0 when empty
  double mean_ms() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_) / 1000; }
  double max_ms() const { return static_cast<double>(max_) / 1000; }

 private:
  static constexpr int kBuckets = 400;
  std::array<std::uint32_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0, sum_ = 0, max_ = 0;
};

struct VersionCount {
  std::uint64_t requests = 0, ok = 0, failed = 0;  // failed: a status of 400 and more
  std::uint64_t get = 0, post = 0;
  std::uint64_t with_user = 0, without_user = 0;
  std::map<int, std::uint64_t> status = {};
  std::int64_t first_seen = 0, last_seen = 0, first_bad = 0, last_bad = 0;
  Histogram latency = {};

  void merge(const VersionCount& other);
};

struct Segment {
  std::string name;
  std::int64_t started = 0;
  std::uint64_t sent = 0, answered = 0, ok = 0, bad_status = 0, broken = 0;
  std::uint64_t get = 0, post = 0;
  std::array<std::uint64_t, 5> faults{};
  std::string first_error = {};  // with its time
  std::map<int, std::uint64_t> status = {};
  std::map<std::string, VersionCount> versions = {};
  std::map<int, std::set<std::string>> user_versions = {};  // user -> versions it was shown
  std::map<int, std::string> last_version = {};
  std::uint64_t returns = 0;  // times that a user came back to a version it had left, within this segment
  std::int64_t first_bad = 0, last_bad = 0;
  Histogram latency = {};

  std::uint64_t in_flight() const { return sent - answered - broken; }
};

// One finished request.
struct Outcome {
  int status = 0;
  std::string version;
  bool post = false;
  int user = -1;  // -1: without
  std::int64_t at = 0;
  std::uint64_t latency_us = 0;
};

class Counters {
 public:
  explicit Counters(std::int64_t now) { mark("start", now); }
  void mark(std::string name, std::int64_t now);
  void reset(std::int64_t now);
  std::size_t sent(bool post);  // the segment, to be given back with the outcome
  void answered(std::size_t segment, const Outcome& outcome);
  void broken(std::size_t segment, Fault fault, const std::string& detail, std::int64_t now);

  // JSON objects on one line. An empty name means the newest segment; an unknown one gives {"error":...}.
  std::string snapshot(std::string_view name, std::int64_t now) const;
  std::string totals(std::int64_t now) const;  // all segments since the last reset, added up
  // The users who were shown `version` in a segment: {"name":..., "version":..., "users":[...]}.
  std::string users(std::string_view name, const std::string& version) const;

 private:
  const Segment* find(std::string_view name) const;

  std::vector<Segment> segments_;
  std::size_t first_ = 0;  // of those since the last reset; earlier ones only wait for their requests in flight
};

}  // namespace load
