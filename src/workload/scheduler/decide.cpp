#include "workload/scheduler/decide.h"

#include <algorithm>

#include "api/meta.h"
#include "control/pod.h"
#include "workload/scheduler/placement.h"

namespace slipway::workload::scheduler {

using control::Decision;
using control::Note;
using data::Value;

namespace {

constexpr std::size_t kNotes = 10;  // events per decision: people do not read more

using Obstacles = std::map<std::string, int>;

std::string missing_resource(const Amounts& requests, const Amounts& free) {
  for (const auto& [name, amount] : requests) {
    const auto it = free.find(name);
    const std::int64_t left = it != free.end() ? it->second : 0;
    if (amount > 0 && amount > left) return name == "pods" ? "Too many pods" : "Insufficient " + name;
  }
  return {};
}

std::int64_t amount_of(const Amounts& amounts, std::string_view name) {
  const auto it = amounts.find(name);
  return it == amounts.end() ? 0 : it->second;
}

// Better nodes first: fewest relatives, then most cpu, memory and pod room; the name decides ties.
bool is_better(const Room& a, const Room& b, std::string_view controller) {
  auto relatives = [&](const Room& room) {
    const auto it = room.pods_of.find(controller);
    return it == room.pods_of.end() ? 0 : it->second;
  };
  if (relatives(a) != relatives(b)) return relatives(a) < relatives(b);
  for (const char* resource : {"cpu", "memory", "pods"})
    if (amount_of(a.free, resource) != amount_of(b.free, resource))
      return amount_of(a.free, resource) > amount_of(b.free, resource);
  return api::name_of(a.node) < api::name_of(b.node);
}

Room* choose(const Value& pod, const Amounts& requests, std::vector<Room>& nodes, Obstacles& obstacles) {
  const std::string_view controller = api::controller_of(pod)["uid"].as_string();
  Room* best = nullptr;
  for (Room& room : nodes) {
    std::string why = obstacle(pod, room.node);
    if (why.empty()) why = missing_resource(requests, room.free);
    if (!why.empty())
      ++obstacles[why];
    else if (best == nullptr || is_better(room, *best, controller))
      best = &room;
  }
  return best;
}

void take_room(Room& room, const Value& pod, const Amounts& requests) {
  for (const auto& [name, amount] : requests) room.free[name] -= amount;
  if (const std::string_view controller = api::controller_of(pod)["uid"].as_string(); !controller.empty())
    ++room.pods_of[std::string(controller)];
}

control::Create binding(const Value& pod, const Value& node) {
  return {
      .resource = api::kPods,
      .object = Value::object(
          {{"apiVersion", "v1"},
           {"kind", "Binding"},
           {"metadata",
            Value::object({{"name", api::name_of(pod)}, {"namespace", api::space_of(pod)}, {"uid", api::uid_of(pod)}})},
           {"target", Value::object({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", api::name_of(node)}})}}),
      .subresource = "binding"};
}

std::string explain(const Obstacles& obstacles, std::size_t nodes) {
  std::string text = "0/" + std::to_string(nodes) + " nodes are available";
  std::string_view separator = ": ";
  for (const auto& [why, count] : obstacles) {
    text += std::string(separator) + std::to_string(count) + " " + why;
    separator = ", ";
  }
  return text + ".";
}

// The longer a pod has waited, the more seldom it is looked at when nothing changes about nodes.
base::Time next_look(const Value& pod, base::Time now) {
  const auto since = api::time_at(api::condition(pod, "PodScheduled")["lastTransitionTime"]).value_or(now);
  return now + std::clamp<base::Duration>((now - since) / 4, base::seconds(1), base::seconds(30));
}

void place(Decision& decision, const Value& pod, Room& room, const Amounts& requests) {
  decision.effects.push_back(binding(pod, room.node));
  const std::string where = std::string(api::space_of(pod)) + "/" + std::string(api::name_of(pod)) + " to " +
                            std::string(api::name_of(room.node));
  if (decision.notes.size() < kNotes)
    decision.notes.push_back({Note::Kind::Normal, "Scheduled", "Successfully assigned " + where, pod});
  take_room(room, pod, requests);
}

void leave_pending(Decision& decision, const Value& pod, const std::string& why, base::Time now) {
  decision.status = pod["status"];
  if (decision.status.is_null()) decision.status = Value::object();
  if (api::set_condition(decision.status, "PodScheduled", "False", "Unschedulable", why, now))
    decision.notes.push_back({Note::Kind::Warning, "FailedScheduling", why, {}});
  decision.reasons.push_back({.rule = "scheduler.unschedulable", .text = why});
  decision.wake_at = next_look(pod, now);
}

}  // namespace

bool is_pending(const Value& pod) {
  const std::string_view scheduler = pod["spec"]["schedulerName"].as_string("default-scheduler");
  return control::node_of(pod).empty() && control::is_active(pod) && scheduler == "default-scheduler" &&
         pod["spec"]["schedulingGates"].is_empty();
}

Decision decide(Observation seen, base::Time now) {
  Decision decision{.rest = kRestPerPod * static_cast<std::int64_t>(seen.looked_at)};
  Obstacles obstacles;
  const Amounts requests = requests_of(seen.pod);
  Room* room = choose(seen.pod, requests, seen.nodes, obstacles);
  if (room != nullptr)
    place(decision, seen.pod, *room, requests);
  else
    leave_pending(decision, seen.pod, explain(obstacles, seen.nodes.size()), now);
  for (const Value& pod : seen.others) {
    if (decision.effects.size() >= kBatch) break;
    const Amounts needed = requests_of(pod);
    if (Room* found = choose(pod, needed, seen.nodes, obstacles)) place(decision, pod, *found, needed);
  }
  if (!decision.effects.empty())
    decision.reasons.push_back({.rule = "scheduler.place",
                                .text = std::to_string(decision.effects.size()) + " pods placed on " +
                                        std::to_string(seen.nodes.size()) + " nodes"});
  return decision;
}

}  // namespace slipway::workload::scheduler
