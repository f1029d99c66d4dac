// May this pod run on that node, and if not, why: labels, affinity, taints, readiness.
//
// Specification: Kubernetes documentation "Assigning Pods to Nodes", "Taints and Tolerations".
#pragma once

#include <string>

#include "data/value.h"

namespace slipway::workload::scheduler {

// Empty when the pod may run there as far as labels and taints go; otherwise the reason, as it is counted in messages
// ("node(s) were unschedulable").
std::string obstacle(const data::Value& pod, const data::Value& node);

// The node has the labels that the pod's node selector and its required node affinity want.
bool matches_labels(const data::Value& pod, const data::Value& node);
bool tolerates(const data::Value& pod, const data::Value& taint);

}  // namespace slipway::workload::scheduler
