// metav1.Status as an Error: what a server's refusal means to the caller.
#pragma once

#include "base/error.h"
#include "data/value.h"

namespace slipway::client {

// `http_status` helps where the document says too little (a proxy's page, an empty body).
base::Error error_of_status(const data::Value& status, int http_status);

}  // namespace slipway::client
