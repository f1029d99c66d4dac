// A controller that takes a pod away never leaves its ReplicaSet with fewer than it was asked for.
//
// Catches pods that are deleted twice over: by who forgets its own deletions, or decides on a picture from before them.
// What was asked for is the least number that a controller may still believe in. A user may delete what he likes.
#include <algorithm>
#include <deque>
#include <map>

#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/own_deletions.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PodsAtLeast final : public Checker {
 public:
  std::string_view name() const override { return "pods-at-least"; }

  std::optional<std::string> sent(const Truth& truth, const std::string&, const client::Request& request) override {
    ours_.sent(truth, request);
    return {};
  }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    if (change.entry->key.resource == api::kReplicaSets.qualified())
      asked_[std::string(api::uid_of(object))].set(truth, object["spec"]["replicas"].as_int(1));
    if (change.entry->key.resource != api::kPods.qualified() || !change.previous) return {};
    const bool taken = !api::is_deleting(change.previous->object) &&
                       (change.kind == store::Change::Kind::Delete || api::is_deleting(object));
    const Value& owner = api::controller_of(object);
    if (taken && !ours_.took(truth, object)) by_others_.emplace_back(truth.now, owner["uid"].str());
    if (!taken || !ours_.took(truth, object)) return {};
    const Value set = truth.find(api::kReplicaSets, change.entry->key.space, owner["name"].as_string());
    if (set.is_null() || api::uid_of(set) != owner["uid"].as_string() || api::is_deleting(set)) return {};
    std::int64_t left = 0;
    for (const Value& pod : active_pods(truth, change.entry->key.space, set["spec"]["selector"]["matchLabels"]))
      left += api::controller_of(pod)["uid"].as_string() == api::uid_of(set);
    const std::int64_t least = asked_[std::string(api::uid_of(set))].least(truth);
    if (left + lately_by_others(truth, std::string(api::uid_of(set))) >= least) return {};
    return "replica set " + std::string(api::name_of(set)) + " was left with " + std::to_string(left) + " pods of " +
           std::to_string(least) + " when " + std::string(api::name_of(object)) + " was taken away";
  }

 private:
  // Pods that may still have been there for who asked for the deletion.
  std::int64_t lately_by_others(const Truth& truth, const std::string& set) {
    while (!by_others_.empty() && truth.now - by_others_.front().first > truth.behind) by_others_.pop_front();
    return std::ranges::count(by_others_, set, &std::pair<base::Time, std::string>::second);
  }

  OwnDeletions ours_;
  std::map<std::string, Lately> asked_;                       // by uid of the ReplicaSet
  std::deque<std::pair<base::Time, std::string>> by_others_;  // uids of the ReplicaSets of pods that users took
};

}  // namespace

std::unique_ptr<Checker> make_pods_at_least() { return std::make_unique<PodsAtLeast>(); }

}  // namespace slipway::rehearse
