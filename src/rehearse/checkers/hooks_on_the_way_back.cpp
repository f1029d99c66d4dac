// A way back has its hooks, and waits for none: a release that has failed begins each of OnRollback and AfterRollback,
// its verification passes only if they end well, and where nothing else goes wrong the users are back before the
// slowest of them has ended.
#include <map>

#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/release_hooks.h"

namespace slipway::rehearse {
namespace {

using data::Value;

// Pods that the stable version lacks are waited for half a minute. Three calls that nobody answers take longer, and so
// does a pod.
constexpr base::Duration kLongestWayBack = base::seconds(35);
// In worlds without faults controllers see what happens as soon as this.
constexpr base::Duration kAtOnce = base::seconds(1);

class HooksOnTheWayBack final : public Checker {
 public:
  std::string_view name() const override { return "hooks-on-the-way-back"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kReleases.qualified()) return late(truth);
    const client::ObjectName name{change.entry->key.space, change.entry->key.name};
    const Value after = change.kind == store::Change::Kind::Put ? change.entry->object : Value();
    const Value before = change.previous ? change.previous->object : Value();
    const bool back = after["status"]["rollback"].is_object();
    if (back && after["spec"]["hooks"].size() > 0) since_.try_emplace(name, truth.now);
    if (!back) since_.erase(name);
    if (back || !before["status"]["rollback"].is_object() || after.is_null() || api::is_deleting(after))
      return late(truth);
    const std::string cause = before["status"]["rollback"]["cause"].str();
    if (cause == "Superseded" || cause == "Deleted") return {};
    return came_back(truth, before, after["status"]["lastRollback"]);
  }

 private:
  static std::optional<std::string> came_back(const Truth& truth, const Value& release, const Value& rollback) {
    const bool passed = rollback["verification"]["phase"].as_string() == "Passed";
    for (const Value& hook : release["spec"]["hooks"].items()) {
      if (!is_of_rollback(hook)) continue;
      const Value run = run_of(truth, release, rollback["from"]["revision"].as_int(), hook["name"].as_string());
      const std::string what = "hook " + hook["name"].str() + " of the way back ";
      if (run.is_null()) return what + "was never begun";
      if (passed && !is_over(run)) return what + "has not ended, and the rollback is verified";
      if (passed && !has_passed(run) && !is_ignored(hook)) return what + "has failed, and the rollback is verified";
    }
    return {};
  }
  // The newest: a version that is taken back twice has one for each time.
  static Value run_of(const Truth& truth, const Value& release, std::int64_t revision, std::string_view hook) {
    Value found;
    std::int64_t attempt = -1;
    const std::string space(api::space_of(release)), name(api::name_of(release));
    const std::string prefix = name + "-" + std::to_string(revision) + "-";
    for (const Value& run : truth.list(api::kAnalysisRuns, space)) {
      if (!is_hook_run(run) || hook_of_run(run) != hook || !is_run_of(run, name, revision)) continue;
      const auto number = std::stoll(std::string(api::name_of(run)).substr(prefix.size()));
      if (number > attempt) attempt = number, found = run;
    }
    return found;
  }

  std::optional<std::string> late(const Truth& truth) {
    if (truth.behind > kAtOnce) return {};
    for (const auto& [name, since] : since_) {
      const Value release = truth.find(api::kReleases, name.space, name.name);
      const std::string route = release["spec"]["traffic"]["route"].str();
      if (truth.now - since <= kLongestWayBack || route.empty()) continue;
      if (const std::int64_t share = candidate_share(truth.written({name.space, route})); share > 0)
        return "release " + name.name + " turned back " + base::format_duration(truth.now - since) +
               " ago, and its candidate still gets " + std::to_string(share) + "/10000";
    }
    return {};
  }

  std::map<client::ObjectName, base::Time> since_;  // Releases on their way back
};

}  // namespace

std::unique_ptr<Checker> make_hooks_on_the_way_back() { return std::make_unique<HooksOnTheWayBack>(); }

}  // namespace slipway::rehearse
