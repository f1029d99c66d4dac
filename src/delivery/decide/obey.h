// Commands of people.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Carries out the Release's command unless its id has been handled; the outcome is in `State::command`.
void obey(Turn& turn);

}  // namespace slipway::delivery
