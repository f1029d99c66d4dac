// The Release is being deleted: the workload goes on as if it had never been.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Traffic back to stable if a release is under way, everything to the Deployment, the route and the Services restored,
// the Deployment no longer paused; then the finalizer goes. Where unpausing would start a rollout of a version that was
// never released, the Deployment stays paused and says so in an annotation: deleting a Release restarts nothing.
void leave(Turn& turn);

}  // namespace slipway::delivery
