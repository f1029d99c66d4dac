// Ports of this machine: is one free, and if not, who has it? Blocking; for start-up.
#pragma once

#include <string>

#include "base/error.h"

namespace slipway::server {

bool is_ipv4(const std::string& address);

// Why nobody can begin to listen on address:port now, fit for people ("in use by nginx (process 812)"); empty: one can.
std::string why_not_listen(const std::string& address, int port);

// A port that is free at this moment.
base::Result<int> free_port(const std::string& address);

}  // namespace slipway::server
