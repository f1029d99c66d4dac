// Which node each pending pod goes to.
//
// Filters nodes (cordon, taints, node selector and required affinity, resources), then takes the one with the fewest
// pods of the same controller, then the one with most room. One decision places a batch of pods, so that looking at all
// nodes and pods is paid for once. Not there: preferred affinity, affinity between pods, topology spread, host ports,
// volumes, preemption.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"
#include "workload/scheduler/resources.h"

namespace slipway::workload::scheduler {

inline constexpr std::size_t kBatch = 500;

// Time to rest per pod that was looked at.
inline constexpr base::Duration kRestPerPod = base::microseconds(5);

struct Room {
  data::Value node;
  Amounts free;
  std::map<std::string, std::int64_t, std::less<>> pods_of;  // by the uid of their controller
};

struct Observation {
  data::Value pod;                  // the one that is decided about: pending
  std::vector<data::Value> others;  // more pending pods, in the order in which they shall be placed
  std::vector<Room> nodes;          // in name order
  std::size_t looked_at = 0;        // pods, for the time to rest
};

// Is it ours to place: not bound, not ended, not held back by scheduling gates, not another scheduler's?
bool is_pending(const data::Value& pod);

control::Decision decide(Observation seen, base::Time now);

}  // namespace slipway::workload::scheduler
