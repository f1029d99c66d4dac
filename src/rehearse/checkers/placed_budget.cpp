// Of a StatefulSet or DaemonSet no control process takes a pod that serves when more are away already than may be: one,
// or the DaemonSet's maxUnavailable.
//
// A pod serves once it has been ready for minReadySeconds. What may still be believed in (`Truth::behind`) is not held
// against anybody: a pod that has just stopped serving counts as serving, unless the same process has taken it itself,
// and one that has just begun to does not; nor does one after a jump of the wall clock, by which minReadySeconds are
// counted. Pods beyond `replicas`, and those of a set that is being deleted, may go.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "control/pod.h"
#include "data/quantity.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PlacedBudget final : public Checker {
 public:
  std::string_view name() const override { return "placed-budget"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    for (const api::Resource* kind : {&api::kStatefulSets, &api::kDaemonSets})
      if (change.entry->key.resource == kind->qualified())
        wanted_[std::string(api::uid_of(object))].set(truth, pods_of(*kind, object));
    if (change.entry->key.resource != api::kPods.qualified()) return {};
    const std::string owner = api::controller_of(object)["uid"].str();
    if (!wanted_.contains(owner)) return {};
    Seen& seen = pods_[std::string(api::uid_of(object))];
    seen.owner = owner;
    const bool serves =
        change.kind == store::Change::Kind::Put && control::is_active(object) && control::is_ready(object);
    if (seen.serves && !serves) seen.lost = truth.now;
    if (!seen.serves && serves) seen.since = truth.now;
    seen.serves = serves;
    return {};
  }

  std::optional<std::string> sent(const Truth& truth, const std::string& process,
                                  const client::Request& request) override {
    if (request.verb != client::Verb::Delete || request.resource != api::kPods) return {};
    const Value pod = truth.find(api::kPods, request.space, request.name);
    const Value& owner = api::controller_of(pod);
    const api::Resource& kind = resource_of(owner);
    const Value set = truth.find(kind, request.space, owner["name"].as_string());
    if (set.is_null() || api::uid_of(set) != owner["uid"].as_string() || api::is_deleting(set)) return {};
    const std::string uid(api::uid_of(pod));
    const bool again = !taken_[process].insert(uid).second;
    if (again || !serves_for_sure(truth, set, pods_[uid]) || is_beyond(truth, kind, set, pod)) return {};
    const std::int64_t left = std::ranges::count_if(pods_, [&](const auto& entry) {
      const auto& [other, seen] = entry;
      const bool believed = seen.serves || (seen.lost && truth.now - *seen.lost <= truth.behind);
      return seen.owner == owner["uid"].as_string() && believed && !taken_[process].contains(other);
    });
    const std::int64_t least = wanted_[std::string(api::uid_of(set))].least(truth) - budget(kind, set);
    if (left >= least) return {};
    return fmt::format("{} takes {}, which leaves {} pods of {} that serve, and {} have to", process, request.name,
                       left, api::name_of(set), least);
  }

 private:
  struct Seen {
    std::string owner;
    bool serves = false;
    base::Time since = {};
    std::optional<base::Time> lost;
  };

  static bool serves_for_sure(const Truth& truth, const Value& set, const Seen& seen) {
    constexpr base::Duration kClockTick = base::seconds(1);  // times in objects are whole seconds
    const base::Duration min_ready = control::min_ready_of(set);
    if (min_ready > base::Duration{} && truth.jumped && *truth.jumped >= seen.since) return false;
    return seen.serves && truth.now - seen.since > truth.behind + min_ready + kClockTick;
  }

  static const api::Resource& resource_of(const Value& owner) {
    return owner["kind"].as_string() == "DaemonSet" ? api::kDaemonSets : api::kStatefulSets;
  }
  static std::int64_t pods_of(const api::Resource& kind, const Value& set) {
    if (kind == api::kDaemonSets) return set["status"]["desiredNumberScheduled"].as_int();
    return set["spec"]["replicas"].as_int(1);
  }
  static std::int64_t budget(const api::Resource& kind, const Value& set) {
    if (kind != api::kDaemonSets) return 1;
    const Value& said = set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"];
    return std::max<std::int64_t>(1, data::int_or_percent(said, pods_of(kind, set), data::Round::Up).value_or(1));
  }
  // Larger ordinals than a size that may still be believed in has.
  bool is_beyond(const Truth& truth, const api::Resource& kind, const Value& set, const Value& pod) {
    if (kind == api::kDaemonSets) return false;
    const std::string name(api::name_of(pod));
    const auto ordinal = base::parse_int(name.substr(name.rfind('-') + 1)).value_or(0);
    return ordinal >= wanted_[std::string(api::uid_of(set))].least(truth);
  }

  std::map<std::string, Lately> wanted_;                // pods, by uid of the set
  std::map<std::string, Seen> pods_;                    // by uid
  std::map<std::string, std::set<std::string>> taken_;  // uids, by process
};

}  // namespace

std::unique_ptr<Checker> make_placed_budget() { return std::make_unique<PlacedBudget>(); }

}  // namespace slipway::rehearse
