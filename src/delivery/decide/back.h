// Going back by what one step gave, without ending the release.
#pragma once

#include <string>

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// The command `back`: users get what they had before the present step, or batch, moved them; then it waits for a
// person. The candidate keeps its pods. What came of it, for the person.
std::string back_command(Turn& turn);

// A person went back, and nobody has said since that it shall go on.
bool waits_after_back(const Turn& turn);

// The command `promote` while it waits so: the steps from there on again.
std::string go_on_after_back(Turn& turn);

}  // namespace slipway::delivery
