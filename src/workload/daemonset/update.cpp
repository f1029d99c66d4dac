// The rolling update: which old pods go now, or which nodes get a new pod beside the old one.
#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "workload/daemonset/pass.h"

namespace slipway::workload::daemonset {

using data::Value;

namespace {

// A number, or a percentage of `total`, rounded up.
std::int64_t amount_of(const Value& amount, std::int64_t total) {
  const std::string_view text = amount.as_string();
  if (!text.ends_with('%')) return amount.as_int();
  const std::int64_t percent = base::parse_int(text.substr(0, text.size() - 1)).value_or(0);
  return (percent * total + 99) / 100;
}

}  // namespace

bool Pass::allows_surge() const {
  const Value& strategy = set_["spec"]["updateStrategy"];
  return strategy["type"].as_string() == "RollingUpdate" && amount_of(strategy["rollingUpdate"]["maxSurge"], 1) > 0;
}

std::int64_t Pass::desired() const {
  return std::ranges::count_if(places_, [](const auto& entry) { return entry.second.wish.run; });
}

Pass::Limits Pass::limits() const {
  const Value& rolling = set_["spec"]["updateStrategy"]["rollingUpdate"];
  const std::int64_t total = desired();
  Limits limits{.unavailable = amount_of(rolling["maxUnavailable"], total),
                .surge = amount_of(rolling["maxSurge"], total)};
  if (total > 0 && limits.unavailable == 0 && limits.surge == 0) limits.unavailable = 1;
  return limits;
}

Pass::Versions Pass::versions_on(const Place& place) const {
  Versions found;
  for (const Value& pod : place.pods) {
    if (api::is_deleting(pod)) continue;
    const Value*& one = is_updated(pod) ? found.fresh : found.old;
    if (one != nullptr) found.clear = false;
    one = &pod;
  }
  return found;
}

void Pass::update() {
  if (set_["spec"]["updateStrategy"]["type"].as_string() != "RollingUpdate") return;
  const Limits most = limits();
  if (most.surge == 0)
    update_by_deleting(most.unavailable);
  else
    update_by_surging(most.surge);
}

// Old pods that are of no use go at once; available ones as long as few enough nodes are without.
void Pass::update_by_deleting(std::int64_t most) {
  std::int64_t missing = 0;
  std::vector<const Value*> candidates;
  for (const auto& [node, place] : places_) {
    if (!place.wish.run && place.pods.empty()) continue;
    const Versions on = versions_on(place);
    const bool only_old = on.clear && on.old != nullptr && on.fresh == nullptr;
    const bool only_fresh = on.clear && on.fresh != nullptr && on.old == nullptr;
    if (only_old && is_available(*on.old))
      candidates.push_back(on.old);
    else if (!only_fresh || !is_available(*on.fresh))
      ++missing;
    if (only_old && !is_available(*on.old)) remove(*on.old);
  }
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, most - missing));
  for (std::size_t i = 0; i < std::min(room, candidates.size()); ++i) remove(*candidates[i]);
}

// A new pod comes beside an old one, which goes when the new one is available. On nodes that are to have none any more,
// old ones that are available stay until there are enough elsewhere.
void Pass::update_by_surging(std::int64_t most) {
  std::int64_t pairs = 0, available = 0;
  std::vector<std::string> candidates;
  std::vector<const Value*> unwanted;
  for (const auto& [node, place] : places_) {
    if (!place.wish.run && place.pods.empty()) continue;
    const Versions on = versions_on(place);
    if (!on.clear) {
      ++pairs;
      continue;
    }
    const Value* counts = on.old != nullptr ? on.old : on.fresh;
    const bool is_well = counts != nullptr && is_available(*counts);
    available += is_well;
    if (on.old == nullptr) continue;
    if (on.fresh != nullptr) {
      if (is_available(*on.fresh))
        remove(*on.old);
      else
        ++pairs;
    } else if (!place.wish.run) {
      if (is_well)
        unwanted.push_back(on.old);
      else
        remove(*on.old);
    } else if (is_well) {
      candidates.push_back(node);
    } else {
      want(node);
    }
  }
  const auto spare = static_cast<std::size_t>(std::max<std::int64_t>(0, available - desired()));
  for (std::size_t i = 0; i < std::min(spare, unwanted.size()); ++i) remove(*unwanted[i]);
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, most - pairs));
  for (std::size_t i = 0; i < std::min(room, candidates.size()); ++i) want(candidates[i]);
}

}  // namespace slipway::workload::daemonset
