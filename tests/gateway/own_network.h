// A network namespace for this process and its children, in which a whole range of addresses is this machine's.
#pragma once

#include "base/error.h"

namespace slipway::tests {

// Before any thread is started. 127.0.0.0/8 and 10.244.0.0/16 belong to `lo` afterwards, and nothing else is there.
// Unavailable when the system does not allow it.
base::Result<void> enter_own_network();

}  // namespace slipway::tests
