// What a pod's status says, in the words that controllers use. All functions look into the object and copy nothing.
//
// Specification: "Pod Lifecycle" and "ReplicaSet" in the Kubernetes documentation. Times of metav1 have whole seconds,
// so availability is exact to a second.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "data/value.h"

namespace slipway::control {

inline std::string_view phase_of(const data::Value& pod) { return pod["status"]["phase"].as_string("Pending"); }
inline std::string_view node_of(const data::Value& pod) { return pod["spec"]["nodeName"].as_string(); }

// Succeeded or Failed: it will never run again.
bool is_terminal(const data::Value& pod);
// Neither terminal nor being deleted: it counts as a replica.
bool is_active(const data::Value& pod);
// Condition Ready is True. A pod that is being deleted may still be ready.
bool is_ready(const data::Value& pod);
// Since when it has been ready; nullopt when it is not.
std::optional<base::Time> ready_since(const data::Value& pod);
// Ready for at least `min_ready`.
bool is_available(const data::Value& pod, base::Duration min_ready, base::Time now);
// When it becomes available if it stays ready; nullopt when it is not ready. May lie in the past.
std::optional<base::Time> available_at(const data::Value& pod, base::Duration min_ready);
// Restarts of all its containers together, init containers aside.
std::int64_t restarts_of(const data::Value& pod);
// spec.minReadySeconds of a workload, as a duration.
base::Duration min_ready_of(const data::Value& workload);

}  // namespace slipway::control
