#include "delivery/observe_troubles.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "control/pod.h"

namespace slipway::delivery {
namespace {

using data::Value;

// Recorders of events.k8s.io leave out what those of core/v1 write.
std::string seen_at(const Value& event) {
  for (const Value* at : {&event["series"]["lastObservedTime"], &event["lastTimestamp"], &event["eventTime"],
                          &event["metadata"]["creationTimestamp"]})
    if (!at->as_string().empty()) return at->str();
  return "";
}

}  // namespace

std::string warnings_fact(const Value& release) {
  return fmt::format("warnings/{}/{}", api::space_of(release), api::uid_of(release));
}

void observe_warnings(const control::World& world, Observation& o) {
  const std::string id = warnings_fact(o.release);
  const control::Fact* fact = world.fact(id);
  if (!fact && !world.is_pending(id)) return;
  o.warnings = Warnings{.pending = world.is_pending(id)};
  if (!fact) return;
  o.warnings->answered = fact->answered;
  if (!fact->answer || fact->answer->size() == 0) return;
  std::vector<Value> events(fact->answer->items().begin(), fact->answer->items().end());
  std::ranges::stable_sort(events, {}, seen_at);
  o.warnings->uid = events.front()["involvedObject"]["uid"].str();
  o.warnings->events = Value::array_of(std::move(events));
}

bool is_ailing(const Value& pod) {
  if (!control::is_ready(pod)) return true;
  return std::ranges::any_of(pod["status"]["containerStatuses"].items(), [](const Value& container) {
    return container["lastState"]["terminated"]["reason"].as_string() == "OOMKilled";
  });
}

}  // namespace slipway::delivery
