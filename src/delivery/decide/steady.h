// What a finished step has brought about stays so until the next one changes it.
//
// Between two traffic steps (a pause, an analysis, an approval) the world goes on: somebody edits the route, a tool
// restores what Git says, the candidate's pods die. A weight that is not in force is not measured, and requests do not
// wait for people.
#pragma once

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// Puts the route back to the share that was reached. While one version has no ready pod at all, the other gets
// everything: that is the last resort of DESIGN "safety invariants", and ends by itself. Done when nothing has to be
// done. `step_moves_it`: the present step sets a weight of its own.
Reach keep_traffic(Turn& turn, bool step_moves_it);

}  // namespace slipway::delivery
