// The text that Prometheus reads (exposition format 0.0.4), line by line.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::runtime {

// "# HELP" and "# TYPE" of a family; all its samples follow. `type`: counter, gauge or histogram.
void write_head(std::string& out, std::string_view name, std::string_view type, std::string_view help);

// The value as it is written: NaN, +Inf, or the shortest decimal that reads back the same.
std::string metric_number(double value);

// One line. Label values may hold anything: they are escaped.
using LabelPairs = std::vector<std::pair<std::string_view, std::string_view>>;
void write_sample(std::string& out, std::string_view name, const LabelPairs& labels, std::string_view value);

}  // namespace slipway::runtime
