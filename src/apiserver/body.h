// Request bodies: bytes in one of the accepted media types to a tree in the form of its kind's schema.
#pragma once

#include <string>
#include <vector>

#include "api/scheme.h"
#include "apiserver/request.h"
#include "base/error.h"
#include "data/value.h"

namespace slipway::apiserver {

// Body size limit (Kubernetes: 3 MiB) and patch operations are bounded; deeper limits lie in data::ParseLimits.
inline constexpr std::size_t kMaxBody = 3u << 20;

struct Document {
  data::Value value;                    // null for an empty body
  std::vector<std::string> duplicates;  // `duplicate field "spec.replicas"`
};

// Parses without knowing the kind. JSON, YAML and protobuf for objects; JSON or YAML for patches.
base::Result<Document> parse_body(const api::Scheme& scheme, const Body& body);
// Parses a raw body in place, so that `parse_body` has nothing left to do. Errors wait in it. Any thread.
void read_ahead(const api::Scheme& scheme, Body& body);
Media media_of(const Body& body);

// Brings `value` into the form of `kind`. Wrong types are BadRequest (Invalid for custom kinds). Unknown and duplicate
// fields are refused, told in `warnings`, or passed over, as `validation` says.
base::Result<data::Value> conformed(const api::Kind& kind, const data::Value& value,
                                    const std::vector<std::string>& duplicates, Validation validation,
                                    std::vector<std::string>& warnings);

}  // namespace slipway::apiserver
