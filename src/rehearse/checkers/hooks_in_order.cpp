// A release waits for its hooks: no pod of the new version before those of BeforeRelease have ended well, no more of
// the traffic than the steps before a hook give, no promotion before those of BeforePromotion, and no end before all.
// One that may be ignored need only have ended; one that has failed counts when a person went on in spite of it. And
// none begins more often than there were attempts.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "delivery/commands.h"
#include "delivery/names.h"
#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/release_hooks.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr std::int64_t kWhole = 10'000;
constexpr std::string_view kHash = "pod-template-hash", kHashInPlace = "controller-revision-hash";

// One candidate of one Release, from its beginning to its end.
struct Under {
  std::string hash;
  std::int64_t revision = 0;
  base::Time since;
  std::set<std::string> passed, failed;
  std::map<std::string, std::int64_t> begun;
  std::int64_t attempts = 1;  // at most: each command may have begun one whose status was lost
};

bool begins(const Value& hook, std::string_view at) { return hook["at"].as_string() == at; }

// The most that the steps before this hook give to the candidate, where steps are weights.
std::int64_t share_before(const Value& release, const Value& hook) {
  if (begins(hook, "BeforeRelease")) return 0;
  const Value& steps = release["spec"]["strategy"]["canary"]["steps"];
  const bool before = begins(hook, "BeforeStep");
  if (!before && !begins(hook, "AfterStep")) return kWhole;
  if (steps.size() == 0) return kWhole;
  const auto end = static_cast<std::size_t>(hook["step"].as_int() - (before ? 1 : 0));
  double most = 0;
  for (std::size_t i = 0; i < std::min(end, steps.size()); ++i)
    most = std::max(most, steps.at(i)["weight"].as_double());
  return static_cast<std::int64_t>(most * 100);
}

class HooksInOrder final : public Checker {
 public:
  std::string_view name() const override { return "hooks-in-order"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& resource = change.entry->key.resource;
    const Value before = change.previous ? change.previous->object : Value();
    const Value after = change.kind == store::Change::Kind::Put ? change.entry->object : Value();
    if (resource == api::kReleases.qualified()) return release_changed(truth, change.entry->key, before, after);
    if (after.is_null()) return {};
    if (resource == api::kAnalysisRuns.qualified() && is_hook_run(after)) return run_changed(truth, before, after);
    if (resource == api::kReplicaSets.qualified()) return set_changed(truth, before, after);
    if (resource == api::kPods.qualified() && before.is_null())
      return grew(truth, after, api::label(after, kHashInPlace),
                  "pod " + std::string(api::name_of(after)) + " was made");
    return {};
  }

  std::optional<std::string> rewritten(const Truth& truth, const client::ObjectName& route, const RoutedRules& before,
                                       const RoutedRules& after) override {
    const std::int64_t share = candidate_share(after);
    if (share <= candidate_share(before)) return {};
    for (const auto& [name, under] : under_) {
      const Value release = truth.find(api::kReleases, name.space, name.name);
      if (name.space != route.space || release["spec"]["traffic"]["route"].as_string() != route.name) continue;
      if (truth.now - under.since <= truth.behind) continue;
      for (const Value& hook : release["spec"]["hooks"].items())
        if (!is_of_rollback(hook) && !under.passed.contains(hook["name"].str()) && share > share_before(release, hook))
          return "route " + route.name + " gives " + std::to_string(share) + "/10000 to the candidate, and hook " +
                 hook["name"].str() + " has not ended well";
    }
    return {};
  }

