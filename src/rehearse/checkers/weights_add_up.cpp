// Every route that has backends gives away all of its traffic: weights are not negative and their sum is not zero.
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

class WeightsAddUp final : public Checker {
 public:
  std::string_view name() const override { return "weights-add-up"; }
  std::optional<std::string> changed(const Truth&, const store::Change&) override { return {}; }

  std::optional<std::string> rewritten(const Truth&, const client::ObjectName& route, const RoutedRules&,
                                       const RoutedRules& after) override {
    for (const RoutedRule& rule : after) {
      std::int64_t sum = 0;
      for (const Routed& part : rule) {
        if (part.weight < 0) return "route " + route.name + " has a negative weight";
        sum += part.weight;
      }
      if (!rule.empty() && sum == 0) return "route " + route.name + " gives traffic to nobody";
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Checker> make_weights_add_up() { return std::make_unique<WeightsAddUp>(); }

}  // namespace slipway::rehearse
