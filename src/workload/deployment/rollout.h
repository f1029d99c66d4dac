// The arithmetic of a Deployment's rollout, on plain numbers: how large each ReplicaSet should be after the next step.
//
// Specification: "Rolling Update Deployment", "Proportional scaling" in the Kubernetes documentation of Deployments;
// rounding as in the API reference of maxSurge and maxUnavailable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::workload::deployment {

// How many replicas above, and how many available ones below the desired number a rolling update may go.
struct Fenceposts {
  std::int64_t surge = 0;
  std::int64_t unavailable = 0;
  bool operator==(const Fenceposts&) const = default;
};

// Percentages round up for the surge and down for unavailability; when both come to 0, one replica may be unavailable,
// since nothing could move otherwise. Never more unavailable than desired. Invalid when a value is neither a number nor
// a percentage.
base::Result<Fenceposts> resolve_fenceposts(const data::Value& strategy, std::int64_t desired);

// One ReplicaSet as the arithmetic sees it.
struct Load {
  std::int64_t size = 0;       // spec.replicas
  std::int64_t available = 0;  // for sure, and never more than `size`: what is about to be removed does not count
  std::int64_t unhealthy = 0;  // for sure; the others may be available
};

std::int64_t total_size(const std::vector<Load>& sets);
std::int64_t total_available(const std::vector<Load>& sets);

// The size of the new ReplicaSet after growing it as far as the surge allows; `total` is the size of all sets together.
std::int64_t grown_size(std::int64_t size, std::int64_t total, std::int64_t desired, Fenceposts posts);

// New sizes of the old ReplicaSets, oldest first: unavailable replicas go first, then available ones as long as
// enough others are available.
std::vector<std::int64_t> shrunk_sizes(const std::vector<Load>& old_sets, Load new_set, std::int64_t desired,
                                       Fenceposts posts);

// One ReplicaSet in a scaling in proportion.
struct Share {
  std::int64_t size = 0;
  std::int64_t max_before = 0;  // desired + surge when it was last sized; 0: not known
  std::string created;          // RFC 3339: orders sets of one size
};

// New sizes when the Deployment is scaled in the middle of a rollout: every set keeps its share, what rounding leaves
// goes to the largest. `fallback_max` stands in for an unknown `max_before`.
std::vector<std::int64_t> proportional_sizes(const std::vector<Share>& sets, std::int64_t desired, Fenceposts posts,
                                             std::int64_t fallback_max);

}  // namespace slipway::workload::deployment
