// What a version that was taken back has cost users: how many requests it answered, and how many of them failed, as our
// gateway has counted.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Asks once the router gives nothing to the candidate any more, and writes down what it says. Waiting: the way back
// does not end before that, a few seconds at most. Done as well where nobody counts.
Reach count_damage(Turn& turn, Retreat& r);

}  // namespace slipway::delivery
