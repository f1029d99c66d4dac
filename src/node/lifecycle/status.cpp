#include "node/lifecycle/status.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "node/lifecycle/spec.h"

namespace slipway::node::lifecycle {

using data::Value;
using Phase = ContainerRecord::Phase;

namespace {

const ContainerRecord& record_of(const PodRecord& record, std::string_view name) {
  static const ContainerRecord none;
  const auto it = record.containers.find(std::string(name));
  return it == record.containers.end() ? none : it->second;
}

std::string container_id(const ContainerState& s) {
  return "slipway://" + s.key.pod + "/" + s.key.container + "/" + std::to_string(s.key.attempt);
}

std::string end_reason(const ContainerRecord& c) {
  if (!c.end_reason.empty()) return c.end_reason;
  if (c.current.out_of_memory) return "OOMKilled";
  return c.current.exit_code == 0 ? "Completed" : "Error";
}

std::string backoff_text(const Value& pod, const ContainerRecord& c, std::string_view name) {
  return "back-off " + base::format_duration(c.backoff) + " restarting failed container=" + std::string(name) +
         " pod=" + std::string(api::name_of(pod)) + "_" + std::string(api::space_of(pod)) + "(" +
         std::string(api::uid_of(pod)) + ")";
}

bool will_restart(const Value& pod, const PodRecord& record, const ContainerRecord& c, std::string_view name) {
  return record.end == PodRecord::End::No && record.failed_reason.empty() && restarts(pod, name, c.current.exit_code);
}

Value waiting(std::string_view reason, const std::string& message) {
  Value v = Value::object({{"reason", reason}});
  if (!message.empty()) v.set("message", message);
  return Value::object({{"waiting", v}});
}

Value state_value(const Value& pod, const PodRecord& record, const ContainerRecord& c, std::string_view name) {
  switch (c.phase) {
    case Phase::Running:
      if (c.post_start_due)
        return waiting("ContainerCreating", "");  // not running until its postStart hook has returned
      return Value::object({{"running", Value::object({{"startedAt", base::format_time(c.current.started)}})}});
    case Phase::Ended:
      if (will_restart(pod, record, c, name) && c.backoff > base::Duration(0))
        return waiting("CrashLoopBackOff", backoff_text(pod, c, name));
      return Value::object({{"terminated", terminated_value(c)}});
    case Phase::Waiting:
    case Phase::Starting:
      break;
  }
  if (!record.prepared && !is_init(pod, name) && !record.prepare_reason.empty())
    return waiting(record.prepare_reason, record.prepare_message);
  const bool waits_for_init = !is_init(pod, name) && !init_done(pod, record);
  return waiting(waits_for_init ? "PodInitializing" : c.waiting_reason, waits_for_init ? "" : c.waiting_message);
}

Value last_state(const Value& pod, const PodRecord& record, const ContainerRecord& c, std::string_view name) {
  const bool in_backoff =
      c.phase == Phase::Ended && will_restart(pod, record, c, name) && c.backoff > base::Duration(0);
  if (in_backoff) return Value::object({{"terminated", terminated_value(c)}});
  return c.last ? Value::object({{"terminated", *c.last}}) : Value::object();
}

Value container_status(const Value& pod, const PodRecord& record, const Value& spec) {
  const std::string_view name = spec["name"].as_string();
  const ContainerRecord& c = record_of(record, name);
  const bool known = c.phase == Phase::Running || c.phase == Phase::Ended;
  const bool plain_init = is_init(pod, name) && !is_sidecar(spec);
  const bool ready = plain_init ? c.phase == Phase::Ended && c.current.exit_code == 0 : c.ready;
  Value v = Value::object({{"name", name},
                           {"image", spec["image"]},
                           {"imageID", c.image_id},
                           {"ready", ready},
                           {"restartCount", c.attempt},
                           {"started", c.phase == Phase::Running && c.started},
                           {"state", state_value(pod, record, c, name)},
                           {"lastState", last_state(pod, record, c, name)}});
  if (known) v.set("containerID", container_id(c.current));
  return v;
}

Value container_statuses(const Value& pod, const PodRecord& record, const Value& specs) {
  Value list = Value::array();
  for (const Value& spec : specs.items()) list.push_back(container_status(pod, record, spec));
  return list;
}

std::string phase_of(const Value& pod, const PodRecord& record) {
  switch (outcome_of(pod, record)) {
    case Outcome::Succeeded:
      return "Succeeded";
    case Outcome::Failed:
      return "Failed";
    case Outcome::Open:
      break;
  }
  if (!init_done(pod, record)) return "Pending";
  for (const Value& spec : pod["spec"]["containers"].items()) {
    const ContainerRecord& c = record_of(record, spec["name"].as_string());
    if (c.phase == Phase::Running || c.phase == Phase::Ended || c.attempt > 0) return "Running";
  }
  return "Pending";
}

// Conditions with the transition times of those before, as long as nothing flips.
class Conditions {
 public:
  Conditions(const Value& before, const Clock& clock) : before_(before), clock_(clock) {}

