// A ReplicaSet never has more active pods than it was ever asked for.
//
// Catches pods that are created twice after a crash or a lost answer.
#include <algorithm>
#include <map>

#include "data/quantity.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PodsAtMost final : public Checker {
 public:
  std::string_view name() const override { return "pods-at-most"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    if (change.entry->key.resource == api::kReplicaSets.qualified()) {
      std::int64_t& asked = most_asked_[std::string(api::uid_of(object))];
      asked = std::max(asked, object["spec"]["replicas"].as_int(1));
      return {};
    }
    if (change.entry->key.resource != api::kPods.qualified() || change.previous) return {};
    // No ReplicaSet has more active pods than it was ever asked for.
    const Value& owner = api::controller_of(change.entry->object);
    if (owner["kind"].as_string() != "ReplicaSet") return {};
    const Value set = truth.find(api::kReplicaSets, change.entry->key.space, owner["name"].as_string());
    if (set.is_null()) return {};
    const std::int64_t asked = most_asked_[std::string(api::uid_of(set))];
    std::int64_t active = 0;
    for (const Value& pod : active_pods(truth, change.entry->key.space, set["spec"]["selector"]["matchLabels"]))
      active += api::controller_of(pod)["uid"].as_string() == api::uid_of(set);
    if (active <= asked) return {};
    return "replica set " + std::string(api::name_of(set)) + " has " + std::to_string(active) +
           " active pods, but at most " + std::to_string(asked) + " were ever asked for";
  }

 private:
  std::map<std::string, std::int64_t> most_asked_;  // by uid
};

}  // namespace

std::unique_ptr<Checker> make_pods_at_most() { return std::make_unique<PodsAtMost>(); }

}  // namespace slipway::rehearse
