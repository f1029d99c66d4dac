// Once an analysis or a hook of a revision has failed, that revision's share of the traffic grows no more, until a
// person says something or it is released anew. (It may lose its traffic with its pods, and get it back with them.)
#include <algorithm>
#include <map>

#include "delivery/names.h"
#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/release_hooks.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class NeverPastFailedGate final : public Checker {
 public:
  std::string_view name() const override { return "never-past-failed-gate"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& resource = change.entry->key.resource;
    if (change.kind != store::Change::Kind::Put) return {};
    if (resource == api::kReleases.qualified()) begin_anew(change);
    if (resource == api::kAnalysisRuns.qualified()) judged(truth, change.entry->object);
    return {};
  }

  std::optional<std::string> rewritten(const Truth& truth, const client::ObjectName& route, const RoutedRules&,
                                       const RoutedRules& after) override {
    for (const RoutedRule& rule : after)
      for (const Routed& part : rule) {
        const std::string hash = truth.hash_of(route.space, part);
        std::int64_t& most = most_[{route.space, hash}];
        most = std::max(most, share_of(truth, route.space, after, hash));
      }
    for (auto& [key, failure] : failed_) {
      if (key.first != route.space) continue;
      const std::int64_t share = share_of(truth, route.space, after, key.second);
      if (truth.now - failure.since <= truth.behind) failure.most = std::max(failure.most, share);
      if (share > failure.most)
        return "the share of revision " + key.second + " grew from " + std::to_string(failure.most) + " to " +
               std::to_string(share) + " after " + failure.run + " had failed";
    }
    return {};
  }

 private:
  struct Failure {
    std::string run;
    base::Time since;
    std::int64_t most = 0;
  };

  static std::int64_t share_of(const Truth& truth, const std::string& space, const RoutedRules& rules,
                               const std::string& hash) {
    std::int64_t most = 0;
    for (const RoutedRule& rule : rules) {
      std::int64_t share = 0;
      for (const Routed& part : rule) share += truth.hash_of(space, part) == hash && !part.narrow ? part.share : 0;
      most = std::max(most, share);
    }
    return most;
  }

  // What comes from now on is asked for by a person, or another release.
  void begin_anew(const store::Change& change) {
    const Value before = change.previous ? change.previous->object : Value();
    const Value& after = change.entry->object;
    const auto differs = [&](const char* part, const char* key) {
      return before["status"][part][key] != after["status"][part][key];
    };
    const bool said =
        api::annotation(before, delivery::kCommandAnnotation) != api::annotation(after, delivery::kCommandAnnotation);
    if (said || differs("candidate", "startedAt") || differs("candidate", "hash") || differs("position", "attempt"))
      failed_.clear(), most_.clear();
  }

  // A measurement of the stable version after a rollback is no gate, nor is what happens on the way back.
  void judged(const Truth& truth, const Value& run) {
    const std::string_view kind = run["spec"]["kind"].as_string();
    if (run["status"]["phase"].as_string() != "Failed" || kind == "Verification") return;
    const std::string space(api::space_of(run)), hash = run["spec"]["candidate"]["hash"].str();
    const Value release = truth.find(api::kReleases, space, run["spec"]["release"].as_string());
    if (is_hook_run(run) && !decides(hook_named(release, hook_of_run(run)))) return;
    // A person who has a release promoted in full wants no analysis to count.
    if (hash.empty() || release["status"]["position"]["full"].as_bool()) return;
    const client::ObjectName route{space, run["spec"]["route"].str()};
    failed_.try_emplace({space, hash}, Failure{.run = std::string(api::name_of(run)),
                                               .since = truth.now,
                                               .most = std::max(most_[{space, hash}],
                                                                share_of(truth, space, truth.written(route), hash))});
  }
  static bool decides(const Value& hook) { return !hook.is_null() && !is_of_rollback(hook) && !is_ignored(hook); }

  std::map<std::pair<std::string, std::string>, Failure> failed_;     // by namespace and hash
  std::map<std::pair<std::string, std::string>, std::int64_t> most_;  // shares that were given until then
};

}  // namespace

std::unique_ptr<Checker> make_never_past_failed_gate() { return std::make_unique<NeverPastFailedGate>(); }

}  // namespace slipway::rehearse