  void add(std::string_view type, bool holds, std::string_view reason = {}, const std::string& message = {}) {
    const std::string_view status = holds ? "True" : "False";
    std::string since = base::format_time(clock_.now);
    for (const Value& c : before_.items())
      if (c["type"].as_string() == type && c["status"].as_string() == status)
        since = c["lastTransitionTime"].str(since);
    Value v =
        Value::object({{"type", type}, {"status", status}, {"lastTransitionTime", since}, {"lastProbeTime", Value()}});
    if (!reason.empty()) v.set("reason", reason);
    if (!message.empty()) v.set("message", message);
    list_.push_back(v.without("lastProbeTime"));
  }
  Value take() { return std::move(list_); }

 private:
  const Value& before_;
  const Clock& clock_;
  Value list_ = Value::array();
};

std::string names_where(const Value& pod, const Value& specs, const PodRecord& record,
                        bool (*fails)(const Value&, const ContainerRecord&)) {
  (void)pod;
  std::string out;
  for (const Value& spec : specs.items())
    if (fails(spec, record_of(record, spec["name"].as_string()))) out += (out.empty() ? "" : " ") + spec["name"].str();
  return out;
}

std::string missing_gates(const Value& pod) {
  std::string out;
  for (const Value& gate : pod["spec"]["readinessGates"].items())
    if (!api::is_condition_true(pod, gate["conditionType"].as_string()))
      out += (out.empty() ? "" : " ") + gate["conditionType"].str();
  return out;
}

Value conditions(const Value& pod, const PodRecord& record, std::string_view phase, const Clock& clock) {
  const Value& before =
      record.status["conditions"].is_null() ? pod["status"]["conditions"] : record.status["conditions"];
  Conditions list(before, clock);
  const bool over = phase == "Succeeded" || phase == "Failed";
  const std::string_view over_reason = phase == "Succeeded" ? "PodCompleted" : phase == "Failed" ? "PodFailed" : "";
  const std::string uninitialised =
      names_where(pod, pod["spec"]["initContainers"], record, [](const Value& s, const ContainerRecord& c) {
        return is_sidecar(s) ? !c.started : !(c.phase == Phase::Ended && c.current.exit_code == 0);
      });
  const auto unready_check = [](const Value&, const ContainerRecord& c) { return !c.ready; };
  const std::string unready = names_where(pod, pod["spec"]["containers"], record, unready_check);
  const std::string gates = missing_gates(pod);
  list.add("PodScheduled", true);
  list.add("PodReadyToStartContainers", record.prepared && !record.removed);
  list.add("Initialized", uninitialised.empty(), uninitialised.empty() ? "" : "ContainersNotInitialized",
           uninitialised.empty() ? "" : "containers with incomplete status: [" + uninitialised + "]");
  const std::string text = unready.empty() ? "" : "containers with unready status: [" + unready + "]";
  if (over) {
    list.add("ContainersReady", false, over_reason);
    list.add("Ready", false, over_reason);
  } else {
    list.add("ContainersReady", unready.empty(), unready.empty() ? "" : "ContainersNotReady", text);
    if (unready.empty() && !gates.empty())
      list.add("Ready", false, "ReadinessGatesNotReady",
               "the status of pod readiness gate \"" + gates + "\" is not \"True\"");
    else
      list.add("Ready", unready.empty(), unready.empty() ? "" : "ContainersNotReady", text);
  }
  return list.take();
}

// Equal as far as the API can tell: it keeps no empty texts, lists and objects.
bool same(const Value& a, const Value& b) {
  if (a.is_empty() && b.is_empty()) return true;
  if (a.is_array() && b.is_array() && a.size() == b.size())
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), same);
  if (!a.is_object() || !b.is_object()) return a == b;
  const auto covered = [](const Value& one, const Value& other) {
    return std::all_of(one.members().begin(), one.members().end(),
                       [&](const auto& m) { return same(m.value, other[m.key.view()]); });
  };
  return covered(a, b) && covered(b, a);
}

