// What a Deployment needs next: a pure function of its ReplicaSets.
//
// Specification: Kubernetes documentation "Deployments" and API reference apps/v1 Deployment; behaviour notes in the
// comments where the documentation is silent. One pass changes one thing (adopt, or grow the new set, or shrink old
// ones) and leaves the rest to the next, which sees the outcome. DEVIATION: a set's available replicas count only up to
// its size, so that a status which is older than the last scaling cannot make replicas look spare.
#pragma once

#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::deployment {

struct Observation {
  data::Value deployment;
  std::vector<data::Value> sets;  // all ReplicaSets of the namespace, in name order
  std::vector<data::Value> pods;  // of its own ReplicaSets; needed with strategy Recreate only
};

control::Decision decide(const Observation& seen, base::Time now);

}  // namespace slipway::workload::deployment
