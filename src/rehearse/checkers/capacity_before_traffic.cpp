// Traffic to a version never grows while it has no ready pod and another version has some.
//
// Controllers decide on caches that may be some seconds old, and pods may crash by themselves, so the rule is broken
// only when the version had no ready pod for longer than any cache can be behind.
#include <algorithm>
#include <map>

#include "control/pod.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

constexpr base::Duration kTolerance = base::seconds(60);

class CapacityBeforeTraffic final : public Checker {
 public:
  std::string_view name() const override { return "capacity-before-traffic"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kPods.qualified() || change.kind != store::Change::Kind::Put) return {};
    const data::Value& pod = change.entry->object;
    if (control::is_ready(pod)) last_ready_[{change.entry->key.space, std::string(api::label(pod, kHash))}] = truth.now;
    return {};
  }

  std::optional<std::string> routed(const Truth& truth, const client::ObjectName& route,
                                    const ModelledGateway::Route& now) override {
    std::optional<std::string> broken;
    for (const auto& backend : now.backends) {
      std::int64_t& before = shares_[{route, backend.service}];
      const bool grew = backend.share > before;
      before = backend.share;
      if (grew && !had_pods(truth, route.space, backend.service) && others_have(truth, route, now, backend.service))
        broken = "route " + route.name + " gives " + std::to_string(backend.share) + "/10000 to service " +
                 backend.service + ", which had no ready pod for a minute";
    }
    for (auto& [key, share] : shares_)
      if (key.first == route &&
          std::ranges::none_of(now.backends, [&](const auto& b) { return b.service == key.second; }))
        share = 0;
    return broken;
  }

 private:
  static constexpr std::string_view kHash = "pod-template-hash";

  bool had_pods(const Truth& truth, const std::string& space, const std::string& service) const {
    const data::Value object = truth.find(api::kServices, space, service);
    if (object.is_null()) return false;
    const std::string hash = object["spec"]["selector"][kHash].str();
    for (const auto& [key, when] : last_ready_)
      if (key.first == space && (hash.empty() || key.second == hash) && truth.now - when < kTolerance) return true;
    for (const data::Value& pod : active_pods(truth, space, object["spec"]["selector"]))
      if (control::is_ready(pod)) return true;
    return false;
  }
  bool others_have(const Truth& truth, const client::ObjectName& route, const ModelledGateway::Route& now,
                   const std::string& but) const {
    for (const auto& backend : now.backends)
      if (backend.service != but && had_pods(truth, route.space, backend.service)) return true;
    return false;
  }

  std::map<std::pair<std::string, std::string>, base::Time> last_ready_;  // namespace and template hash
  std::map<std::pair<client::ObjectName, std::string>, std::int64_t> shares_;
};

}  // namespace

std::unique_ptr<Checker> make_capacity_before_traffic() { return std::make_unique<CapacityBeforeTraffic>(); }

}  // namespace slipway::rehearse
