// The way back: traffic first, then proof, then the candidate's pods.
#pragma once

#include "delivery/decide/analyses.h"
#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Turns the release around. The candidate stays as it is until its traffic is gone.
void begin_retreat(Turn& turn, Cause cause, std::string message, Evidence evidence = {});
// Goes on with it; ends in RolledBack (the revision is held) or in Idle.
void retreat(Turn& turn);

}  // namespace slipway::delivery
