// What several gateways that carry the same traffic answer together (docs/decisions/0009). Pure.
//
// The answers are those of the ports `traffic` and `metrics/gateway` (gateway.h). Together they never say more than is
// true of each: a share that is not the same everywhere verifies nothing, and quantiles come from merged histograms.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "data/value.h"
#include "gateway/traffic_window.h"

namespace slipway::gateway {

struct MetricAnswer {
  std::optional<double> value;  // none: no data
  std::uint64_t samples = 0;
};
// query: error-rate (5xx among all), requests, rate (per second), p50, p90, p95, p99 (seconds). nullopt: no such query,
// or no window.
std::optional<MetricAnswer> answer_of(const WindowSum& sum, std::string_view query, base::Duration window);

data::Value to_value(const MetricAnswer& answer);  // {"value","samples"}
// What is wrong with a question that has no answer.
inline constexpr const char* kBadMetric =
    "a gateway metric needs a window such as 10s and a query of error-rate, requests, rate, p50, p90, p95, p99";

// {"requests","errors","durations":[[bucket,count]...]}: counts that can be added. Invalid for anything else.
data::Value to_value(const WindowSum& sum);
base::Result<WindowSum> window_sum_of(const data::Value& value);
void add(WindowSum& to, const WindowSum& more);

// Answers of the port `traffic`, at least one: generation and servers of the one that has least, sessions and requests
// of all. A share that differs is the largest of them and `held` says so: on the way forward the shares then do not add
// up, and on the way back it is not zero, so that neither counts as done.
data::Value combined_traffic(const std::vector<data::Value>& answers);

}  // namespace slipway::gateway
