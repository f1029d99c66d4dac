// The audit line of one write request: who did what to which object, and how it ended. No bodies, no secrets.
#pragma once

#include <string>

#include "apiserver/request.h"
#include "base/time.h"

namespace slipway::apiserver {

std::string audit_line(const ApiRequest& request, int status, base::Time now);

}  // namespace slipway::apiserver
