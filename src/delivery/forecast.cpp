#include "delivery/forecast.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/scaling.h"

namespace slipway::delivery {
namespace {

using data::Value;

std::int64_t pods_of(const plan::Scale& scale, std::int64_t replicas) {
  if (scale.parts.empty()) return candidate_pods(scale, replicas);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < scale.parts.size(); ++i)
    sum += std::min(std::max(pods_for(scale.parts[i].share, replicas), scale.least_of_parts[i]), replicas);
  return sum;
}

// A winner grows to full size while the variants that have lost still have their pods.
std::int64_t most_beside_stable(const plan::ReleasePlan& plan, std::int64_t replicas) {
  std::int64_t most = 0, variants = 0;
  for (const plan::Step& step : plan.steps) {
    if (const auto* preview = std::get_if<plan::Preview>(&step.action))
      most = std::max(most, candidate_pods({plan::kWhole, preview->pods}, replicas));
    const auto* scale = std::get_if<plan::Scale>(&step.action);
    if (!scale) continue;
    const std::int64_t pods = pods_of(*scale, replicas);
    if (!scale->parts.empty()) variants = pods;
    most = std::max(most, scale->parts.empty() && variants > 0 ? variants + pods : pods);
  }
  return most;
}

// The candidate grows first, and the stable version gives pods back when the traffic has moved.
std::int64_t peak_while_stable_shrinks(const plan::ReleasePlan& plan, std::int64_t replicas) {
  std::int64_t most = replicas, stable = replicas, candidate = 0;
  for (const plan::Step& step : plan.steps) {
    if (const auto* scale = std::get_if<plan::Scale>(&step.action)) candidate = candidate_pods(*scale, replicas);
    most = std::max(most, stable + candidate);
    if (const auto* traffic = std::get_if<plan::Traffic>(&step.action))
      stable = stable_pods_beside(traffic->share, replicas);
  }
  return most;
}

std::int64_t peak_of(const plan::ReleasePlan& plan, const Value& deployment, std::int64_t replicas) {
  if (plan.capacity == plan::Capacity::InPlace) return replicas;
  if (plan.capacity == plan::Capacity::Shared) return replicas + budget_of(plan, deployment).surge;
  if (plan.dynamic_stable) return peak_while_stable_shrinks(plan, replicas);
  return replicas + most_beside_stable(plan, replicas);
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
  if (f.at_peak) out += fmt::format("pods      at most {} of all versions, {} at rest\n", *f.at_peak, *f.at_rest);
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
