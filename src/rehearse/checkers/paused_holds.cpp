// While a Release is paused, its candidate gets no larger share.
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
    if (change.entry->key.resource == api::kReleases.qualified()) {
      const std::pair key{change.entry->key.space, change.entry->key.name};
      if (change.kind == store::Change::Kind::Put && object["spec"]["paused"].as_bool())
        paused_.emplace(key, truth.now);
      else
        paused_.erase(key);
      return {};
    }
    if (change.entry->key.resource != api::kHttpRoutes.qualified() || !change.previous) return {};
    for (const auto& [key, since] : paused_) {
      const Value release = truth.find(api::kReleases, key.first, key.second);
      const Value& traffic = release["spec"]["traffic"];
      if (key.first != change.entry->key.space || traffic["route"].as_string() != change.entry->key.name) continue;
      const std::string canary = traffic["service"].str() + "-canary";
      const std::int64_t before = canary_share(change.previous->object, canary), after = canary_share(object, canary);
      if (after > before && truth.now - since > truth.behind)
        return "the candidate of release " + key.second + " went from " + std::to_string(before) + " to " +
               std::to_string(after) + "/10000 while it was paused";
    }
    return {};
  }

 private:
  std::map<std::pair<std::string, std::string>, base::Time> paused_;  // releases, since when
};

}  // namespace

std::unique_ptr<Checker> make_paused_holds() { return std::make_unique<PausedHolds>(); }

}  // namespace slipway::rehearse
