// Which pods of a ReplicaSet go first when it shrinks.
//
// Specification: Kubernetes documentation "ReplicaSet", "Scaling a ReplicaSet". Ages count in powers of two of seconds,
// so that victims of about one age are spread by uid instead of all being the youngest. DEVIATION: ages that fall into
// one power of two count as equal and the next rule decides, which makes this a strict order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "data/value.h"

namespace slipway::workload::replicaset {

// Active pods of all related ReplicaSets (one owner) by node.
using PodsPerNode = std::map<std::string, std::int64_t, std::less<>>;

// The first `count` victims.
std::vector<data::Value> rank_victims(const std::vector<data::Value>& pods, const PodsPerNode& related,
                                      std::size_t count, base::Time now);

}  // namespace slipway::workload::replicaset
