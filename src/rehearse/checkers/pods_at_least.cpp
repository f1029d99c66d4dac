// A controller that takes a pod away never leaves its ReplicaSet with fewer than it was asked for.
//
// Catches pods that are deleted twice over: by who forgets its own deletions, or decides on a picture from before them.
// What was asked for is the least number that a controller may still believe in. A user may delete what he likes.
#include <map>
#include <set>

#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PodsAtLeast final : public Checker {
 public:
  std::string_view name() const override { return "pods-at-least"; }

  std::optional<std::string> sent(const Truth& truth, const std::string&, const client::Request& request) override {
    if (request.verb == client::Verb::Delete && request.resource == api::kPods)
      ours_.insert(std::string(api::uid_of(truth.find(api::kPods, request.space, request.name))));
    return {};
  }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    if (change.entry->key.resource == api::kReplicaSets.qualified())
      asked_[std::string(api::uid_of(object))].set(truth, object["spec"]["replicas"].as_int(1));
    if (change.entry->key.resource != api::kPods.qualified() || !change.previous) return {};
    const bool taken = !api::is_deleting(change.previous->object) &&
                       (change.kind == store::Change::Kind::Delete || api::is_deleting(object));
    if (!taken || !ours_.contains(std::string(api::uid_of(object)))) return {};
    const Value& owner = api::controller_of(object);
    const Value set = truth.find(api::kReplicaSets, change.entry->key.space, owner["name"].as_string());
    if (set.is_null() || api::uid_of(set) != owner["uid"].as_string() || api::is_deleting(set)) return {};
    std::int64_t left = 0;
    for (const Value& pod : active_pods(truth, change.entry->key.space, set["spec"]["selector"]["matchLabels"]))
      left += api::controller_of(pod)["uid"].as_string() == api::uid_of(set);
    const std::int64_t least = asked_[std::string(api::uid_of(set))].least(truth);
    if (left >= least) return {};
    return "replica set " + std::string(api::name_of(set)) + " was left with " + std::to_string(left) + " pods of " +
           std::to_string(least) + " when " + std::string(api::name_of(object)) + " was taken away";
  }

 private:
  std::set<std::string> ours_;           // uids of pods that a control process has asked to delete
  std::map<std::string, Lately> asked_;  // by uid of the ReplicaSet
};

}  // namespace

std::unique_ptr<Checker> make_pods_at_least() { return std::make_unique<PodsAtLeast>(); }

}  // namespace slipway::rehearse
