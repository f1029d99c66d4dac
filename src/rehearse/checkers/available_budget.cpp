// Deleting a ready pod of a Deployment never leaves fewer available pods than replicas minus maxUnavailable.
//
// Pods that crash by themselves may break the budget; taking one more away then is what the rule forbids. The old
// number is remembered because a controller may have decided when more were available (caches are behind by seconds at
// most); for the same reason a pod that has just lost its readiness still counts.
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
    if (change.entry->key.resource == api::kDeployments.qualified() && change.previous)
      recent_[std::string(api::uid_of(change.entry->object))].emplace_back(
          truth.now, change.previous->object["spec"]["replicas"].as_int(1));
    if (change.entry->key.resource != api::kPods.qualified()) return {};
    const Value& pod = change.entry->object;
    if (change.previous && control::is_ready(change.previous->object) && !control::is_ready(pod))
      lost_[std::string(api::uid_of(pod))] = truth.now;
    const bool taken = change.previous && control::is_ready(change.previous->object) &&
                       !api::is_deleting(change.previous->object) &&
                       (change.kind == store::Change::Kind::Delete || api::is_deleting(pod));
    if (!taken) return {};
    for (const Value& deployment : truth.list(api::kDeployments, change.entry->key.space)) {
      const Value& labels = deployment["spec"]["selector"]["matchLabels"];
      if (labels.is_empty() || !data::LabelSelector::of(labels).matches(api::labels_of(pod))) continue;
      const auto left = count_ready(truth, change.entry->key.space, labels);
      const auto needed = least_budget(truth, deployment);
      if (left < needed)
        return "deployment " + std::string(api::name_of(deployment)) + " was left with " + std::to_string(left) +
               " ready pods of at least " + std::to_string(needed) + " when " + std::string(api::name_of(pod)) +
               " was taken away";
    }
    return {};
  }

 private:
  std::int64_t count_ready(const Truth& truth, std::string_view space, const Value& labels) const {
    return std::ranges::count_if(active_pods(truth, space, labels), [&](const Value& p) {
      const auto lost = lost_.find(std::string(api::uid_of(p)));
      return control::is_ready(p) || (lost != lost_.end() && truth.now - lost->second <= kUnseen);
    });
  }
  // The smallest budget of the last minute: who decides may not have seen yet that more replicas were asked for.
  std::int64_t least_budget(const Truth& truth, const Value& deployment) {
    auto& recent = recent_[std::string(api::uid_of(deployment))];
    std::erase_if(recent, [&](const auto& seen) { return truth.now - seen.first > kBehind; });
    const std::int64_t replicas = deployment["spec"]["replicas"].as_int(1);
    std::int64_t least = replicas;
    for (const auto& [when, count] : recent) least = std::min(least, count);
    return budget(deployment, least);
  }
  static std::int64_t budget(const Value& deployment, std::int64_t replicas) {
    const Value& rolling = deployment["spec"]["strategy"]["rollingUpdate"];
    auto unavailable =
        data::int_or_percent(rolling["maxUnavailable"].is_null() ? Value("25%") : rolling["maxUnavailable"], replicas,
                             data::Round::Down)
            .value_or(0);
    auto surge = data::int_or_percent(rolling["maxSurge"].is_null() ? Value("25%") : rolling["maxSurge"], replicas,
                                      data::Round::Up)
                     .value_or(0);
    if (unavailable == 0 && surge == 0) unavailable = 1;
    return std::max<std::int64_t>(0, replicas - unavailable);
  }

  static constexpr base::Duration kBehind = base::minutes(1);
  static constexpr base::Duration kUnseen = base::seconds(20);  // FaultRates::stale_time and the way of a request
  std::map<std::string, base::Time> lost_;                     // when pods stopped being ready, by uid
  std::map<std::string, std::deque<std::pair<base::Time, std::int64_t>>>
      recent_;  // replicas that were asked for until then
};

}  // namespace

std::unique_ptr<Checker> make_available_budget() { return std::make_unique<AvailableBudget>(); }

}  // namespace slipway::rehearse
