// Which controllers, invariants and rights a control process has: the same list as in the server.
#pragma once

#include "apiserver/request.h"
#include "control/runner.h"

namespace slipway::rehearse {

apiserver::Identity controller_identity();
void add_controllers(control::Runner& runner);

}  // namespace slipway::rehearse
