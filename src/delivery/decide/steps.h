// Walking the plan: one step after another, as far as this decision reaches.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// A release of the Deployment's template begins.
void start(Turn& turn);
// Goes on with the release under way: guards first, then steps.
void progress(Turn& turn);

}  // namespace slipway::delivery
