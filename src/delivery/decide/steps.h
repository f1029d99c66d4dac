// Walking the plan: one step after another, as far as this decision reaches.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// A release of the Deployment's template begins.
void start(Turn& turn);
// Goes on with the release under way: guards first, then steps.
void progress(Turn& turn);
// Skips what a person may skip: the current wait, approval or undecided analysis; everything of the kind when `full`.
std::string promote_command(Turn& turn, bool full);
// Goes on with a later step of the Release, counted from 1: what lies between is skipped, the pods for it are not.
std::string jump_command(Turn& turn, std::int64_t step);

}  // namespace slipway::delivery
