// Fills in defaults (`with_defaults` in scheme.h): per object first the table's, then those of its type's code, then
// its fields.
#include "api/scheme.h"

namespace slipway::api {
namespace {

using data::Value;

Value filled(const Schema& schema, Value v);

Value filled_object(const Schema& schema, Value v) {
  for (const Field& field : schema.fields)
    if (!field.fallback.is_null() && v[field.name].is_null() && !(field.type->nullable && v.has(field.name)))
      v.set(field.name, field.fallback);
  if (schema.rules.complete) schema.rules.complete(v);
  for (const Field& field : schema.fields) {
    const Value& child = v[field.name];
    if (!child.is_object() && !child.is_array()) continue;
    Value done = filled(*field.type, child);
    if (!done.shares(child)) v.set(field.name, std::move(done));
  }
  return v;
}

Value filled_list(const Schema& schema, Value v) {
  for (std::size_t i = 0; i < v.size(); ++i) {
    Value done = filled(*schema.items, v.at(i));
    if (!done.shares(v.at(i))) v.set_at(i, std::move(done));
  }
  return v;
}

Value filled_map(const Schema& schema, const Value& v) {
  Value out = v;
  for (const data::Member& m : v.members()) {
    Value done = filled(*schema.items, m.value);
    if (!done.shares(m.value)) out.set(m.key.view(), std::move(done));
  }
  return out;
}

bool can_hold_defaults(const Schema& schema) {
  return schema.type == Type::Object || schema.type == Type::List || schema.type == Type::Map;
}

Value filled(const Schema& schema, Value v) {
  if (schema.type == Type::Object && v.is_object()) return filled_object(schema, std::move(v));
  if (!schema.items || !can_hold_defaults(*schema.items)) return v;
  if (schema.type == Type::List && v.is_array()) return filled_list(schema, std::move(v));
  if (schema.type == Type::Map && v.is_object()) return filled_map(schema, v);
  return v;
}

}  // namespace

Value with_defaults(const Kind& kind, Value object) { return filled(*kind.schema, std::move(object)); }

}  // namespace slipway::api
