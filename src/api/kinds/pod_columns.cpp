// Columns of pods, nodes and events: the ones that need thought.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "api/kinds/columns.h"
#include "api/meta.h"
#include "base/strings.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

std::string none_if_empty(const Value& v) { return v.is_empty() ? "<none>" : v.str(); }

std::string ended(const Value& terminated) {
  if (!terminated["reason"].is_empty()) return terminated["reason"].str();
  if (terminated["signal"].as_int()) return fmt::format("Signal:{}", terminated["signal"].as_int());
  return fmt::format("ExitCode:{}", terminated["exitCode"].as_int());
}

bool is_sidecar(const Value& pod, std::string_view name) {
  for (const Value& c : pod["spec"]["initContainers"].items())
    if (c["name"].as_string() == name) return c["restartPolicy"].as_string() == "Always";
  return false;
}

// What an init container that is not through says of the pod; nothing when it is through.
std::optional<std::string> init_status(const Value& pod, const Value& status, std::size_t index) {
  const Value& state = status["state"];
  const Value& terminated = state["terminated"];
  if (!terminated.is_null() && terminated["exitCode"].as_int() == 0) return std::nullopt;
  if (is_sidecar(pod, status["name"].as_string()) && status["started"].as_bool()) return std::nullopt;
  if (!terminated.is_null()) return "Init:" + ended(terminated);
  const std::string_view waiting = state["waiting"]["reason"].as_string();
  if (!waiting.empty() && waiting != "PodInitializing") return "Init:" + std::string(waiting);
  return fmt::format("Init:{}/{}", index, pod["spec"]["initContainers"].size());
}

std::optional<std::string> initializing(const Value& pod) {
  const Value& all = pod["status"]["initContainerStatuses"];
  for (std::size_t i = 0; i < all.size(); ++i)
    if (auto status = init_status(pod, all.at(i), i)) return status;
  return std::nullopt;
}

// The reason of the first container that has one to tell; a phase otherwise.
std::string container_reason(const Value& pod, std::string reason) {
  bool running = false;
  const auto all = pod["status"]["containerStatuses"].items();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    const Value& state = (*it)["state"];
    if (!state["waiting"]["reason"].is_empty())
      reason = state["waiting"]["reason"].str();
    else if (!state["terminated"].is_null())
      reason = ended(state["terminated"]);
    else if ((*it)["ready"].as_bool() && !state["running"].is_null())
      running = true;
  }
  if (reason == "Completed" && running) return is_condition_true(pod, "Ready") ? "Running" : "NotReady";
  return reason;
}

Value restarts(const Value& pod, base::Time now) {
  std::int64_t count = 0;
  std::optional<base::Time> last;
  for (const Value& status : pod["status"]["containerStatuses"].items()) {
    count += status["restartCount"].as_int();
    auto ended_at = time_at(status["lastState"]["terminated"]["finishedAt"]);
    if (ended_at && (!last || *ended_at > *last)) last = ended_at;
  }
  if (count == 0 || !last) return std::to_string(count);
  return fmt::format("{} ({} ago)", count, base::human_duration(std::max(now - *last, base::Duration::zero())));
}

Value ready_containers(const Value& pod, base::Time) {
  int ready = 0;
  for (const Value& status : pod["status"]["containerStatuses"].items())
    ready += status["ready"].as_bool() && !status["state"]["running"].is_null();
  return fmt::format("{}/{}", ready, pod["spec"]["containers"].size());
}

Value readiness_gates(const Value& pod, base::Time) {
  const Value& gates = pod["spec"]["readinessGates"];
  if (gates.is_empty()) return "<none>";
  int met = 0;
  for (const Value& gate : gates.items()) met += is_condition_true(pod, gate["conditionType"].as_string());
  return fmt::format("{}/{}", met, gates.size());
}

std::string node_status(const Value& node) {
  std::vector<std::string> parts;
  const Value& ready = condition(node, "Ready");
  parts.push_back(ready.is_null() ? "Unknown" : ready["status"].as_string() == "True" ? "Ready" : "NotReady");
  if (node["spec"]["unschedulable"].as_bool()) parts.push_back("SchedulingDisabled");
  return base::join(parts, ",");
}

std::string node_roles(const Value& node) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::vector<std::string> roles;
  for (const data::Member& m : labels_of(node).members())
    if (m.key.view().starts_with(kPrefix)) roles.emplace_back(m.key.view().substr(kPrefix.size()));
  return roles.empty() ? "<none>" : base::join(roles, ",");
}

Cell node_address(std::string type) {
  return [type](const Value& node, base::Time) -> Value {
    for (const Value& a : node["status"]["addresses"].items())
      if (a["type"].as_string() == type) return a["address"];
    return "<none>";
  };
}

Cell node_info(std::string field) {
  return [field](const Value& node, base::Time) -> Value {
    const Value& v = node["status"]["nodeInfo"][field];
    return v.is_empty() ? "<unknown>" : v.str();
  };
}

