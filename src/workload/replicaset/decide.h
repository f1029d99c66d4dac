// What a ReplicaSet needs next: pods made, removed, adopted or released; and its status.
//
// Specification: Kubernetes documentation "ReplicaSet", API reference apps/v1 ReplicaSet. A pod counts while it is
// neither terminal nor being deleted.
#pragma once

#include <functional>
#include <vector>

#include "base/time.h"
#include "control/controller.h"
#include "control/decision.h"
#include "data/value.h"
#include "workload/replicaset/ranking.h"

namespace slipway::workload::replicaset {

// Creates or deletes per decision: so that the status keeps up while a large set changes.
inline constexpr std::size_t kBatch = 500;

// Time to rest per pod that was looked at.
inline constexpr base::Duration kRestPerPod = base::microseconds(25);

struct Observation {
  data::Value set;
  std::vector<data::Value> pods;                     // its own, and those of the namespace that have no controller
  PodsPerNode related;                               // needed when it has too many pods
  std::function<bool(const std::string&)> is_taken;  // is there a pod of this name in the namespace?
  const control::Failure* failure = nullptr;         // of the last decision
};

control::Decision decide(const Observation& seen, base::Time now);

}  // namespace slipway::workload::replicaset
