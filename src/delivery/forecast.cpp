#include "delivery/forecast.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/scaling.h"

namespace slipway::delivery {
namespace {

using data::Value;

std::int64_t peak_of(const plan::ReleasePlan& plan, const Value& deployment, std::int64_t replicas) {
  if (plan.capacity == plan::Capacity::Shared) return replicas + budget_of(plan, deployment).surge;
  std::int64_t most = 0;
  for (const plan::Step& step : plan.steps)
    if (const auto* scale = std::get_if<plan::Scale>(&step.action))
      most = std::max(most, candidate_pods(*scale, replicas));
  return replicas + most;
}

}  // namespace

Forecast forecast(const plan::ReleasePlan& plan, const Value& deployment) {
  Forecast out;
  if (deployment.is_object()) {
    out.at_rest = deployment["spec"]["replicas"].as_int(1);
    out.at_peak = peak_of(plan, deployment, *out.at_rest);
  }
  for (const plan::Step& step : plan.steps) {
    if (const auto* wait = std::get_if<plan::Wait>(&step.action)) out.waits += wait->duration;
    if (const auto* keep = std::get_if<plan::Keep>(&step.action)) out.waits += keep->duration;
    if (std::holds_alternative<plan::Approve>(step.action)) ++out.approvals;
  }
  return out;
}

std::string to_text(const Forecast& f) {
  std::string out;
  if (f.at_peak) out += fmt::format("pods      at most {} of both versions, {} at rest\n", *f.at_peak, *f.at_rest);
  out += fmt::format("time      at least {} of waits", base::format_duration(f.waits));
  if (f.approvals > 0)
    out += fmt::format(", and a person is waited for {}",
                       f.approvals == 1 ? "once" : fmt::format("{} times", f.approvals));
  return out + "; starts, analyses and routers come on top\n";
}

Value to_value(const Forecast& f) {
  Value out = Value::object({{"waits", base::format_duration(f.waits)}, {"approvals", f.approvals}});
  if (f.at_peak) out.set("podsAtPeak", *f.at_peak);
  if (f.at_rest) out.set("podsAtRest", *f.at_rest);
  return out;
}

}  // namespace slipway::delivery
