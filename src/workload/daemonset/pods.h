// The pods of a DaemonSet: how one is made for a node, for which node one is, and which nodes want one.
//
// Specification: Kubernetes documentation "DaemonSet", "How Daemon Pods are scheduled", "Taints and tolerations".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/value.h"
#include "workload/replicaset/pod_names.h"

namespace slipway::workload::daemonset {

// How many pods in a row have failed on the node before this one. Absent: none.
inline constexpr std::string_view kAttempt = "slipway.dev/attempt";

struct NodeWish {
  bool run = false;   // it should have a pod
  bool keep = false;  // a pod that is there may stay
};
NodeWish wish_of(const data::Value& set, const data::Value& node);

// A pod that the scheduler will place on `node`: its name is the only one that the node affinity admits. It stays on a
// node that is ill, cordoned or under pressure.
data::Value new_pod(const data::Value& set, const replicaset::PodName& name, std::string_view node,
                    std::string_view hash, std::int64_t attempt);

// The node that a pod is on or will be placed on; empty when nothing says it.
std::string_view target_of(const data::Value& pod);
std::int64_t attempt_of(const data::Value& pod);

}  // namespace slipway::workload::daemonset
