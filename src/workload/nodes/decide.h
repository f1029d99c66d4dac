// Life and death of nodes: a node that gives no sign of life becomes unknown, is tainted, and loses its pods after a
// while.
//
// Specification: Kubernetes documentation "Nodes" (node controller, heartbeats), "Taints and Tolerations" (taint based
// evictions).
//
// Silence is not judged by comparing the lease's time with our clock alone, since clocks jump: a lease that looks old
// (or lies in the future) is watched for another kConfirm by the monotonic clock, and the node is silent only if the
// lease has not changed until then. DEVIATION: when the lease is renewed again, Ready goes back to True here, without
// waiting for the agent's next status.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::nodes {

inline constexpr base::Duration kSuspicious = base::seconds(25);
inline constexpr base::Duration kConfirm = base::seconds(15);
inline constexpr base::Duration kEvictAfter = base::seconds(300);  // for pods that do not say themselves
inline constexpr std::size_t kBatch = 200;
inline constexpr std::string_view kUnreachable = "node.kubernetes.io/unreachable";
inline constexpr std::string_view kNotReady = "node.kubernetes.io/not-ready";

struct Observation {
  data::Value node;
  data::Value lease;              // of the same name in kube-node-lease; may be null
  bool confirmed = false;         // the watch on the present sign of life has run out
  std::vector<data::Value> pods;  // on the node; needed unless it is Ready
};

// The last sign of life: the lease's renewal, else the node's heartbeat, else its creation. RFC 3339 text.
std::string last_sign(const data::Value& node, const data::Value& lease);
std::string question_id(const data::Value& node, const std::string& sign);

control::Decision decide(const Observation& seen, base::Time now);

}  // namespace slipway::workload::nodes
