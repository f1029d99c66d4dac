#include "api/openapi_shape.h"

namespace slipway::api {

using data::Value;

Value typed(std::string_view type, std::string_view format) {
  Value out = Value::object({{"type", type}});
  if (!format.empty()) out.set("format", format);
  return out;
}

Value scalar_shape(const Schema& schema) {
  switch (schema.type) {
    case Type::String:
      return typed("string", schema.format);
    case Type::Duration:
    case Type::Quantity:
      return typed("string");
    case Type::Int32:
      return typed("integer", "int32");
    case Type::Int64:
      return typed("integer", "int64");
    case Type::Double:
      return typed("number", "double");
    case Type::Bool:
      return typed("boolean");
    case Type::Time:
    case Type::MicroTime:
      return typed("string", "date-time");
    case Type::Bytes:
      return typed("string", "byte");
    case Type::IntOrString:
      return Value::object({{"x-kubernetes-int-or-string", true}});
    case Type::Any:
      return schema.atomic ? typed("object") : Value::object({{"x-kubernetes-preserve-unknown-fields", true}});
    case Type::Object:
    case Type::Map:
    case Type::List:
      break;
  }
  return {};
}

void add_value_rules(const Schema& schema, Value& out) {
  if (!schema.one_of_values.empty()) out.set("enum", Value::array_of(schema.one_of_values));
  if (!schema.pattern.empty()) out.set("pattern", schema.pattern);
  if (schema.minimum) out.set("minimum", *schema.minimum);
  if (schema.maximum) out.set("maximum", *schema.maximum);
  if (schema.min_length) out.set("minLength", *schema.min_length);
  if (schema.max_length) out.set("maxLength", *schema.max_length);
  if (schema.min_items) out.set("minItems", *schema.min_items);
  if (schema.max_items) out.set("maxItems", *schema.max_items);
  if (schema.nullable) out.set("nullable", true);
}

void add_apply_rules(const Schema& schema, Value& out) {
  if (schema.type == Type::List) {
    const char* const kinds[] = {"atomic", "set", "map"};
    out.set("x-kubernetes-list-type", kinds[static_cast<int>(schema.list)]);
    for (const std::string& key : schema.keys) out.member("x-kubernetes-list-map-keys").push_back(key);
  } else if (schema.atomic) {
    out.set("x-kubernetes-map-type", "atomic");
  }
}

}  // namespace slipway::api
