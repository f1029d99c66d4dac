// What people say to a release that shall go forward.
#pragma once

#include <cstdint>
#include <string>

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Skips what a person may skip: the current wait, approval or undecided analysis; everything of the kind when `full`.
std::string promote_command(Turn& turn, bool full);
// Goes on with a later step of the Release, counted from 1: what lies between is skipped, the pods for it are not.
std::string jump_command(Turn& turn, std::int64_t step);

}  // namespace slipway::delivery
