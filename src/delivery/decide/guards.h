// What is watched in every step.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Counts restarts and lost readiness of the candidate since the last look.
void count_guards(Turn& turn);
// Turns the release around when a guard is broken; true when it did.
bool guard_broken(Turn& turn);

}  // namespace slipway::delivery
