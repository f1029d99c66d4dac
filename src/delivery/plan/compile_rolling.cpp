#include "delivery/plan/compile_rolling.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/release_rules.h"
#include "delivery/plan/step_writer.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;

bool is_all(const Value& batch) { return api::weight_of(batch["percent"]).value_or(0) == kWhole.points; }

// After the last batch come the pods that are left.
bool leaves_some(const Value& rolling) {
  const Value& batches = rolling["batches"];
  return batches.size() == 0 || !is_all(batches.at(batches.size() - 1));
}

void add_look(StepWriter& out, const Value& batch, int index, const std::string& field) {
  if (batch["bake"].is_string()) out.add(Wait{duration_or(batch["bake"], {})}, index, field + ".bake");
  if (batch["analysis"].is_object()) out.add(Analyse{analysis_of(batch["analysis"])}, index, field + ".analysis");
  if (batch["approve"].as_bool()) out.add(Approve{}, index, field + ".approve");
}

std::string batch_name(const Value& batch) {
  if (const std::string name = batch["name"].str(); !name.empty()) return name;
  if (batch.has("percent")) return fmt::format("replace {:g} % of the pods", batch["percent"].as_double());
  const std::int64_t pods = batch["replicas"].as_int();
  return fmt::format("replace {} pod{}", pods, pods == 1 ? "" : "s");
}

}  // namespace

void compile_rolling(const Value& spec, ReleasePlan& plan) {
  const Value& rolling = spec["strategy"]["rolling"];
  plan.strategy = Strategy::Rolling;
  plan.max_surge = rolling["maxSurge"];
  plan.max_unavailable = rolling["maxUnavailable"];
  StepWriter out{plan};
  // Of numbers and parts, whatever is more: which of them, only the workload's size tells.
  Scale so_far{kNone};
  for (const Value& batch : rolling["batches"].items()) {
    const std::string field = fmt::format("spec.strategy.rolling.batches[{}]", plan.user_steps);
    so_far.share = std::max(so_far.share, Share{api::weight_of(batch["percent"]).value_or(0)});
    so_far.least = std::max(so_far.least, limit_of(batch["replicas"]).value_or(0));
    out.add(so_far, plan.user_steps, field);
    add_look(out, batch, plan.user_steps, field);
    ++plan.user_steps;
  }
  if (leaves_some(rolling)) {
    out.add(Scale{kWhole}, plan.user_steps, "spec.strategy.rolling");
    ++plan.user_steps;
  }
  if (rolling["bake"].is_string())
    out.add(Wait{duration_or(rolling["bake"], {})}, plan.user_steps - 1, "spec.strategy.rolling.bake");
}

std::vector<std::string> rolling_step_names(const Value& rolling) {
  std::vector<std::string> out;
  if (!rolling.is_object()) return out;
  for (const Value& batch : rolling["batches"].items()) out.push_back(batch_name(batch));
  if (leaves_some(rolling)) out.push_back(out.empty() ? "replace pods" : "replace the other pods");
  return out;
}

}  // namespace slipway::delivery::plan
