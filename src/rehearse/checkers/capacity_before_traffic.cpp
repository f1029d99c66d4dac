// No route gives a version more traffic than its servers can carry, and none to one without servers while another has
// some.
//
// Servers are the ready endpoints of a Service, or of those the pods of one version, as the proxy knows them. On the
// way forward the candidate needs as many as its share of the replicas; on the way back, or when nobody else has any,
// any will do: what is left is worse. Only a stable version that has given pods away (dynamicStableScale) gets no more
// back than it can carry, as long as a step may wait for pods. What a controller may still believe in (`Truth::behind`)
// is not held against it.
#include <algorithm>
#include <map>

#include "control/pod.h"
#include "delivery/scaling.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr std::string_view kServiceName = "kubernetes.io/service-name";
constexpr std::string_view kHash = "pod-template-hash";

// Some of the pods behind a Service: those of one version, or all (no hash).
struct Servers {
  std::string space, service, hash;
  auto operator<=>(const Servers&) const = default;
};
Servers servers_of(const std::string& space, const Routed& part) {
  return {space, part.service, part.subset.empty() ? "" : part.labels[kHash].str()};
}

constexpr base::Duration kWritten = base::seconds(20);  // from a decision to its being in the status, over crashes

struct Granted {
  Routed part;
  std::int64_t share = 0;
};
// The most that any rule gives to each.
std::map<Servers, Granted> most_granted(const std::string& space, const RoutedRules& rules) {
  std::map<Servers, Granted> all;
  for (const RoutedRule& rule : rules) {
    std::map<Servers, std::int64_t> shares;
    for (const Routed& part : rule) {
      const Servers who = servers_of(space, part);
      Granted& granted = all[who];
      granted = {part, std::max(granted.share, shares[who] += part.load())};
    }
  }
  return all;
}

class CapacityBeforeTraffic final : public Checker {
 public:
  std::string_view name() const override { return "capacity-before-traffic"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& resource = change.entry->key.resource;
    const std::string& space = change.entry->key.space;
    const Value& object = change.entry->object;
    if (resource == api::kDeployments.qualified()) replicas_[space].set(truth, object["spec"]["replicas"].as_int(1));
    if (resource == api::kReleases.qualified()) note_way_back(truth, object);
    if (resource == api::kPods.qualified()) hashes_[std::string(api::uid_of(object))] = api::label(object, kHash);
    if (resource == api::kEndpointSlices.qualified())
      count_servers(truth, space, std::string(api::label(object, kServiceName)));
    return {};
  }

  std::optional<std::string> rewritten(const Truth& truth, const client::ObjectName& route, const RoutedRules& before,
                                       const RoutedRules& after) override {
    if (before.empty()) return {};  // the user's own, as it was made
    const auto had = most_granted(route.space, before), has = most_granted(route.space, after);
    for (const auto& [who, granted] : has) {
      const auto then = had.find(who);
      if (granted.share <= (then == had.end() ? 0 : then->second.share)) continue;
      if (const std::string lacks = lacking(truth, who, granted, has); !lacks.empty())
        return "route " + route.name + " gives " + std::to_string(granted.share) + "/10000 to service " + who.service +
               (who.hash.empty() ? "" : " version " + who.hash) + ", " + lacks;
    }
    return {};
  }

 private:
  void count_servers(const Truth& truth, const std::string& space, const std::string& service) {
    std::map<std::string, std::int64_t> ready{{"", 0}};
    for (const Value& slice : truth.list(api::kEndpointSlices, space)) {
      if (api::label(slice, kServiceName) != service) continue;
      for (const Value& endpoint : slice["endpoints"].items()) {
        if (!endpoint["conditions"]["ready"].as_bool(true)) continue;
        ++ready[""];
        if (const std::string& hash = hashes_[endpoint["targetRef"]["uid"].str()]; !hash.empty()) ++ready[hash];
      }
    }
    for (auto& [who, lately] : servers_)
      if (who.space == space && who.service == service && !ready.contains(who.hash)) lately.set(truth, 0);
    for (const auto& [hash, count] : ready) servers_[{space, service, hash}].set(truth, count);
  }

  // Slices may still name pods that are gone. Those whose ReplicaSet somebody has deleted go with it.
  static bool has_ready_pod(const Truth& truth, const Servers& who) {
    Value selector = truth.find(api::kServices, who.space, who.service)["spec"]["selector"];
    if (!who.hash.empty()) selector.set(kHash, who.hash);
    return std::ranges::any_of(active_pods(truth, who.space, selector), [&](const Value& pod) {
      const Value& owner = api::controller_of(pod);
      const Value set = truth.find(api::kReplicaSets, who.space, owner["name"].as_string());
      return control::is_ready(pod) && api::uid_of(set) == owner["uid"].as_string() && !api::is_deleting(set);
    });
  }

  std::string lacking(const Truth& truth, const Servers& who, const Granted& granted,
                      const std::map<Servers, Granted>& all) {
    const std::int64_t most = servers_[who].most(truth);
    const std::int64_t n = replicas_[who.space].least(truth);
    const std::int64_t needed = delivery::pods_for({granted.share}, n);
    const bool others = std::ranges::any_of(all, [&](const auto& other) {
      return other.first != who && servers_[other.first].least(truth) > 0 && has_ready_pod(truth, other.first);
    });
    if (is_candidate(granted.part) && (others || most == 0))
      return most >= needed ? "" : "which has " + std::to_string(most) + " of " + std::to_string(needed) + " servers";
    if (most == 0 && others) return "which has no server while another has";
    const delivery::Budget budget = delivery::budget_of({}, {}, n);  // of a Deployment that says nothing
    if (!others || !gets_back_what_it_carries(truth, who.space) ||
        delivery::can_carry(most, {granted.share}, n, budget))
      return "";
    return "which has " + std::to_string(most) + " of " + std::to_string(needed) + " servers, while another has some";
  }

  void note_way_back(const Truth& truth, const Value& release) {
    const std::string space(api::space_of(release));
    if (!release["status"]["rollback"].is_object())
      turned_back_.erase(space);
    else
      turned_back_.emplace(space, truth.now);
  }

  // Its stable version has only the pods for its part, and patience with the candidate has not ended.
  bool gets_back_what_it_carries(const Truth& truth, const std::string& space) const {
    const auto since = turned_back_.find(space);
    const auto releases = truth.list(api::kReleases, space);
    if (since != turned_back_.end() && truth.jumped && *truth.jumped >= since->second) return false;
    return std::ranges::any_of(releases, [&](const Value& release) {
      const auto deadline = base::parse_duration(release["spec"]["deadline"].as_string());
      return release["spec"]["strategy"]["canary"]["dynamicStableScale"].as_bool() && deadline &&
             (since == turned_back_.end() || truth.now + kWritten < since->second + *deadline);
    });
  }

  std::map<Servers, Lately> servers_;
  std::map<std::string, std::string> hashes_;      // of pods, by uid
  std::map<std::string, Lately> replicas_;         // of the Deployment of a namespace
  std::map<std::string, base::Time> turned_back_;  // since when the Release of a namespace has been on its way back
};

}  // namespace

std::unique_ptr<Checker> make_capacity_before_traffic() { return std::make_unique<CapacityBeforeTraffic>(); }

}  // namespace slipway::rehearse
