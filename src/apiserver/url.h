// URL, method and headers of an HTTP request to a typed request: the first stage of the chain.
//
// Paths are those of Kubernetes' "API concepts: resource URIs"; everything under /api and /apis that names no
// resource (discovery) and every other path become a PathRequest.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiserver/request.h"
#include "base/error.h"

namespace slipway::apiserver {

// The parts of an HTTP request that matter here. Header values as they came; empty when absent.
struct HttpParts {
  std::string_view method;
  std::string_view target;  // "/api/v1/pods?limit=500"
  std::string_view content_type = {};
  std::string_view accept = {};
  std::string_view user_agent = {};
  std::string_view if_none_match = {};
  std::string body = {};
};

base::Result<AnyRequest> parse_request(HttpParts parts, Identity who);

Media media_of(std::string_view content_type);  // none given: JSON
// The first alternative of an Accept header that can be served; NotAcceptable when there is none.
base::Result<Form> form_of(std::string_view accept);

}  // namespace slipway::apiserver
