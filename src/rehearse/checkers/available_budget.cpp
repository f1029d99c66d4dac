// No controller takes an available pod of a Deployment away when that leaves fewer than replicas - maxUnavailable.
//
// Pods that crash by themselves may break the budget; taking one more away then is what the rule forbids. Available is
// a pod that has been ready for minReadySeconds. What a controller may still believe in (`Truth::behind`) is not held
// against it: a pod that has just stopped being ready still counts, and so does a budget that has just grown, and a pod
// of another ReplicaSet, or of a user's choice, that had just been taken; nor is a request that was under way when the
// ReplicaSet grew again. A user may delete what he likes.
#include <algorithm>
#include <map>

#include "control/pod.h"
#include "data/quantity.h"
#include "data/selector.h"
#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/own_deletions.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr base::Duration kLongestWay = base::minutes(2);  // from a new size to its being carried out, over crashes
constexpr base::Duration kClockTick = base::seconds(1);   // times in objects are whole seconds

class AvailableBudget final : public Checker {
 public:
  std::string_view name() const override { return "available-budget"; }

  std::optional<std::string> sent(const Truth& truth, const std::string&, const client::Request& request) override {
    ours_.sent(truth, request);
    return {};
  }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource == api::kDeployments.qualified() && change.previous &&
        change.previous->object["spec"]["replicas"] != change.entry->object["spec"]["replicas"])
      scaled_[std::string(api::uid_of(change.entry->object))] = truth.now;
    if (change.entry->key.resource == api::kDeployments.qualified())
      replicas_[std::string(api::uid_of(change.entry->object))].set(truth,
                                                                    change.entry->object["spec"]["replicas"].as_int(1));
    if (change.entry->key.resource == api::kReplicaSets.qualified() && change.previous &&
        change.entry->object["spec"]["replicas"].as_int(1) < change.previous->object["spec"]["replicas"].as_int(1))
      lowered_[std::string(api::uid_of(change.entry->object))] = truth.now;
    if (change.entry->key.resource == api::kReplicaSets.qualified() && change.previous &&
        change.entry->object["spec"]["replicas"].as_int(1) > change.previous->object["spec"]["replicas"].as_int(1))
      raised_[std::string(api::uid_of(change.entry->object))] = truth.now;
    if (change.entry->key.resource != api::kPods.qualified()) return {};
    const Value& pod = change.entry->object;
    const bool was_ready = change.previous && control::is_ready(change.previous->object);
    remember(truth, pod, was_ready);
    if (was_ready && !api::is_deleting(change.previous->object) && api::is_deleting(pod))
      taken_.push_back({truth.now, pod, ours_.took(truth, pod) && !owner_is_gone(truth, pod)});
    const bool taken = was_ready && !api::is_deleting(change.previous->object) &&
                       (change.kind == store::Change::Kind::Delete || api::is_deleting(pod)) &&
                       ours_.took(truth, pod) && !owner_is_gone(truth, pod) && !is_extra(truth, pod) &&
                       !was_under_way(pod);
    return taken ? judge(truth, pod) : std::nullopt;
  }

 private:
  struct Taken {
    base::Time when;
    Value pod;
    bool ours;  // else a user's, who may have deleted its ReplicaSet
  };
  // A spell of being ready.
  struct Readiness {
    base::Time since;
    std::optional<base::Time> lost;
  };

  // Whoever deletes a ReplicaSet asks for its pods to go.
  static bool owner_is_gone(const Truth& truth, const Value& pod) {
    const Value& owner = api::controller_of(pod);
    const Value set = truth.find(api::kReplicaSets, api::space_of(pod), owner["name"].as_string());
    return api::uid_of(set) != owner["uid"].as_string() || api::is_deleting(set);
  }

  // It was asked for before its ReplicaSet grew again, and arrives only now: nobody can call that request back.
  bool was_under_way(const Value& pod) const {
    const auto raised = raised_.find(api::controller_of(pod)["uid"].str());
    const auto asked = ours_.asked_at(pod);
    return raised != raised_.end() && asked && *asked < raised->second;
  }

  // With a router what stands beside the stable version is extra capacity: the candidate on the way back has no traffic
  // any more, and neither have variants that are stopped or have lost (seed 906 of A/B tests).
  static bool is_extra(const Truth& truth, const Value& pod) {
    const std::string_view hash = api::label(pod, "pod-template-hash");
    return std::ranges::any_of(truth.list(api::kReleases, api::space_of(pod)), [&](const Value& release) {
      const Value& status = release["status"];
      if (!release["spec"]["traffic"].is_object()) return false;
      if (status["candidate"]["hash"].as_string() == hash) return status["rollback"].is_object();
      return std::ranges::any_of(status["variants"].items(),
                                 [&](const Value& variant) { return variant["hash"].as_string() == hash; });
    });
  }

  void remember(const Truth& truth, const Value& pod, bool was_ready) {
    auto& spells = readiness_[std::string(api::uid_of(pod))];
    std::erase_if(spells,
                  [&](const Readiness& r) { return r.lost && truth.now - *r.lost > truth.behind + kLongestWay; });
    if (control::is_ready(pod) && !was_ready) spells.push_back({truth.now, {}});
    if (!control::is_ready(pod) && was_ready && !spells.empty()) spells.back().lost = truth.now;
  }

  std::optional<std::string> judge(const Truth& truth, const Value& pod) {
    const std::string space(api::space_of(pod));
    for (const Value& deployment : truth.list(api::kDeployments, space)) {
      const Value& labels = deployment["spec"]["selector"]["matchLabels"];
      if (labels.is_empty() || !data::LabelSelector::of(labels).matches(api::labels_of(pod))) continue;
      if (deployment["spec"]["strategy"]["type"].as_string() == "Recreate") continue;
      const base::Duration min_ready = control::min_ready_of(deployment);
      if (is_scaling(truth, deployment, pod)) continue;
      const base::Time since = believed_since(truth, pod);
      if (!counts(truth, pod, min_ready, since)) continue;  // it was no loss
      const std::int64_t left = std::ranges::count_if(active_pods(truth, space, labels), [&](const Value& other) {
        return counts(truth, other, min_ready, since);
      });
      const std::int64_t believed = still_believed(truth, pod, labels, min_ready, since);
      const auto needed = budget(deployment, replicas_[std::string(api::uid_of(deployment))].least(truth));
      if (left + believed < needed)
        return "deployment " + std::string(api::name_of(deployment)) + " was left with " + std::to_string(left) +
               " available pods of at least " + std::to_string(needed) + " when " + std::string(api::name_of(pod)) +
               " was taken away";
    }
    return {};
  }

  // Kubernetes' proportional scaling takes available pods by request, and says nothing of a budget.
  bool is_scaling(const Truth& truth, const Value& deployment, const Value& pod) const {
    const auto scaled = scaled_.find(std::string(api::uid_of(deployment)));
    const Value set = truth.find(api::kReplicaSets, api::space_of(pod), api::controller_of(pod)["name"].as_string());
    return scaled != scaled_.end() && truth.now - scaled->second <= truth.behind + kLongestWay &&
           api::controller_of(set)["uid"].as_string() == api::uid_of(deployment);
  }

  // Pods that are gone, but not to the decision that made this pod's ReplicaSet smaller: that somebody else has taken
  // since the oldest picture that it may rest on, and those of other ReplicaSets that were on their way by then.
  std::int64_t still_believed(const Truth& truth, const Value& pod, const Value& labels, base::Duration min_ready,
                              base::Time since) {
    const std::string owner = api::controller_of(pod)["uid"].str();
    const auto lowered = lowered_.find(owner);
    if (lowered == lowered_.end()) return 0;
    const auto excused = [&](const Taken& t) {
      if (t.when < since) return false;
      if (!t.ours) return true;
      return t.when <= lowered->second && api::controller_of(t.pod)["uid"].as_string() != owner;
    };
    std::erase_if(taken_, [&](const Taken& t) { return truth.now - t.when > truth.behind + kLongestWay; });
    return std::ranges::count_if(taken_, [&](const Taken& t) {
      return excused(t) && api::space_of(t.pod) == api::space_of(pod) &&
             data::LabelSelector::of(labels).matches(api::labels_of(t.pod)) && counts(truth, t.pod, min_ready, since);
    });
  }

  // From when on is what was true good enough for the decision that takes this pod?
  base::Time believed_since(const Truth& truth, const Value& pod) const {
    const auto lowered = lowered_.find(api::controller_of(pod)["uid"].str());
    const bool lately = lowered != lowered_.end() && truth.now - lowered->second <= kLongestWay;
    return (lately ? lowered->second : truth.now) - truth.behind;
  }

  // Was it available at any moment since then?
  bool counts(const Truth& truth, const Value& pod, base::Duration min_ready, base::Time since) const {
    const auto found = readiness_.find(std::string(api::uid_of(pod)));
    return found != readiness_.end() && std::ranges::any_of(found->second, [&](const Readiness& r) {
             if (r.lost && *r.lost < since) return false;
             const bool by_the_clock = !truth.jumped || *truth.jumped < r.since;
             return !by_the_clock || r.lost.value_or(truth.now) - r.since + kClockTick >= min_ready;
           });
  }

  static std::int64_t budget(const Value& deployment, std::int64_t replicas) {
    const Value& rolling = deployment["spec"]["strategy"]["rollingUpdate"];
    const auto amount = [&](const char* field, data::Round round) {
      const Value& value = rolling[field];
      return data::int_or_percent(value.is_null() ? Value("25%") : value, replicas, round).value_or(0);
    };
    std::int64_t unavailable = amount("maxUnavailable", data::Round::Down);
    if (unavailable == 0 && amount("maxSurge", data::Round::Up) == 0) unavailable = 1;
    return std::max<std::int64_t>(0, replicas - unavailable);
  }

  OwnDeletions ours_;
  std::map<std::string, std::vector<Readiness>> readiness_;  // by uid of the pod
  std::map<std::string, base::Time> raised_;                 // when the ReplicaSet of this uid was made larger
  std::map<std::string, base::Time> lowered_;                // when the ReplicaSet of this uid was made smaller
  std::map<std::string, base::Time> scaled_;  // when somebody changed the replicas of the Deployment of this uid
  std::vector<Taken> taken_;                  // ready pods, by whomever; oldest first
  std::map<std::string, Lately> replicas_;    // that were asked for, by uid of the Deployment
};

}  // namespace

std::unique_ptr<Checker> make_available_budget() { return std::make_unique<AvailableBudget>(); }

}  // namespace slipway::rehearse
