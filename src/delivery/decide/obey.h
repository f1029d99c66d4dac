// Commands of people.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Carries out the Release's command unless its id has been handled; the outcome is in `State::command`.
void obey(Turn& turn);
// The same for a Release that cannot do anything, and why.
void refuse_command(const Observation& o, State& s, const std::string& why, base::Time now);

}  // namespace slipway::delivery
