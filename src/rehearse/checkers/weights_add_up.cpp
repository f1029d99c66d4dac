// Every route that has backends gives away all of its traffic: weights are not negative and their sum is not zero.
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

class WeightsAddUp final : public Checker {
 public:
  std::string_view name() const override { return "weights-add-up"; }

  std::optional<std::string> changed(const Truth&, const store::Change& change) override {
    if (change.entry->key.resource != api::kHttpRoutes.qualified() || change.kind != store::Change::Kind::Put)
      return {};
    for (const data::Value& rule : change.entry->object["spec"]["rules"].items()) {
      std::int64_t sum = 0;
      for (const data::Value& backend : rule["backendRefs"].items()) {
        const std::int64_t weight = backend["weight"].as_int(1);
        if (weight < 0) return "route " + change.entry->key.name + " has a negative weight";
        sum += weight;
      }
      if (rule["backendRefs"].size() > 0 && sum == 0)
        return "route " + change.entry->key.name + " gives traffic to nobody";
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Checker> make_weights_add_up() { return std::make_unique<WeightsAddUp>(); }

}  // namespace slipway::rehearse
