// The JSONPath of printer columns, scale paths and selectable fields: ".spec.replicas",
// ".status.conditions[?(@.type=="Ready")].status",
// ".spec.rules[*].host", ".metadata.labels['app']", ".metadata.annotations.example\.com/x".
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::api {

// All values at the path, in order. BadRequest when the path cannot be read.
base::Result<std::vector<data::Value>> find_all(const data::Value& object, std::string_view path);
// The first of them, or null.
data::Value find_first(const data::Value& object, std::string_view path);
// Sets the value at a path of plain field names; BadRequest on any other path.
base::Result<data::Value> set_at_path(data::Value object, std::string_view path, data::Value value);

}  // namespace slipway::api
