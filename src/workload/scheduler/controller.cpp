#include "workload/scheduler/controller.h"

#include <algorithm>
#include <tuple>

#include "api/meta.h"
#include "control/pod.h"
#include "workload/scheduler/decide.h"

namespace slipway::workload::scheduler {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

using Rooms = std::map<std::string_view, Room, std::less<>>;

Rooms empty_rooms(const World& world) {
  Rooms rooms;
  for (const auto& [name, node] : world.cache(api::kNodes).all())
    if (!api::is_deleting(node)) rooms[name.name] = {node, allocatable_of(node), {}};
  return rooms;
}

void occupy(Rooms& rooms, const Value& pod) {
  const auto it = rooms.find(control::node_of(pod));
  if (it == rooms.end()) return;
  Room& room = it->second;
  for (const auto& [name, amount] : requests_of(pod)) room.free[name] -= amount;
  if (const std::string_view controller = api::controller_of(pod)["uid"].as_string(); !controller.empty())
    ++room.pods_of[std::string(controller)];
}

// Higher priority first, then who has waited longer.
auto turn_of(const Value& pod) {
  return std::tuple(-pod["spec"]["priority"].as_int(), pod["metadata"]["creationTimestamp"].as_string(),
                    api::space_of(pod), api::name_of(pod));
}

void sort_by_turn(std::vector<Value>& pods) {
  const auto middle = pods.begin() + static_cast<std::ptrdiff_t>(std::min(pods.size(), kBatch));
  std::partial_sort(pods.begin(), middle, pods.end(),
                    [](const Value& a, const Value& b) { return turn_of(a) < turn_of(b); });
  pods.erase(middle, pods.end());
}

std::vector<ObjectName> all_pending(const World& world, const Value&) {
  std::vector<ObjectName> names;
  for (const auto& [name, pod] : world.cache(api::kPods).all())
    if (is_pending(pod)) names.push_back(name);
  return names;
}

}  // namespace

std::vector<control::Watch> SchedulerController::watches() const { return {{api::kNodes, all_pending}}; }

bool SchedulerController::decides_about(const Value& pod) const { return is_pending(pod); }

std::optional<control::Decision> SchedulerController::reconcile(const World& world, const ObjectName& name,
                                                                base::Time now) const {
  const Value& pod = world.find(api::kPods, name);
  if (pod.is_null() || !is_pending(pod)) return std::nullopt;
  Observation seen{.pod = pod};
  Rooms rooms = empty_rooms(world);
  for (const auto& [other_name, other] : world.cache(api::kPods).all()) {
    if (other_name == name || control::is_terminal(other)) continue;
    if (!control::node_of(other).empty())
      occupy(rooms, other);
    else if (is_pending(other))
      seen.others.push_back(other);
  }
  seen.looked_at = world.cache(api::kPods).all().size();
  sort_by_turn(seen.others);
  for (auto& [node, room] : rooms) seen.nodes.push_back(std::move(room));
  return decide(std::move(seen), now);
}

}  // namespace slipway::workload::scheduler
