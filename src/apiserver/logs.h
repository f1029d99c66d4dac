// GET pods/X/log: which container is meant, and the stream from the node's LogSource to the client. Control loop only.
#pragma once

#include <memory>

#include "apiserver/hooks.h"
#include "apiserver/response.h"

namespace slipway::apiserver {

// BadRequest with kubectl's texts when the container is unknown or must be named.
base::Result<LogRequest> log_request(const data::Value& pod, const Options& options, base::Time now);

std::unique_ptr<Stream> log_stream(LogSource& source, LogRequest request);

}  // namespace slipway::apiserver
