// One step of a plan: what is done for it, and when it is done.
#pragma once

#include <string>

#include "delivery/decide/traffic.h"
#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Done: what the step asks for has been seen. Waiting: it has been ordered, or is waited for (`Turn::wait` says what).
Reach run_step(Turn& turn, const plan::Step& step);
// The step's analysis has failed, and that has been answered: it counts whatever else the release waits for, and before
// disturbed traffic is given back to the candidate.
bool analysis_broken(Turn& turn);
// The step is done, or is to count as done: on to the next one.
void advance(Turn& turn);
// Tells people which of the Release's own steps it is.
void show_step(Turn& turn);
// Waits for a person.
Reach pause_for(Turn& turn, std::string why);

}  // namespace slipway::delivery
