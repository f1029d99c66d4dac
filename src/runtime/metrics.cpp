#include "runtime/metrics.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "base/error.h"
#include "runtime/exposition.h"

namespace slipway::runtime {
namespace {

const char* type_name(const Counter*) { return "counter"; }
const char* type_name(const Gauge*) { return "gauge"; }
const char* type_name(const Histogram*) { return "histogram"; }

struct Line {
  const std::string& name;
  const std::vector<std::string>& names;
  const Labels& labels;

  // `le` is added for histogram buckets.
  void write(std::string& out, const char* suffix, const std::optional<std::string>& le,
             const std::string& value) const {
    LabelPairs pairs;
    for (std::size_t i = 0; i < names.size(); ++i) pairs.emplace_back(names[i], labels[i]);
    if (le) pairs.emplace_back("le", *le);
    write_sample(out, name + suffix, pairs, value);
  }
};

void write_one(std::string& out, const Line& line, const Counter& counter) {
  line.write(out, "", std::nullopt, std::to_string(counter.value()));
}

void write_one(std::string& out, const Line& line, const Gauge& gauge) {
  line.write(out, "", std::nullopt, metric_number(gauge.value()));
}

void write_one(std::string& out, const Line& line, const Histogram& histogram) {
  auto counts = histogram.cumulative();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    bool last = i == histogram.bounds().size();
    line.write(out, "_bucket", last ? "+Inf" : metric_number(histogram.bounds()[i]), std::to_string(counts[i]));
  }
  line.write(out, "_sum", std::nullopt, metric_number(histogram.sum()));
  line.write(out, "_count", std::nullopt, std::to_string(counts.back()));
}

}  // namespace

const std::vector<double>& latency_bounds() {
  static const std::vector<double> bounds{0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02,
                                          0.03,   0.04,  0.05,  0.075, 0.1,   0.125,  0.15, 0.2,   0.25,
                                          0.3,    0.4,   0.5,   0.75,  1,     2.5,    5,    10,    30};
  return bounds;
}

Histogram::Histogram(const std::vector<double>& bounds) : bounds_(bounds), buckets_(bounds.size() + 1) {
  SLIPWAY_CHECK(std::is_sorted(bounds.begin(), bounds.end()));
}

void Histogram::observe(double value) {
  auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const { return cumulative().back(); }

std::vector<std::uint64_t> Histogram::cumulative() const {
  std::vector<std::uint64_t> counts;
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) counts.push_back(total += bucket.load(std::memory_order_relaxed));
  return counts;
}

template <class Metric>
Family<Metric>::Family(std::string name, std::string help, std::vector<std::string> label_names,
                       std::vector<double> bounds)
    : name_(std::move(name)),
      help_(std::move(help)),
      label_names_(std::move(label_names)),
      bounds_(std::move(bounds)) {}

template <class Metric>
std::unique_ptr<Metric> Family<Metric>::make() const {
  if constexpr (std::is_same_v<Metric, Histogram>) {
    return std::make_unique<Histogram>(bounds_);
  } else {
    return std::make_unique<Metric>();
  }
}

template <class Metric>
Metric& Family<Metric>::with(const Labels& labels) {
  SLIPWAY_CHECK(labels.size() == label_names_.size());
  std::lock_guard lock(mutex_);
  auto found = series_.find(labels);
  if (found != series_.end()) return *found->second;
  bool full = series_.size() >= kMaxSeries;
  auto& slot = series_[full ? Labels(labels.size(), "other") : labels];
  if (!slot) slot = make();
  return *slot;
}

template <class Metric>
void Family<Metric>::remove(const Labels& labels) {
  std::lock_guard lock(mutex_);
  series_.erase(labels);
}

template <class Metric>
void Family<Metric>::remove_where(std::string_view label, std::string_view value) {
  const auto at = std::ranges::find(label_names_, label);
  SLIPWAY_CHECK(at != label_names_.end());
  const auto index = static_cast<std::size_t>(at - label_names_.begin());
  std::lock_guard lock(mutex_);
  std::erase_if(series_, [&](const auto& each) { return each.first[index] == value; });
}

template <class Metric>
void Family<Metric>::write(std::string& out) const {
  std::lock_guard lock(mutex_);
  write_head(out, name_, type_name(static_cast<const Metric*>(nullptr)), help_);
  for (const auto& [labels, metric] : series_) write_one(out, {name_, label_names_, labels}, *metric);
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

struct Metrics::Families {
  using Any = std::variant<std::unique_ptr<Family<Counter>>, std::unique_ptr<Family<Gauge>>,
                           std::unique_ptr<Family<Histogram>>>;
  std::map<std::string, std::pair<Any, std::vector<std::string>>> by_name;

  template <class Metric>
  Family<Metric>& get(const std::string& name, const std::string& help, std::vector<std::string> labels,
                      std::vector<double> bounds = {}) {
    auto found = by_name.find(name);
    if (found == by_name.end()) {
      auto family = std::make_unique<Family<Metric>>(name, help, labels, std::move(bounds));
      found = by_name.emplace(name, std::pair(Any(std::move(family)), std::move(labels))).first;
    } else {
      SLIPWAY_CHECK(found->second.second == labels);
    }
    auto* family = std::get_if<std::unique_ptr<Family<Metric>>>(&found->second.first);
    SLIPWAY_CHECK(family != nullptr);
    return **family;
  }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

Family<Counter>& Metrics::counter(const std::string& name, const std::string& help, std::vector<std::string> labels) {
  std::lock_guard lock(mutex_);
  return families_->get<Counter>(name, help, std::move(labels));
}

Family<Gauge>& Metrics::gauge(const std::string& name, const std::string& help, std::vector<std::string> labels) {
  std::lock_guard lock(mutex_);
  return families_->get<Gauge>(name, help, std::move(labels));
}

Family<Histogram>& Metrics::histogram(const std::string& name, const std::string& help, std::vector<std::string> labels,
                                      std::vector<double> bounds) {
  std::lock_guard lock(mutex_);
  return families_->get<Histogram>(name, help, std::move(labels), std::move(bounds));
}

void Metrics::add_source(const MetricSource& source) {
  std::lock_guard lock(mutex_);
  sources_.push_back(&source);
}

void Metrics::remove_source(const MetricSource& source) {
  std::lock_guard lock(mutex_);
  std::erase(sources_, &source);
}

std::string Metrics::text() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_->by_name) {
    std::visit([&](const auto& f) { f->write(out); }, family.first);
  }
  for (const MetricSource* source : sources_) source->write(out);
  return out;
}

}  // namespace slipway::runtime
