#include <fmt/format.h>

#include <algorithm>

#include "delivery/invariants/invariants.h"
#include "delivery/scaling.h"
#include "delivery/state.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;

class OldVersionStays final : public control::Invariant {
 public:
  std::string_view name() const override { return "old-version-stays"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time now) const override {
    const auto scene = scene_of(world, controller, name, now);
    if (!scene || scene->plan.capacity != plan::Capacity::Extra) return std::nullopt;
    const State state = read_state(scene->o.release["status"]);
    const Version* stable = state.stable ? scene->o.find(state.stable->hash) : nullptr;
    if (!stable) return std::nullopt;
    for (const control::Effect& effect : decision.effects) {
      const auto replicas = written_replicas(*stable, effect);
      if (replicas && *replicas < stable->spec && *replicas < least_of(*scene, state))
        return Violation{"old-version-stays",
                         fmt::format("the stable version would go from {} to {} pods before the new one has taken over",
                                     stable->spec, *replicas)};
    }
    return std::nullopt;
  }

 private:
  // Pods that it has to keep.
  static std::int64_t least_of(const Scene& s, const State& state) {
    const Version* candidate = state.candidate ? s.o.find(state.candidate->hash) : nullptr;
    const std::int64_t n = s.o.replicas();
    if (!candidate) return n;
    const auto carries = [&](plan::Share share) {
      return can_carry(candidate->available, share, n, budget_of(s.plan, s.o.workload));
    };
    if (state.position.handed_over) return candidate->owner == Owner::Deployment && carries(plan::kWhole) ? 0 : n;
    if (!s.plan.dynamic_stable) return n;
    const plan::Share share = verified_share(s, state);
    return carries(share) ? stable_pods_beside(share, n) : n;
  }

  // What the candidate is known to get from the router as it stands.
  static plan::Share verified_share(const Scene& s, const State& state) {
    const RouteView view = view_of(s, s.o.objects());
    const bool known = view.shape == RouteView::Shape::Split && state.traffic.verified >= 0;
    return known ? std::min(view.candidate, plan::Share{state.traffic.verified}) : plan::kNone;
  }
};

}  // namespace

std::unique_ptr<control::Invariant> old_version_stays() { return std::make_unique<OldVersionStays>(); }

}  // namespace slipway::delivery::invariants
