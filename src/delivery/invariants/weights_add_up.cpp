#include <fmt/format.h>

#include "delivery/invariants/invariants.h"

namespace slipway::delivery::invariants {
namespace {

class WeightsAddUp final : public control::Invariant {
 public:
  std::string_view name() const override { return "weights-add-up"; }

  std::optional<control::Violation> check(const control::World& world, const control::Controller& controller,
                                          const control::ObjectName& name, const control::Decision& decision,
                                          base::Time) const override {
    const auto scene = scene_of(world, controller, name);
    if (!scene) return std::nullopt;
    for (const control::Effect& effect : decision.effects)
      if (const auto route = written_route(*scene, effect))
        for (const data::Value& rule : (*route)["spec"]["rules"].items())
          if (const std::string wrong = problem(rule); !wrong.empty())
            return control::Violation{"weights-add-up", wrong};
    return std::nullopt;
  }

 private:
  static std::string problem(const data::Value& rule) {
    std::int64_t sum = 0;
    for (const data::Value& ref : rule["backendRefs"].items()) {
      const std::int64_t weight = ref["weight"].as_int(1);
      if (weight < 0) return fmt::format("backend {} would have the weight {}", ref["name"].as_string(), weight);
      sum += weight;
    }
    return rule["backendRefs"].size() > 0 && sum == 0 ? "a rule would give its traffic to nobody" : "";
  }
};

}  // namespace

std::unique_ptr<control::Invariant> weights_add_up() { return std::make_unique<WeightsAddUp>(); }

}  // namespace slipway::delivery::invariants
