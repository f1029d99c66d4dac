// Counters, gauges and histograms with labels, and their text for Prometheus (exposition format 0.0.4).
//
//   auto& family = registry.counter("slipway_gateway_requests_total", "Answers by status.", {"route", "code"});
//   family.with({"shop/web", "200"}).add();
//
// Families are made once and live as long as the registry; a series (`with`) too. Looking a series up takes a lock,
// counting on it does not, so hot paths keep the reference. A family holds at most `kMaxSeries`; further label sets all
// count on one series whose labels are "other", so that hostile or careless labels cost bounded memory. Threads:
// everything may be used from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::runtime {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double n) { value_.fetch_add(n, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Cumulative buckets as Prometheus wants them; `bounds` are upper bounds, rising, without +Inf.
class Histogram {
 public:
  explicit Histogram(const std::vector<double>& bounds);
  void observe(double value);
  std::uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  const std::vector<double>& bounds() const { return bounds_; }
  std::vector<std::uint64_t> cumulative() const;  // one per bound, then the total

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;  // not cumulative; the last is beyond all bounds
  std::atomic<double> sum_{0};
};

// Bounds in seconds that serve requests: dense between 1 ms and 1 s, where limits usually lie.
const std::vector<double>& latency_bounds();

inline constexpr std::size_t kMaxSeries = 2000;

using Labels = std::vector<std::string>;  // values, in the order of the family's label names

template <class Metric>
class Family {
 public:
  Family(std::string name, std::string help, std::vector<std::string> label_names, std::vector<double> bounds = {});
  Metric& with(const Labels& labels);  // as many as there are label names
  void remove(const Labels& labels);   // forgets the series; references to it end here
  void remove_where(std::string_view label, std::string_view value);  // all with this value of that label
  void write(std::string& out) const;

 private:
  std::unique_ptr<Metric> make() const;

  std::string name_, help_;
  std::vector<std::string> label_names_;
  std::vector<double> bounds_;
  mutable std::mutex mutex_;
  std::map<Labels, std::unique_ptr<Metric>> series_;
};

// Families that somebody else keeps: series that follow objects, as many as there are, and that go with them.
class MetricSource {
 public:
  virtual ~MetricSource() = default;
  // Appends whole families (exposition.h). Asked from any thread, for each text.
  virtual void write(std::string& out) const = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;

  // The same name gives the same family; asking for it as another type or with other label names is a bug.
  Family<Counter>& counter(const std::string& name, const std::string& help, std::vector<std::string> labels = {});
  Family<Gauge>& gauge(const std::string& name, const std::string& help, std::vector<std::string> labels = {});
  Family<Histogram>& histogram(const std::string& name, const std::string& help, std::vector<std::string> labels = {},
                               std::vector<double> bounds = latency_bounds());
  // A source must be removed before it ends; once that has returned, it is not asked any more.
  void add_source(const MetricSource& source);
  void remove_source(const MetricSource& source);
  // All families in name order, then those of the sources; the body of GET /metrics with content type
  // kMetricsContentType.
  std::string text() const;

 private:
  struct Families;
  mutable std::mutex mutex_;
  std::unique_ptr<Families> families_;
  std::vector<const MetricSource*> sources_;
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace slipway::runtime
