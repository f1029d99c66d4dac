// The rolling update: old pods go, from the highest ordinal down to the partition.
#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "workload/statefulset/pass.h"

namespace slipway::workload::statefulset {

using data::Value;

namespace {

// A number, or a percentage of `wanted`, rounded down; at least 1.
std::int64_t most_unavailable(const Value& amount, std::int64_t wanted) {
  std::int64_t number = amount.as_int(1);
  if (const std::string_view text = amount.as_string(); text.ends_with('%'))
    number = base::parse_int(text.substr(0, text.size() - 1)).value_or(0) * wanted / 100;
  return std::max<std::int64_t>(1, number);
}

}  // namespace

void Pass::update() {
  const Value& strategy = set_["spec"]["updateStrategy"];
  if (strategy["type"].as_string() == "OnDelete") return;
  const Value& rolling = strategy["rollingUpdate"];
  const std::int64_t lowest = first() + rolling["partition"].as_int();
  if (const Value& most = rolling["maxUnavailable"]; !most.is_null())
    update_several(lowest, most_unavailable(most, wanted_));
  else
    update_one_by_one(lowest);
}

// What is above has to be well before the next one goes.
void Pass::update_one_by_one(std::int64_t lowest) {
  for (std::int64_t ordinal = end() - 1; ordinal >= lowest; --ordinal) {
    const Value& pod = at(ordinal);
    if (pod.is_null() || replace_if_old(pod) || is_unavailable(pod)) return;
  }
}

void Pass::update_several(std::int64_t lowest, std::int64_t most) {
  std::int64_t room = most;
  for (std::int64_t ordinal = first(); ordinal < end() && room > 0; ++ordinal)
    if (at(ordinal).is_null() || is_unavailable(at(ordinal))) --room;
  for (std::int64_t ordinal = end() - 1; ordinal >= lowest && room > 0; --ordinal)
    if (!at(ordinal).is_null() && replace_if_old(at(ordinal))) --room;
}

bool Pass::replace_if_old(const Value& pod) {
  const std::string_view revision = api::label(pod, revisions::kPodLabel);
  if (is_going(pod) || revision == api::name_of(history_.present)) return false;
  remove(pod);
  if (revision == api::name_of(current_)) --current_replicas_;
  reason("statefulset.update", std::string(api::name_of(pod)) + " is of " + std::string(revision) + " and becomes " +
                                   std::string(api::name_of(history_.present)));
  return true;
}

}  // namespace slipway::workload::statefulset
