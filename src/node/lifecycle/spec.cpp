#include "node/lifecycle/spec.h"

#include <algorithm>

namespace slipway::node::lifecycle {

using data::Value;

namespace {

const Value& named(const Value& list, std::string_view name) {
  for (const Value& c : list.items())
    if (c["name"].as_string() == name) return c;
  return data::kNull;
}

base::Duration seconds_of(const Value& v, std::int64_t fallback, std::int64_t least) {
  return base::seconds(std::max(v.as_int(fallback), least));
}

}  // namespace

const Value& container_spec(const Value& pod, std::string_view name) {
  const Value& main = named(pod["spec"]["containers"], name);
  return main.is_null() ? named(pod["spec"]["initContainers"], name) : main;
}

bool is_init(const Value& pod, std::string_view name) { return !named(pod["spec"]["initContainers"], name).is_null(); }
bool is_sidecar(const Value& container) { return container["restartPolicy"].as_string() == "Always"; }

const Value& probe_spec(const Value& container, ProbeKind kind) {
  switch (kind) {
    case ProbeKind::Startup:
      return container["startupProbe"];
    case ProbeKind::Liveness:
      return container["livenessProbe"];
    case ProbeKind::Readiness:
      return container["readinessProbe"];
  }
  return data::kNull;
}

std::string_view probe_name(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::Startup:
      return "Startup";
    case ProbeKind::Liveness:
      return "Liveness";
    case ProbeKind::Readiness:
      return "Readiness";
  }
  return "";
}

base::Duration probe_period(const Value& p) { return seconds_of(p["periodSeconds"], 10, 1); }
base::Duration probe_delay(const Value& p) { return seconds_of(p["initialDelaySeconds"], 0, 0); }
base::Duration probe_timeout(const Value& p) { return seconds_of(p["timeoutSeconds"], 1, 1); }
int probe_failures(const Value& p) {
  return static_cast<int>(std::max<std::int64_t>(p["failureThreshold"].as_int(3), 1));
}
int probe_successes(const Value& p, ProbeKind kind) {
  return kind == ProbeKind::Readiness ? static_cast<int>(std::max<std::int64_t>(p["successThreshold"].as_int(1), 1))
                                      : 1;
}

base::Duration grace_of(const Value& pod) {
  const Value& deletion = pod["metadata"]["deletionGracePeriodSeconds"];
  return seconds_of(deletion.is_int() ? deletion : pod["spec"]["terminationGracePeriodSeconds"], 30, 0);
}

bool restarts(const Value& pod, std::string_view container, int exit_code) {
  const std::string_view policy = pod["spec"]["restartPolicy"].as_string("Always");
  if (is_init(pod, container)) {
    if (is_sidecar(container_spec(pod, container))) return true;
    return exit_code != 0 && policy != "Never";
  }
  return policy == "Always" || (policy == "OnFailure" && exit_code != 0);
}

}  // namespace slipway::node::lifecycle
