#include "cli/decisions.h"

#include <fmt/format.h>

#include "cli/print.h"
#include "data/json.h"
#include "view/text.h"
#include "view/view.h"

namespace slipway::cli {
namespace {

using data::Value;

std::string line(std::string name, const std::string& text) {
  return std::string(29, ' ') + view::one_line(padded(std::move(name), 23) + text) + "\n";
}

// "0.2 % (1200 samples)   limit 1 %", beside it the stable version's.
std::string metric_text(const Value& metric) {
  const auto number = [&](const char* value, const char* samples) {
    if (!metric[value].is_number()) return std::string("no data");
    const std::string text = view::metric_text(metric[value].as_double(), metric["unit"].as_string());
    return metric[samples].is_int() ? fmt::format("{} ({} samples)", text, metric[samples].as_int()) : text;
  };
  std::string out = number("value", "samples");
  if (!metric["limit"].as_string().empty()) out += "   limit " + metric["limit"].str();
  if (metric["stable"].is_number()) out += "   stable " + number("stable", "stableSamples");
  return out;
}

// What a decision was made from; where the plan stood, and what a person asked for, is in its text already.
std::string inputs_text(const Value& decision) {
  std::string out;
  if (decision["rule"] == "command") return out;
  const Value& inputs = decision["inputs"];
  for (const data::Member& input : inputs.members()) {
    if (input.key == "index" || input.key == "step") continue;
    if (input.key == "metrics")
      for (const Value& metric : input.value.items()) out += line(metric["name"].str(), metric_text(metric));
    else
      out += line(input.key.str(), data::to_json(input.value));
  }
  return out;
}

}  // namespace

std::string decisions_text(const Value& log) {
  std::string out;
  for (const Value& decision : log.items())
    out += view::one_line(padded(decision["time"].str(), 29) + padded(decision["rule"].str(), 23) +
                          decision["text"].str()) +
           "\n" + inputs_text(decision);
  return out;
}

}  // namespace slipway::cli
