#include <fmt/format.h>

#include <algorithm>

#include "delivery/invariants/invariants.h"
#include "delivery/scaling.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;

class AvailableWithinBudget final : public control::Invariant {
 public:
  std::string_view name() const override { return "available-within-budget"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time time) const override {
    const auto scene = scene_of(world, controller, name, time);
    if (!scene || scene->plan.capacity != plan::Capacity::Shared) return std::nullopt;
    std::int64_t now = 0, then = 0;
    for (const Version& v : scene->o.versions) {
      std::int64_t replicas = v.spec;
      for (const control::Effect& effect : decision.effects) replicas = written_replicas(v, effect).value_or(replicas);
      now += v.available;
      then += std::min(v.available, replicas);  // pods that are not available go first
    }
    const std::int64_t n = scene->o.replicas();
    const data::Value& own = scene->o.workload["spec"]["strategy"]["rollingUpdate"];
    const auto& plan = scene->plan;
    const Budget budget = budget_of(plan.max_surge.is_null() ? own["maxSurge"] : plan.max_surge,
                                    plan.max_unavailable.is_null() ? own["maxUnavailable"] : plan.max_unavailable, n);
    const std::int64_t least = n - budget.unavailable;
    if (then >= least || then >= now) return std::nullopt;
    return Violation{"available-within-budget",
                     fmt::format("{} of {} pods would stay available, {} have to", then, n, least)};
  }
};

}  // namespace

std::unique_ptr<control::Invariant> available_within_budget() { return std::make_unique<AvailableWithinBudget>(); }

}  // namespace slipway::delivery::invariants