// When an event was last seen: of a series, of the old counting, or its own time.
const Value& last_seen(const Value& event) {
  if (!event["series"]["lastObservedTime"].is_null()) return event["series"]["lastObservedTime"];
  return event["lastTimestamp"].is_null() ? event["eventTime"] : event["lastTimestamp"];
}

std::string event_source(const Value& event) {
  std::string component = event["source"]["component"].str(event["reportingComponent"].as_string());
  const std::string_view host = event["source"]["host"].as_string(event["reportingInstance"].as_string());
  return host.empty() ? component : component + ", " + std::string(host);
}

Value event_object(const Value& event, base::Time) {
  const Value& o = event["involvedObject"];
  return base::to_lower(o["kind"].as_string()) + "/" + o["name"].str();
}

Value event_count(const Value& event, base::Time) {
  const Value& series = event["series"]["count"];
  return series.is_null() ? event["count"].as_int(1) : series.as_int();
}

}  // namespace

std::string pod_status(const Value& pod) {
  const Value& status = pod["status"];
  const bool terminal = status["phase"].as_string() == "Succeeded" || status["phase"].as_string() == "Failed";
  if (is_deleting(pod) && !terminal) return status["reason"].as_string() == "NodeLost" ? "Unknown" : "Terminating";
  std::string reason = status["reason"].is_empty() ? status["phase"].str() : status["reason"].str();
  if (condition(pod, "PodScheduled")["reason"].as_string() == "SchedulingGated") reason = "SchedulingGated";
  if (auto init = initializing(pod); init && !is_condition_true(pod, "Initialized")) return *init;
  return container_reason(pod, std::move(reason));
}

std::vector<Column> pod_columns() {
  return {
      name_column(),
      text_column("Ready", "Ready containers of all.", ready_containers),
      text_column("Status", "Phase of the pod, or why it is not further.",
                  [](const Value& o, base::Time) -> Value { return pod_status(o); }),
      text_column("Restarts", "How often its containers were restarted.", restarts),
      age_column(),
      wide_column("IP", "Address of the pod.",
                  [](const Value& o, base::Time) -> Value { return none_if_empty(o["status"]["podIP"]); }),
      wide_column("Node", "Node it runs on.",
                  [](const Value& o, base::Time) -> Value { return none_if_empty(o["spec"]["nodeName"]); }),
      wide_column("Nominated Node", "Node that is being cleared for it.",
                  [](const Value& o, base::Time) -> Value { return none_if_empty(o["status"]["nominatedNodeName"]); }),
      wide_column("Readiness Gates", "Extra conditions met of all.", readiness_gates)};
}

std::vector<Column> node_columns() {
  return {
      name_column(),
      text_column("Status", "Is it ready, does it take pods?",
                  [](const Value& o, base::Time) -> Value { return node_status(o); }),
      text_column("Roles", "Roles by its labels.", [](const Value& o, base::Time) -> Value { return node_roles(o); }),
      age_column(),
      text_column("Version", "Version of its agent.", node_info("kubeletVersion")),
      wide_column("Internal-IP", "Address inside.", node_address("InternalIP")),
      wide_column("External-IP", "Address outside.", node_address("ExternalIP")),
      wide_column("OS-Image", "Operating system.", node_info("osImage")),
      wide_column("Kernel-Version", "Kernel.", node_info("kernelVersion")),
      wide_column("Container-Runtime", "What runs its containers.", node_info("containerRuntimeVersion"))};
}

std::vector<Column> event_columns() {
  Column name =
      wide_column("Name", "Name of the event.", [](const Value& o, base::Time) { return o["metadata"]["name"]; });
  name.format = "name";
  return {text_column("Last Seen", "Time since it was last seen.",
                      [](const Value& o, base::Time now) -> Value { return age_since(last_seen(o), now); }),
          text_column("Type", "Normal or Warning.", [](const Value& o, base::Time) { return o["type"]; }),
          text_column("Reason", "Why, in one word.", [](const Value& o, base::Time) { return o["reason"]; }),
          text_column("Object", "What it is about.", event_object),
          wide_column("Subobject", "Which part of it.",
                      [](const Value& o, base::Time) { return o["involvedObject"]["fieldPath"]; }),
          wide_column("Source", "Who reports it.", [](const Value& o, base::Time) -> Value { return event_source(o); }),
          text_column(
              "Message", "What happened.",
              [](const Value& o, base::Time) -> Value { return std::string(base::trim(o["message"].as_string())); }),
          wide_column("First Seen", "Time since it was first seen.",
                      [](const Value& o, base::Time now) -> Value {
                        return age_since(o["firstTimestamp"].is_null() ? o["eventTime"] : o["firstTimestamp"], now);
                      }),
          wide_column("Count", "How often it was seen.", event_count),
          name};
}

}  // namespace slipway::api::kinds
