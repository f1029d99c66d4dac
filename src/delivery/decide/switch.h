// The moment of a blue-green release: when all users changed to the candidate, how long that took, and how many of
// their requests failed meanwhile, where the gateway counts them. Nothing waits for it.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// The route is about to give this share to the candidate. A switch that is taken back is none any more.
void note_switch_written(Turn& turn, plan::Share share);
// The router has been seen to do what was written.
void note_switch_verified(Turn& turn);
// Asks the gateway a moment later, since answers are counted when they end, and writes down once what it says.
void count_switch(Turn& turn);

}  // namespace slipway::delivery
