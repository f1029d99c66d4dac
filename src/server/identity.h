// The name of a process among others of its kind.
#pragma once

#include <string>

#include "runtime/loop.h"

namespace slipway::server {

// "host_uid": nobody else has it.
std::string own_identity(runtime::Random& random);

}  // namespace slipway::server