bool limits_are_requests(const Value& container) {
  const Value &limits = container["resources"]["limits"], &requests = container["resources"]["requests"];
  for (const char* resource : {"cpu", "memory"})
    if (limits[resource].is_null() || (!requests[resource].is_null() && requests[resource] != limits[resource]))
      return false;
  return true;
}

}  // namespace

bool init_done(const Value& pod, const PodRecord& record) {
  for (const Value& spec : pod["spec"]["initContainers"].items()) {
    const ContainerRecord& c = record_of(record, spec["name"].as_string());
    if (is_sidecar(spec) ? !(c.started || c.attempt > 0) : !(c.phase == Phase::Ended && c.current.exit_code == 0))
      return false;
  }
  return true;
}

Outcome outcome_of(const Value& pod, const PodRecord& record) {
  bool any_running = false, all_ended = true, any_failed = !record.failed_reason.empty();
  for (const auto& [name, c] : record.containers) {
    any_running = any_running || c.phase == Phase::Running || c.phase == Phase::Starting;
    if (c.phase == Phase::Ended && is_init(pod, name) && !is_sidecar(container_spec(pod, name)) &&
        c.current.exit_code != 0 && !restarts(pod, name, c.current.exit_code))
      return any_running ? Outcome::Open : Outcome::Failed;
  }
  for (const Value& spec : pod["spec"]["containers"].items()) {
    const ContainerRecord& c = record_of(record, spec["name"].as_string());
    const bool will_run = record.failed_reason.empty() && record.end == PodRecord::End::No &&
                          (c.phase != Phase::Ended || restarts(pod, spec["name"].as_string(), c.current.exit_code));
    all_ended = all_ended && !will_run && (c.phase == Phase::Ended || !record.failed_reason.empty());
    any_failed = any_failed || (c.phase == Phase::Ended && c.current.exit_code != 0);
  }
  if (!all_ended || any_running) return Outcome::Open;
  return any_failed ? Outcome::Failed : Outcome::Succeeded;
}

Value terminated_value(const ContainerRecord& c) {
  Value v = Value::object({{"exitCode", c.current.exit_code},
                           {"reason", end_reason(c)},
                           {"startedAt", base::format_time(c.current.started)},
                           {"finishedAt", base::format_time(c.current.ended.value_or(c.current.started))},
                           {"containerID", container_id(c.current)}});
  if (c.current.signal != 0) v.set("signal", c.current.signal);
  const std::string& message = c.end_message.empty() ? c.current.message : c.end_message;
  if (!message.empty()) v.set("message", message);
  return v;
}

Value status_of(const Value& pod, const PodRecord& record, const Clock& clock) {
  const std::string phase = phase_of(pod, record);
  Value status = Value::object({{"phase", phase},
                                {"qosClass", qos_class(pod)},
                                {"conditions", conditions(pod, record, phase, clock)},
                                {"containerStatuses", container_statuses(pod, record, pod["spec"]["containers"])}});
  if (pod["spec"]["initContainers"].size() > 0)
    status.set("initContainerStatuses", container_statuses(pod, record, pod["spec"]["initContainers"]));
  if (record.start_time) status.set("startTime", base::format_time(*record.start_time));
  if (!record.ip.empty()) {
    status.set("podIP", record.ip);
    status.set("podIPs", Value::array({Value::object({{"ip", record.ip}})}));
  }
  if (!record.failed_reason.empty()) {
    status.set("reason", record.failed_reason);
    status.set("message", record.failed_message);
  }
  return status;
}

std::string_view qos_class(const Value& pod) {
  bool any = false, all = true;
  for (const char* list : {"containers", "initContainers"})
    for (const Value& c : pod["spec"][list].items()) {
      any = any || c["resources"]["limits"].size() + c["resources"]["requests"].size() > 0;
      all = all && limits_are_requests(c);
    }
  return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
}

Value patch_of(Value status) {
  Value& conditions = status.member("conditions");
  for (std::size_t i = 0; i < conditions.size(); ++i)
    for (const char* field : {"reason", "message"})
      if (!conditions.at(i).has(field)) conditions.element(i).set(field, Value());
  return status;
}

bool changes(const Value& pod, const Value& status) {
  for (const auto& m : status.members())
    if (m.key.view() != "conditions" && !same(pod["status"][m.key.view()], m.value)) return true;
  return std::any_of(status["conditions"].items().begin(), status["conditions"].items().end(), [&](const Value& c) {
    return !same(api::condition(pod, c["type"].as_string()).without("lastProbeTime").without("observedGeneration"), c);
  });
}

}  // namespace slipway::node::lifecycle
