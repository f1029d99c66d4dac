// Rollback verification: the proof that the way back has worked. A phase of its own that passes, fails or times out,
// visibly.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Renews all checks; sets `verification.state` once it is known. Records when the candidate was seen without traffic,
// and drained.
void verify_rollback(Turn& turn);

}  // namespace slipway::delivery
