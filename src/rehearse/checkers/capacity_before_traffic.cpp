// No route gives a version more traffic than its servers can carry, and none to one without servers while another has
// some.
//
// Servers are the ready endpoints of a Service, as the proxy knows them. On the way forward the candidate needs as many
// as its share of the replicas; on the way back, or when nobody else has any, any will do: what is left is worse. What
// a controller may still believe in (`Truth::behind`) is not held against it.
#include <algorithm>
#include <map>

#include "control/pod.h"
#include "delivery/scaling.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr std::string_view kServiceName = "kubernetes.io/service-name";

using Shares = std::map<std::string, std::int64_t>;  // by service, in hundredths of a percent

Shares shares_of(const Value& route) {
  Shares shares;
  std::int64_t sum = 0;
  for (const Value& ref : route["spec"]["rules"].at(0)["backendRefs"].items()) {
    shares[ref["name"].str()] += ref["weight"].as_int(1);
    sum += ref["weight"].as_int(1);
  }
  for (auto& [service, share] : shares) share = sum > 0 ? share * 10'000 / sum : 0;
  return shares;
}

class CapacityBeforeTraffic final : public Checker {
 public:
  std::string_view name() const override { return "capacity-before-traffic"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& resource = change.entry->key.resource;
    const std::string& space = change.entry->key.space;
    if (resource == api::kDeployments.qualified())
      replicas_[space].set(truth, change.entry->object["spec"]["replicas"].as_int(1));
    if (resource == api::kEndpointSlices.qualified())
      count_servers(truth, space, std::string(api::label(change.entry->object, kServiceName)));
    if (resource != api::kHttpRoutes.qualified() || change.kind != store::Change::Kind::Put || !change.previous)
      return {};
    Shares before = shares_of(change.previous->object), after = shares_of(change.entry->object);
    for (const auto& [service, share] : after)
      if (share > before[service])
        if (const std::string lacks = lacking(truth, space, service, share, after); !lacks.empty())
          return "route " + change.entry->key.name + " gives " + std::to_string(share) + "/10000 to service " +
                 service + ", " + lacks;
    return {};
  }

 private:
  void count_servers(const Truth& truth, const std::string& space, const std::string& service) {
    std::int64_t ready = 0;
    for (const Value& slice : truth.list(api::kEndpointSlices, space))
      if (api::label(slice, kServiceName) == service)
        ready += std::ranges::count_if(slice["endpoints"].items(),
                                       [](const Value& e) { return e["conditions"]["ready"].as_bool(true); });
    servers_[{space, service}].set(truth, ready);
  }

  // Slices may still name pods that are gone.
  static bool has_ready_pod(const Truth& truth, const std::string& space, const std::string& service) {
    const Value selector = truth.find(api::kServices, space, service)["spec"]["selector"];
    return std::ranges::any_of(active_pods(truth, space, selector), control::is_ready);
  }

  std::string lacking(const Truth& truth, const std::string& space, const std::string& service, std::int64_t share,
                      const Shares& after) {
    const std::int64_t most = servers_[{space, service}].most(truth);
    const std::int64_t needed = delivery::pods_for({share}, replicas_[space].least(truth));
    const bool others = std::ranges::any_of(after, [&](const auto& other) {
      return other.first != service && servers_[{space, other.first}].least(truth) > 0 &&
             has_ready_pod(truth, space, other.first);
    });
    if (service.ends_with("-canary") && (others || most == 0))
      return most >= needed ? "" : "which has " + std::to_string(most) + " of " + std::to_string(needed) + " servers";
    return most == 0 && others ? "which has no server while another has" : "";
  }

  std::map<std::pair<std::string, std::string>, Lately> servers_;  // by namespace and service
  std::map<std::string, Lately> replicas_;                         // of the Deployment of a namespace
};

}  // namespace

std::unique_ptr<Checker> make_capacity_before_traffic() { return std::make_unique<CapacityBeforeTraffic>(); }

}  // namespace slipway::rehearse
