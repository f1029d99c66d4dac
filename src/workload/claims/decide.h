// What a PersistentVolumeClaim needs next: a volume, and to be there as long as a pod uses it.
//
// Specification: Kubernetes documentation "Persistent Volumes" (binding, "Storage Object in Use Protection"). A volume
// is a folder of the node, named by `spec.volumeName`: there are no PersistentVolume objects and no storage classes,
// any class and any size will do, and a claim is bound at once. What a folder cannot be is said in a condition.
#pragma once

#include <string>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::claims {

inline constexpr std::string_view kProtection = "kubernetes.io/pvc-protection";  // finalizer
inline constexpr std::string_view kUnsupported = "Unsupported";                  // condition of a claim

struct Observation {
  data::Value claim;
  bool in_use = false;  // by a pod that has not ended
};

control::Decision decide(const Observation& seen, base::Time now);

// "pvc-<uid>"
std::string volume_name(const data::Value& claim);

}  // namespace slipway::workload::claims
