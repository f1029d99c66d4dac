// A Service that is switched to one version finds pods there: all that are needed for the whole on the way forward, and
// some on the way back, unless nobody has any. What a controller may still believe in is not held against it.
#include <map>

#include "control/pod.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr std::string_view kHash = "pod-template-hash";

std::string hash_of(const Value& service) { return service["spec"]["selector"][kHash].str(); }

class SwitchFindsPods final : public Checker {
 public:
  std::string_view name() const override { return "switch-finds-pods"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& resource = change.entry->key.resource;
    const std::string& space = change.entry->key.space;
    if (resource == api::kDeployments.qualified())
      replicas_[space].set(truth, change.entry->object["spec"]["replicas"].as_int(1));
    if (resource == api::kPods.qualified()) count(truth, space);
    if (resource != api::kServices.qualified() || change.kind != store::Change::Kind::Put || !change.previous)
      return {};
    const std::string now = hash_of(change.entry->object);
    if (now.empty() || now == hash_of(change.previous->object) || !is_the_users(change.entry->object)) return {};
    const bool forward = now == hash_of(truth.find(api::kServices, space, change.entry->key.name + "-canary"));
    const std::int64_t most = ready_[{space, now}].most(truth);
    const std::int64_t needed = forward ? replicas_[space].least(truth) : 1;
    if (most >= needed || !others_have(truth, space, now)) return {};
    return "Service " + change.entry->key.name + " is switched to " + now + ", which has " + std::to_string(most) +
           " of " + std::to_string(needed) + " ready pods";
  }

 private:
  // Those of a Release always select one version.
  static bool is_the_users(const Value& service) { return api::label(service, "slipway.dev/release").empty(); }

  void count(const Truth& truth, const std::string& space) {
    std::map<std::string, std::int64_t> ready;
    for (const Value& pod : truth.list(api::kPods, space))
      ready[std::string(api::label(pod, kHash))] += control::is_active(pod) && control::is_ready(pod) ? 1 : 0;
    for (auto& [key, lately] : ready_)
      if (key.first == space && !ready.contains(key.second)) lately.set(truth, 0);
    for (const auto& [hash, pods] : ready) ready_[{space, hash}].set(truth, pods);
  }

  bool others_have(const Truth& truth, const std::string& space, const std::string& hash) {
    for (auto& [key, lately] : ready_)
      if (key.first == space && key.second != hash && lately.least(truth) > 0) return true;
    return false;
  }

  std::map<std::pair<std::string, std::string>, Lately> ready_;  // by namespace and version
  std::map<std::string, Lately> replicas_;                       // of the Deployment of a namespace
};

}  // namespace

std::unique_ptr<Checker> make_switch_finds_pods() { return std::make_unique<SwitchFindsPods>(); }

}  // namespace slipway::rehearse
