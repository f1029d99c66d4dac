// While a Release is paused, its candidate gets no larger share than it had then. It may lose its traffic with its
// pods, and get it back with them.
#include <algorithm>
#include <map>

#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

// In hundredths of a percent, as the route says.
std::int64_t canary_share(const Value& route, const std::string& canary) {
  std::int64_t ours = 0, all = 0;
  for (const Value& ref : route["spec"]["rules"].at(0)["backendRefs"].items()) {
    all += ref["weight"].as_int(1);
    if (ref["name"].as_string() == canary) ours += ref["weight"].as_int(1);
  }
  return all > 0 ? ours * 10'000 / all : 0;
}

class PausedHolds final : public Checker {
 public:
  std::string_view name() const override { return "paused-holds"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    const std::pair key{change.entry->key.space, change.entry->key.name};
    if (change.entry->key.resource == api::kReleases.qualified()) {
      const bool paused = change.kind == store::Change::Kind::Put && object["spec"]["paused"].as_bool();
      if (!paused)
        paused_.erase(key);
      else if (!paused_.contains(key))
        paused_[key] = {truth.now, share_of(truth, object)};
    }
    if (change.entry->key.resource != api::kHttpRoutes.qualified()) return {};
    for (auto& [release, pause] : paused_) {
      const Value live = truth.find(api::kReleases, release.first, release.second);
      if (std::pair(release.first, live["spec"]["traffic"]["route"].str()) != key) continue;
      const std::int64_t share = share_of(truth, live);
      if (truth.now - pause.since <= truth.behind) pause.most = std::max(pause.most, share);
      if (share > pause.most)
        return "the candidate of release " + release.second + " got " + std::to_string(share) +
               "/10000 while it was paused with " + std::to_string(pause.most);
    }
    return {};
  }

 private:
  struct Pause {
    base::Time since;
    std::int64_t most = 0;
  };

  static std::int64_t share_of(const Truth& truth, const Value& release) {
    const Value& traffic = release["spec"]["traffic"];
    return canary_share(truth.find(api::kHttpRoutes, api::space_of(release), traffic["route"].as_string()),
                        traffic["service"].str() + "-canary");
  }

  std::map<std::pair<std::string, std::string>, Pause> paused_;  // releases
};

}  // namespace

std::unique_ptr<Checker> make_paused_holds() { return std::make_unique<PausedHolds>(); }

}  // namespace slipway::rehearse
