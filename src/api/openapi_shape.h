// The parts of an OpenAPI v3 schema that do not depend on how types refer to each other (internal to api).
#pragma once

#include <string_view>

#include "api/schema.h"
#include "data/value.h"

namespace slipway::api {

data::Value typed(std::string_view type, std::string_view format = {});
// Of a scalar or of Any; null for objects, maps and lists.
data::Value scalar_shape(const Schema& schema);
// enum, pattern, limits, nullable.
void add_value_rules(const Schema& schema, data::Value& out);
// x-kubernetes-list-type, -list-map-keys and -map-type: how server-side apply merges.
void add_apply_rules(const Schema& schema, data::Value& out);

}  // namespace slipway::api
