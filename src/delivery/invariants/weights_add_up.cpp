#include "delivery/invariants/invariants.h"

namespace slipway::delivery::invariants {
namespace {

class WeightsAddUp final : public control::Invariant {
 public:
  std::string_view name() const override { return "weights-add-up"; }

  std::optional<control::Violation> check(const control::World& world, const control::Controller& controller,
                                          const control::ObjectName& name, const control::Decision& decision,
                                          base::Time now) const override {
    const auto scene = scene_of(world, controller, name, now);
    if (!scene) return std::nullopt;
    for (const control::Effect& effect : decision.effects)
      if (const auto route = written_route(*scene, effect))
        if (const std::string wrong =
                router_of(scene->plan.routing->kind).weights_problem(*route, *scene->plan.routing);
            !wrong.empty())
          return control::Violation{"weights-add-up", wrong};
    return std::nullopt;
  }
};

}  // namespace

std::unique_ptr<control::Invariant> weights_add_up() { return std::make_unique<WeightsAddUp>(); }

}  // namespace slipway::delivery::invariants
