#include <fmt/format.h>

#include <algorithm>

#include "delivery/invariants/invariants.h"
#include "delivery/scaling.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;

class InPlaceWithinBudget final : public control::Invariant {
 public:
  std::string_view name() const override { return "in-place-within-budget"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time now) const override {
    const auto scene = scene_of(world, controller, name, now);
    if (!scene || scene->plan.capacity != plan::Capacity::InPlace) return std::nullopt;
    const std::int64_t available = std::ranges::count_if(scene->o.placed, &PlacedPod::available);
    std::int64_t then = available;
    for (const control::Effect& effect : decision.effects)
      if (const auto* gone = std::get_if<control::Delete>(&effect))
        then -=
            std::ranges::any_of(scene->o.placed, [&](const PlacedPod& p) { return p.available && p.uid == gone->uid; });
    const std::int64_t n = scene->o.replicas();
    const std::int64_t least = n - budget_of(scene->plan, scene->o.workload).unavailable;
    if (then == available || then >= least) return std::nullopt;
    return Violation{"in-place-within-budget",
                     fmt::format("{} of {} pods would stay available, {} have to", then, n, least)};
  }
};

}  // namespace

std::unique_ptr<control::Invariant> in_place_within_budget() { return std::make_unique<InPlaceWithinBudget>(); }

}  // namespace slipway::delivery::invariants
