// Validation of values against schemas (internal to api; `validate` in scheme.h is the way in).
#pragma once

#include "api/problems.h"
#include "api/schema.h"

namespace slipway::api {

struct ValueRules {
  bool ratcheting = false;     // what an update leaves as it was is not looked at again (custom resources)
  bool openapi_words = false;  // messages as the OpenAPI validator of custom resources words them
};

// Required fields, value rules, uniqueness in lists, immutable fields and the types' code. `old` may be null.
void validate_value(const Schema& schema, const data::Value& v, const data::Value& old, const Path& at,
                    ValueRules rules, Problems& problems);
// Does `text` match the RE2 pattern somewhere? A pattern that cannot be compiled matches everything.
bool matches_pattern(std::string_view text, const std::string& pattern);
// The key of a list item for list=map: its key fields with defaults applied.
data::Value list_key(const Schema& list, const data::Value& item);

// Labels, annotations, owners and finalizers; not the name.
void validate_metadata(const data::Value& object, const data::Value& old, Problems& problems);

}  // namespace slipway::api
