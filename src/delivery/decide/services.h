// The Services that a Release has made for its versions: when they go.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Those that it made under names which spec.traffic does not say any more. Only while the route is plain.
void trim_services(Turn& turn);
// All of them: the Release leaves.
void delete_services(Turn& turn);

}  // namespace slipway::delivery
