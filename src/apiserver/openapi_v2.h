// GET /openapi/v2, as far as older clients need it (kubectl 1.27): which kinds can be patched with which query
// parameters.
//
// The protobuf form is the Document message of OpenAPI 2.0 as gnostic defines it (openapiv2/OpenAPIv2.proto). Schemas
// are not in it; they are in /openapi/v3, and the field validation that they would serve happens on the server.
#pragma once

#include <string>

#include "api/scheme.h"
#include "data/value.h"

namespace slipway::apiserver {

inline constexpr const char* kOpenApiV2Asked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
// What clients ask for is no valid media type (RFC 9110 knows no "@"), and they refuse it in an answer.
inline constexpr const char* kOpenApiV2Answered = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

data::Value openapi_v2(const api::Scheme& scheme);             // as JSON
std::string openapi_v2_protobuf(const data::Value& document);  // the same document

}  // namespace slipway::apiserver
