// What a StatefulSet needs next: pods made and removed one after the other, old ones replaced from the highest ordinal
// down, its versions written down, and its status.
//
// Specification: Kubernetes documentation "StatefulSets"; API reference apps/v1 StatefulSet. DEVIATION: a pod that is
// too many and has ended goes when it is its turn, even if another one is ill: two such pods would block the set for
// ever.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/controller.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::statefulset {

// Pods made per decision, when all may be made at once.
inline constexpr std::size_t kBatch = 500;

// Time to rest per pod that was looked at.
inline constexpr base::Duration kRestPerPod = base::microseconds(25);

struct Observation {
  data::Value set;
  std::vector<data::Value> pods;       // its own, and those of the namespace that have no controller
  std::vector<data::Value> revisions;  // ControllerRevisions of the namespace
  std::function<const data::Value&(const std::string& name)> claim;  // of the namespace; null: there is none
  const control::Failure* failure = nullptr;                         // of the last decision
};

control::Decision decide(const Observation& seen, base::Time now);

}  // namespace slipway::workload::statefulset
