// What a DaemonSet needs next: a pod on every node that wants one, old ones replaced within the limits, its versions
// written down, and its status.
//
// Specification: Kubernetes documentation "DaemonSet", "Perform a Rolling Update on a DaemonSet"; API reference apps/v1
// DaemonSet.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/controller.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::daemonset {

// Pods made, and pods deleted, per decision.
inline constexpr std::size_t kBatch = 250;

// Time to rest per pod or node that was looked at.
inline constexpr base::Duration kRestPerObject = base::microseconds(25);

// A pod that fails again and again on a node is replaced after 1, 2, 4 ... seconds. One that has lived for twice the
// longest time begins anew.
inline constexpr base::Duration kFirstBackoff = base::seconds(1);
inline constexpr base::Duration kLongestBackoff = base::minutes(15);

struct Observation {
  data::Value set;
  std::vector<data::Value> nodes;                    // all, in name order
  std::vector<data::Value> pods;                     // its own, and those of the namespace that have no controller
  std::vector<data::Value> revisions;                // ControllerRevisions of the namespace
  std::function<bool(const std::string&)> is_taken;  // is there a pod of this name in the namespace?
  const control::Failure* failure = nullptr;         // of the last decision
};

control::Decision decide(const Observation& seen, base::Time now);

}  // namespace slipway::workload::daemonset