 private:
  std::optional<std::string> release_changed(const Truth& truth, const store::Key& key, const Value& before,
                                             const Value& after) {
    const client::ObjectName name{key.space, key.name};
    const auto found = under_.find(name);
    const Value& candidate = after["status"]["candidate"];
    std::optional<std::string> broken;
    if (found != under_.end() && is_released(found->second, before, after)) broken = not_ended(found->second, before);
    if (candidate.is_null()) return under_.erase(name), broken;
    const Value& last = before["status"]["candidate"];
    const bool same = last["startedAt"] == candidate["startedAt"] && last["hash"] == candidate["hash"];
    const bool is_new = !same && !is_chosen(before, candidate);
    if (is_new || found == under_.end()) {
      under_[name] = {.hash = candidate["hash"].str(), .revision = candidate["revision"].as_int(), .since = truth.now};
      return broken;
    }
    Under& under = found->second;
    under.hash = candidate["hash"].str(), under.revision = candidate["revision"].as_int();
    if (before["status"]["position"]["attempt"] != after["status"]["position"]["attempt"]) ++under.attempts;
    if (api::annotation(before, delivery::kCommandAnnotation) != api::annotation(after, delivery::kCommandAnnotation))
      ++under.attempts;
    if (is_overruled(after)) under.passed.insert(under.failed.begin(), under.failed.end());
    return broken;
  }
  // A variant of the test under way was chosen: the release goes on with it.
  static bool is_chosen(const Value& before, const Value& candidate) {
    return std::ranges::any_of(before["status"]["variants"].items(),
                               [&](const Value& v) { return v["hash"] == candidate["hash"]; });
  }
  static bool is_released(const Under& under, const Value& before, const Value& after) {
    return after["status"]["candidate"].is_null() && before["status"]["stable"]["hash"].as_string() != under.hash &&
           after["status"]["stable"]["hash"].as_string() == under.hash;
  }
  // A person goes on in spite of the failure: that is obeyed before it is written down.
  static bool is_overruled(const Value& release) {
    if (release["status"]["halt"]["cause"].as_string() != "HookFailed") return false;
    const auto command = delivery::command_of(release);
    if (!command || !*command || (*command)->id == release["status"]["command"]["id"].as_string()) return false;
    const delivery::Verb verb = (*command)->verb;
    return verb == delivery::Verb::Promote || verb == delivery::Verb::PromoteFull || verb == delivery::Verb::PromoteTo;
  }
  static std::optional<std::string> not_ended(const Under& under, const Value& release) {
    for (const Value& hook : release["spec"]["hooks"].items())
      if (!is_of_rollback(hook) && !under.passed.contains(hook["name"].str()))
        return "revision " + std::to_string(under.revision) + " is released, and hook " + hook["name"].str() +
               (under.failed.contains(hook["name"].str()) ? " has failed" : " has not ended");
    return {};
  }

  std::optional<std::string> run_changed(const Truth& truth, const Value& before, const Value& run) {
    const std::string release = run["spec"]["release"].str(), hook = hook_of_run(run);
    const auto found = under_.find({std::string(api::space_of(run)), release});
    if (found == under_.end() || !is_run_of(run, release, found->second.revision)) return {};
    Under& under = found->second;
    if (before.is_null() && ++under.begun[hook] > under.attempts)
      return "hook " + hook + " begins for the " + std::to_string(under.begun[hook]) + ". time in " +
             std::to_string(under.attempts) + " attempts";
    if (!is_over(run) || is_over(before)) return {};
    const Value spec = hook_named(truth.find(api::kReleases, found->first.space, release), hook);
    const bool counts = has_passed(run) || (is_ignored(spec) && !run["spec"]["terminate"].as_bool());
    (counts ? under.passed : under.failed).insert(hook);
    return {};
  }

  std::optional<std::string> set_changed(const Truth& truth, const Value& before, const Value& set) {
    const std::string what = "replica set " + std::string(api::name_of(set));
    const std::int64_t size = set["spec"]["replicas"].as_int(1);
    if (size > (before.is_null() ? 0 : before["spec"]["replicas"].as_int(1)))
      if (auto broken = grew(truth, set, api::label(set, kHash), what + " was given pods")) return broken;
    const bool given = !before.is_null() && !api::label(before, delivery::kReleaseLabel).empty() &&
                       api::label(set, delivery::kReleaseLabel).empty() && size > 0;
    return given
               ? waited_for(truth, set, api::label(set, kHash), "BeforePromotion", what + " is the Deployment's again")
               : std::nullopt;
  }
  std::optional<std::string> grew(const Truth& truth, const Value& object, std::string_view hash,
                                  const std::string& what) const {
    return waited_for(truth, object, hash, "BeforeRelease", what);
  }
  // What happens to an object of the version with this hash waits for the hooks of this time.
  std::optional<std::string> waited_for(const Truth& truth, const Value& object, std::string_view hash,
                                        std::string_view at, const std::string& what) const {
    for (const auto& [name, under] : under_) {
      if (hash.empty() || name.space != api::space_of(object) || under.hash != hash) continue;
      const Value release = truth.find(api::kReleases, name.space, name.name);
      if (truth.now - under.since <= truth.behind || api::is_deleting(release)) continue;
      if (!release["status"]["rollback"].is_null()) continue;
      for (const Value& hook : release["spec"]["hooks"].items())
        if (begins(hook, at) && !under.passed.contains(hook["name"].str()))
          return what + ", and hook " + hook["name"].str() + " has not ended well";
    }
    return {};
  }

  std::map<client::ObjectName, Under> under_;  // by Release
};

}  // namespace

std::unique_ptr<Checker> make_hooks_in_order() { return std::make_unique<HooksInOrder>(); }

}  // namespace slipway::rehearse
