// The last steps of a good release: the candidate becomes the Deployment's own ReplicaSet.
#pragma once

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// The old version is first taken from the Deployment, so that the Deployment never scales two ReplicaSets in
// proportion; then the candidate is orphaned and adopted by template equality; then the old version goes, and the route
// names the user's Service again.
Reach promote_set(Turn& turn);
// What stands now is what was meant.
Reach verify_release(Turn& turn);

}  // namespace slipway::delivery
