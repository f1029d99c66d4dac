// Deleting a ready pod of a Deployment never leaves fewer available pods than replicas minus maxUnavailable.
//
// Pods that crash by themselves may break the budget; taking one more away then is what the rule forbids. The old number is remembered
// because a controller may have decided when more were available (caches are behind by seconds at most).
#include <algorithm>
#include <deque>
#include <map>

#include "control/pod.h"
#include "data/quantity.h"
#include "data/selector.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class AvailableBudget final : public Checker {
 public:
  std::string_view name() const override { return "available-budget"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kPods.qualified()) return {};
    const Value& pod = change.entry->object;
    const bool taken = change.previous && control::is_ready(change.previous->object) && !api::is_deleting(change.previous->object) &&
                       (change.kind == store::Change::Kind::Delete || api::is_deleting(pod));
    if (!taken) return {};
    for (const Value& deployment : truth.list(api::kDeployments, change.entry->key.space)) {
      const Value& labels = deployment["spec"]["selector"]["matchLabels"];
      if (labels.is_empty() || !data::LabelSelector::of(labels).matches(api::labels_of(pod))) continue;
      const auto left = count_ready(truth, change.entry->key.space, labels);
      const auto needed = budget(deployment);
      if (left < needed)
        return "deployment " + std::string(api::name_of(deployment)) + " was left with " + std::to_string(left) +
               " ready pods of at least " + std::to_string(needed) + " when " + std::string(api::name_of(pod)) + " was taken away";
    }
    return {};
  }

 private:
  static std::int64_t count_ready(const Truth& truth, std::string_view space, const Value& labels) {
    return std::ranges::count_if(active_pods(truth, space, labels), [](const Value& p) { return control::is_ready(p); });
  }
  static std::int64_t budget(const Value& deployment) {
    const std::int64_t replicas = deployment["spec"]["replicas"].as_int(1);
    const Value& rolling = deployment["spec"]["strategy"]["rollingUpdate"];
    auto unavailable = data::int_or_percent(rolling["maxUnavailable"].is_null() ? Value("25%") : rolling["maxUnavailable"],
                                            replicas, data::Round::Down).value_or(0);
    auto surge = data::int_or_percent(rolling["maxSurge"].is_null() ? Value("25%") : rolling["maxSurge"], replicas,
                                      data::Round::Up).value_or(0);
    if (unavailable == 0 && surge == 0) unavailable = 1;
    return std::max<std::int64_t>(0, replicas - unavailable);
  }
};

}  // namespace

std::unique_ptr<Checker> make_available_budget() { return std::make_unique<AvailableBudget>(); }

}  // namespace slipway::rehearse
