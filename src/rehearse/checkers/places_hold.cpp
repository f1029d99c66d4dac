// No release begins beyond the cap of the ReleasePolicy, once controllers can know of it. Ways back may; so may one
// that had its place before the cap became smaller.
#include <set>

#include "delivery/decide/gate.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PlacesHold final : public Checker {
 public:
  std::string_view name() const override { return "places-hold"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const bool gone = change.kind != store::Change::Kind::Put;
    const Value& object = gone ? data::kNull : change.entry->object;
    if (change.entry->key.resource == api::kReleasePolicies.qualified()) see_cap(truth, object);
    if (change.entry->key.resource != api::kReleases.qualified()) return {};
    const std::pair key{change.entry->key.space, change.entry->key.name};
    if (!object["status"]["candidate"].is_object()) return under_way_.erase(key), std::nullopt;
    const bool begins = under_way_.insert(key).second;
    if (!begins || most_ == 0 || truth.now - since_ <= truth.behind) return {};
    const delivery::State state = delivery::read_state(object["status"]);
    if (delivery::served_before(state, state.candidate->hash) || std::ssize(under_way_) <= most_) return {};
    return "release " + key.first + "/" + key.second + " begins as number " + std::to_string(under_way_.size()) +
           ", the cap is " + std::to_string(most_);
  }

 private:
  void see_cap(const Truth& truth, const Value& policy) {
    const std::int64_t cap = policy["spec"]["maxConcurrent"].as_int();
    if (most_ == 0 && cap > 0) since_ = truth.now;
    most_ = cap == 0 ? 0 : std::max(most_, cap);
  }

  std::set<std::pair<std::string, std::string>> under_way_;
  std::int64_t most_ = 0;  // the largest cap since there is one; 0: none
  base::Time since_;
};

}  // namespace

std::unique_ptr<Checker> make_places_hold() { return std::make_unique<PlacesHold>(); }

}  // namespace slipway::rehearse
