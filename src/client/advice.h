// What a person can do about a connection that does not work: pure.
#pragma once

#include "base/error.h"
#include "base/time.h"
#include "client/connection.h"

namespace slipway::client {

// The same error with a message that says which file, context, cluster or user it is about and what to do; other errors
// than of reaching the server, trusting it, and being known there stay as they are.
base::Error with_advice(base::Error error, const Connection& connection);

// Can this client certificate (PEM) be shown at `now`? Unauthorized when it has expired or is not valid yet.
base::Result<void> check_certificate(const std::string& certificate, const Connection& connection, base::Time now);

}  // namespace slipway::client
