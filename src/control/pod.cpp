#include "control/pod.h"

#include "api/meta.h"

namespace slipway::control {

using data::Value;

bool is_terminal(const Value& pod) {
  const std::string_view phase = phase_of(pod);
  return phase == "Succeeded" || phase == "Failed";
}

bool is_active(const Value& pod) { return !is_terminal(pod) && !api::is_deleting(pod); }

bool is_ready(const Value& pod) { return api::is_condition_true(pod, "Ready"); }

std::optional<base::Time> ready_since(const Value& pod) {
  const Value& ready = api::condition(pod, "Ready");
  if (ready["status"].as_string() != "True") return std::nullopt;
  // A condition without a time has been there for as long as anybody can tell.
  return api::time_at(ready["lastTransitionTime"]).value_or(base::Time{});
}

std::optional<base::Time> available_at(const Value& pod, base::Duration min_ready) {
  const std::optional<base::Time> since = ready_since(pod);
  if (!since) return std::nullopt;
  return *since + min_ready;
}

bool is_available(const Value& pod, base::Duration min_ready, base::Time now) {
  if (!is_ready(pod)) return false;
  if (min_ready <= base::Duration::zero()) return true;
  return *available_at(pod, min_ready) <= now;
}

std::int64_t restarts_of(const Value& pod) {
  std::int64_t sum = 0;
  for (const Value& container : pod["status"]["containerStatuses"].items()) sum += container["restartCount"].as_int();
  return sum;
}

base::Duration min_ready_of(const Value& workload) {
  return base::seconds(workload["spec"]["minReadySeconds"].as_int());
}

}  // namespace slipway::control
