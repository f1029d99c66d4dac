// While a Release is paused, or its windows are closed, its candidate gets no larger share than it had then. It may
// lose its traffic with its pods, and get it back with them. (Windows in these worlds go on for centuries: any time
// shows what they say.)
#include <algorithm>
#include <map>

#include "api/windows.h"
#include "delivery/commands.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PausedHolds final : public Checker {
 public:
  std::string_view name() const override { return "paused-holds"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    const std::pair key{change.entry->key.space, change.entry->key.name};
    if (change.entry->key.resource == api::kReleases.qualified()) {
      const bool paused =
          change.kind == store::Change::Kind::Put && (object["spec"]["paused"].as_bool() || is_closed(object));
      if (!paused)
        paused_.erase(key);
      else if (!paused_.contains(key))
        paused_[key] = {truth.now, std::max(share_of(truth, object), reached(object))};
    }
    return {};
  }

  std::optional<std::string> rewritten(const Truth& truth, const client::ObjectName& route, const RoutedRules&,
                                       const RoutedRules&) override {
    for (auto& [release, pause] : paused_) {
      const Value live = truth.find(api::kReleases, release.first, release.second);
      if (release.first != route.space || live["spec"]["traffic"]["route"].str() != route.name) continue;
      const std::int64_t share = share_of(truth, live);
      if (truth.now - pause.since <= truth.behind) pause.most = std::max(pause.most, share);
      if (share > pause.most)
        return "the candidate of release " + release.second + " got " + std::to_string(share) +
               "/10000 while it was paused with " + std::to_string(pause.most);
    }
    return {};
  }

 private:
  // A person's word counts from when it is said.
  static bool is_closed(const Value& release) {
    const Value& windows = release["spec"]["windows"];
    const auto command = delivery::command_of(release);
    const bool now = command && *command && (*command)->verb == delivery::Verb::PromoteNow;
    return windows.size() > 0 && !now && !release["status"].has("override") &&
           !api::opening_at(api::windows_of(windows), *base::parse_time("2026-11-23T12:00:00Z")).open;
  }

  struct Pause {
    base::Time since;
    std::int64_t most = 0;
  };

  // What it had before it lost its traffic with its pods.
  static std::int64_t reached(const Value& release) {
    return static_cast<std::int64_t>(release["status"]["traffic"]["reached"].as_double() * 100 + 0.5);
  }

  static std::int64_t share_of(const Truth& truth, const Value& release) {
    return candidate_share(
        truth.written({std::string(api::space_of(release)), release["spec"]["traffic"]["route"].str()}));
  }

  std::map<std::pair<std::string, std::string>, Pause> paused_;  // releases
};

}  // namespace

std::unique_ptr<Checker> make_paused_holds() { return std::make_unique<PausedHolds>(); }

}  // namespace slipway::rehearse
