// The decision about one Release. Pure, total, deterministic: the same observation and time give the same decision.
//
// Read in this order: decide.cpp (which situation is it?), steps.cpp (forward), retreat.cpp (back), promote.cpp (the
// end).
#pragma once

#include "base/time.h"
#include "control/decision.h"
#include "delivery/observation.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery {

control::Decision decide(const Observation& observation, const plan::RouterCapabilities& router, base::Time now);

}  // namespace slipway::delivery
