#include <fmt/format.h>

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
      if (replicas && *replicas < stable->spec && !may_go(*scene, state))
        return Violation{"old-version-stays",
                         fmt::format("the stable version would go from {} to {} pods before the new one has taken over",
                                     stable->spec, *replicas)};
    }
    return std::nullopt;
  }

 private:
  static bool may_go(const Scene& s, const State& state) {
    const Version* candidate = state.candidate ? s.o.find(state.candidate->hash) : nullptr;
    const data::Value& own = s.o.workload["spec"]["strategy"]["rollingUpdate"];
    const Budget budget = budget_of(own["maxSurge"], own["maxUnavailable"], s.o.replicas());
    return state.position.handed_over && candidate && candidate->owner == Owner::Deployment &&
           can_carry(candidate->available, plan::kWhole, s.o.replicas(), budget);
  }
};

}  // namespace

std::unique_ptr<control::Invariant> old_version_stays() { return std::make_unique<OldVersionStays>(); }

}  // namespace slipway::delivery::invariants
