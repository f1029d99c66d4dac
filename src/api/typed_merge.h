// What server-side apply asks of two objects of one kind: which fields they have, where they differ, one merged into
// the other.
//
// Lists follow their kind: map and set lists go item by item, atomic ones are one value. Unknown parts (Type::Any) go
// field by field where they are objects.
#pragma once

#include "api/field_set.h"
#include "api/schema.h"

namespace slipway::api {

// The fields that an applied object sets: its leaves, and the items of lists and maps.
FieldSet fields_of(const Schema& schema, const data::Value& object);

struct Comparison {
  FieldSet added, removed, modified;
  FieldSet changed() const { return added.united(modified); }
};
Comparison compare(const Schema& schema, const data::Value& before, const data::Value& after);

// `applied` over `live`. Items keep the order of `live`; new ones follow where `applied` has them.
data::Value merged(const Schema& schema, const data::Value& live, const data::Value& applied);

// `object` without the fields of the set; an object or list that becomes empty that way goes too.
data::Value without_fields(const Schema& schema, const data::Value& object, const FieldSet& fields);

// The path of the first list item whose key stands twice in an applied object, or nothing.
std::string find_duplicate_item(const Schema& schema, const data::Value& object, const std::string& at = {});

}  // namespace slipway::api
