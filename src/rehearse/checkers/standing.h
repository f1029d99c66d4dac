// Routers that tell nothing are believed once their objects have stood for five seconds (docs/support-matrix.md), by
// the wall clock, which is what goes into a status and outlives a process. When it jumps, they are over early.
#pragma once

#include "rehearse/checker.h"

namespace slipway::rehearse {

// Has the clock jumped within the time that objects have to stand?
inline bool clock_shortens_standing(const Truth& truth) {
  constexpr base::Duration kStanding = base::seconds(5);
  return !writes_status(truth.gateway.router()) && truth.jumped && truth.now - *truth.jumped < kStanding;
}

}  // namespace slipway::rehearse
