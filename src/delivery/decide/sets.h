// A Deployment, whose versions are ReplicaSets side by side (docs/decisions/0004, 0005).
#pragma once

#include "delivery/decide/workload.h"

namespace slipway::delivery {

const Workload& sets_workload();

}  // namespace slipway::delivery
