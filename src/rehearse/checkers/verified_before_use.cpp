// Nothing depends on a weight that the proxy has not taken over.
//
// An analysis of a step begins when the proxy routes as the route says: what it measures would else be another share's.
// And a version is never asked to have fewer pods than the share needs that the proxy still gives it.
#include <algorithm>
#include <map>

#include "delivery/scaling.h"
#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/release_hooks.h"
#include "rehearse/checkers/standing.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class VerifiedBeforeUse final : public Checker {
 public:
  std::string_view name() const override { return "verified-before-use"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& resource = change.entry->key.resource;
    if (resource == api::kDeployments.qualified())
      replicas_[change.entry->key.space].set(truth, change.entry->object["spec"]["replicas"].as_int(1));
    if (change.kind != store::Change::Kind::Put) return {};
    if (resource == api::kAnalysisRuns.qualified() && !change.previous) return begun(truth, change.entry->object);
    if (resource == api::kReplicaSets.qualified() && change.previous)
      return resized(truth, change.previous->object, change.entry->object);
    return {};
  }

 private:
  static std::optional<std::string> begun(const Truth& truth, const Value& run) {
    const std::string space(api::space_of(run)), route = run["spec"]["route"].str();
    if (route.empty() || run["spec"]["kind"].as_string() == "Background" || needs_no_route(truth, run)) return {};
    const RoutedRules asked = truth.written({space, route}), has = truth.in_force({space, route});
    // A hook may fail before the proxies have heard of the route at all: there is no share yet that could be another's.
    if (has == asked || has.empty() || clock_shortens_standing(truth)) return {};
    return "analysis " + std::string(api::name_of(run)) + " begins while the proxy routes" + text_of(has) +
           " and route " + route + " says" + text_of(asked);
  }

  // Hooks of the way back wait for nothing, and at the beginning nobody has been given anything.
  static bool needs_no_route(const Truth& truth, const Value& run) {
    if (!is_hook_run(run)) return false;
    const Value release = truth.find(api::kReleases, api::space_of(run), run["spec"]["release"].as_string());
    const Value hook = hook_named(release, hook_of_run(run));
    return is_of_rollback(hook) || hook["at"].as_string() == "BeforeRelease";
  }

  std::optional<std::string> resized(const Truth& truth, const Value& before, const Value& after) {
    const std::int64_t size = after["spec"]["replicas"].as_int(1);
    if (size >= before["spec"]["replicas"].as_int(1) || clock_shortens_standing(truth)) return {};
    const std::string space(api::space_of(after));
    for (const auto& [name, route] : truth.gateway.routes()) {
      if (name.space != space) continue;
      for (const RoutedRule& rule : truth.in_force(name))
        for (const Routed& part : rule) {
          const std::int64_t share = part.load();  // an opt-in needs somebody there, and no part of the whole
          if (share == 0 || !selects(truth, space, part, after)) continue;
          const std::int64_t needed = delivery::pods_for({share}, replicas_[space].least(truth));
          if (size < needed)
            return "replica set " + std::string(api::name_of(after)) + " was made " + std::to_string(size) +
                   " pods small while the proxy gives it " + std::to_string(share) + "/10000 of route " + name.name +
                   ", which needs " + std::to_string(needed);
        }
    }
    return {};
  }
  static bool selects(const Truth& truth, const std::string& space, const Routed& part, const Value& set) {
    const std::string hash = truth.hash_of(space, part);
    return !hash.empty() && hash == api::label(set, "pod-template-hash");
  }

  std::map<std::string, Lately> replicas_;  // of the Deployment of a namespace
};

}  // namespace

std::unique_ptr<Checker> make_verified_before_use() { return std::make_unique<VerifiedBeforeUse>(); }

}  // namespace slipway::rehearse
