#include <algorithm>

#include "api/meta.h"
#include "node/lifecycle/record.h"
#include "node/lifecycle/spec.h"
#include "node/lifecycle/status.h"

namespace slipway::node::lifecycle {

using data::Value;
using Phase = ContainerRecord::Phase;

namespace {

const Value& status_entry(const Value& pod, const std::string& name) {
  for (const char* list : {"containerStatuses", "initContainerStatuses"})
    for (const Value& s : pod["status"][list].items())
      if (s["name"].as_string() == name) return s;
  return data::kNull;
}

base::Duration backoff_after(std::int64_t restarts) {
  if (restarts == 0) return base::Duration(0);
  return std::min<base::Duration>(base::seconds(10) * (std::int64_t(1) << std::min<std::int64_t>(restarts - 1, 5)),
                                  base::minutes(5));
}

base::MonoTime in_mono(base::Time t, const Clock& clock) {
  return clock.mono - std::max(clock.now - t, base::Duration(0));
}

// It was well when it was last looked at: whoever ended it, as `slipway down` does, it waits for nothing. Nor does a
// run that nobody has looked at yet.
bool ran_until_now(const Value& status) { return status["state"]["running"].is_object(); }

void adopt_run(ContainerRecord& c, const ContainerState& found, const Value& status, const Clock& clock) {
  const bool same_run = status["restartCount"].as_int() == found.key.attempt;
  c.attempt = found.key.attempt;
  c.phase = found.running ? Phase::Running : Phase::Ended;
  c.current = found;
  c.running_since = in_mono(found.started, clock);
  c.ended_at = in_mono(found.ended.value_or(clock.now), clock);
  c.started = found.running && same_run && status["started"].as_bool();
  c.ready = found.running && same_run && status["ready"].as_bool();
  const Value& before = same_run ? status["lastState"]["terminated"] : status["state"]["terminated"];
  if (before.is_object()) c.last = before;
  if (!found.running && (!same_run || ran_until_now(status) || c.ended_at - c.running_since >= base::minutes(10)))
    c.backoff = base::Duration(0);
}

// Nothing of it is left in the runtime: what the status says is all there is.
void adopt_status(ContainerRecord& c, const std::string& uid, const std::string& name, const Value& status,
                  const Clock& clock) {
  const Value &ended = status["state"]["terminated"], &running = status["state"]["running"];
  if (ended.is_null() && running.is_null()) {
    if (const Value& last = status["lastState"]["terminated"]; last.is_object()) c.last = last;
    return;
  }
  c.phase = Phase::Ended;
  const auto began = api::time_at(ended.is_null() ? running["startedAt"] : ended["startedAt"]).value_or(clock.now);
  const auto end = api::time_at(ended["finishedAt"]).value_or(clock.now);
  c.current = {.key = {uid, name, c.attempt}, .started = began, .ended = end};
  c.current.exit_code = static_cast<int>(ended["exitCode"].as_int(137));
  c.end_reason = ended["reason"].str("ContainerStatusUnknown");
  c.end_message =
      ended.is_null() ? "The container could not be located when the node agent started" : ended["message"].str();
  c.running_since = in_mono(began, clock);
  c.ended_at = in_mono(end, clock);
  if (ran_until_now(status)) c.backoff = base::Duration(0);
}

}  // namespace

PodRecord adopt(const Value& pod, const std::vector<ContainerState>& found, bool sandbox_exists, const Clock& clock) {
  PodRecord r{.ip = pod["status"]["podIP"].str()};
  r.start_time = api::time_at(pod["status"]["startTime"]);
  const std::string uid(api::uid_of(pod));
  bool any_running = false;
  for (const char* list : {"initContainers", "containers"})
    for (const Value& spec : pod["spec"][list].items()) {
      const std::string name = spec["name"].str();
      const ContainerState* newest = nullptr;
      for (const ContainerState& s : found)
        if (s.key.pod == uid && s.key.container == name && (newest == nullptr || s.key.attempt > newest->key.attempt))
          newest = &s;
      const Value& status = status_entry(pod, name);
      if (status.is_null() && newest == nullptr) continue;
      ContainerRecord& c = r.containers[name];
      c.attempt = status["restartCount"].as_int();
      c.image = status["image"].str();
      c.image_id = status["imageID"].str();
      c.backoff = backoff_after(newest != nullptr ? newest->key.attempt : c.attempt);
      newest != nullptr ? adopt_run(c, *newest, status, clock) : adopt_status(c, uid, name, status, clock);
      any_running = any_running || c.phase == Phase::Running;
    }
  r.prepared = any_running && sandbox_exists;
  if (const std::string_view reason = pod["status"]["reason"].as_string(); reason == "DeadlineExceeded") {
    r.failed_reason = reason;
    r.failed_message = pod["status"]["message"].str();
  }
  return r;
}

}  // namespace slipway::node::lifecycle
