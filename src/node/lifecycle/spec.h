// Reading a pod's spec: containers, probes, policies, as the life cycle needs them.
#pragma once

#include <string_view>
#include <vector>

#include "base/time.h"
#include "data/value.h"
#include "node/lifecycle/record.h"

namespace slipway::node::lifecycle {

const data::Value& container_spec(const data::Value& pod,
                                  std::string_view name);  // init containers, too; null when absent
bool is_init(const data::Value& pod, std::string_view name);
bool is_sidecar(const data::Value& container);  // an init container with restartPolicy Always

const data::Value& probe_spec(const data::Value& container, ProbeKind kind);  // null when absent
std::string_view probe_name(ProbeKind kind);                                  // "Startup", "Liveness", "Readiness"
base::Duration probe_period(const data::Value& probe);
base::Duration probe_delay(const data::Value& probe);
base::Duration probe_timeout(const data::Value& probe);
int probe_failures(const data::Value& probe);
int probe_successes(const data::Value& probe, ProbeKind kind);

base::Duration grace_of(const data::Value& pod);  // deletionGracePeriodSeconds, else the spec's, else 30 s
// Does a container that ended so start again?
bool restarts(const data::Value& pod, std::string_view container, int exit_code);

}  // namespace slipway::node::lifecycle
