// What happens in a simulated world, in lines for people who look for the cause of a failing seed.
#pragma once

#include <string>

#include "base/time.h"
#include "store/store.h"

namespace slipway::rehearse {

// What a change of an object changes that matters to a release: sizes, readiness, phases. Empty: nothing. (Of routes:
// World.)
std::string line_of(const store::Change& change);

}  // namespace slipway::rehearse
