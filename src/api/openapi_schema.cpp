// Structural OpenAPI v3 schemas of CustomResourceDefinitions (`read_openapi_schema` in crd.h).
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "api/crd.h"

namespace slipway::api {
namespace {

using data::Value;

constexpr int kMaxDepth = 100;

std::optional<double> number(const Value& v) { return v.is_number() ? std::optional(v.as_double()) : std::nullopt; }
std::optional<std::int64_t> whole(const Value& v) { return v.is_number() ? std::optional(v.as_int()) : std::nullopt; }

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  // `value_only`: a branch of anyOf and its kind, which says rules but no structure of its own.
  SchemaPtr read(const Value& s, const Path& at, bool value_only, int depth) {
    auto schema = std::make_shared<Schema>();
    if (!s.is_object() || depth > kMaxDepth) {
      problems_.push_back(s.is_object() ? invalid(at, Value(kMaxDepth), "schema is nested too deeply") : required(at));
      return schema;
    }
    set_type(s, *schema, at, value_only, depth);
    set_rules(s, *schema, at);
    set_merging(s, *schema);
    set_junctors(s, *schema, at, depth);
    return s["default"].is_null() ? interned(schema) : schema;
  }

 private:
  void set_type(const Value& s, Schema& schema, const Path& at, bool value_only, int depth) {
    const Value& type = s["type"];
    schema.preserve_unknown = s["x-kubernetes-preserve-unknown-fields"].as_bool();
    schema.embedded = s["x-kubernetes-embedded-resource"].as_bool();
    if (s["x-kubernetes-int-or-string"].as_bool()) {
      schema.type = Type::IntOrString;
    } else if (type.is_empty()) {
      schema.type = Type::Any;
      if (!value_only && !schema.preserve_unknown)
        problems_.push_back(required(at.at("type"), "must not be empty for specified object fields"));
      if (value_only) set_fields(s, schema, at, true, depth);
      if (value_only && !s["items"].is_null()) set_items(s, schema, at, true, depth);
    } else if (type.as_string() == "object") {
      set_object(s, schema, at, value_only, depth);
    } else if (type.as_string() == "array") {
      set_items(s, schema, at, value_only, depth);
    } else if (auto scalar = scalar_type(type.as_string())) {
      schema.type = *scalar;
    } else {
      problems_.push_back(
          unsupported(at.at("type"), type, {"array", "boolean", "integer", "number", "object", "string"}));
    }
  }

  static std::optional<Type> scalar_type(std::string_view name) {
    if (name == "string") return Type::String;
    if (name == "integer") return Type::Int64;
    if (name == "number") return Type::Double;
    if (name == "boolean") return Type::Bool;
    return std::nullopt;
  }

  void set_items(const Value& s, Schema& schema, const Path& at, bool value_only, int depth) {
    schema.type = Type::List;
    if (s["items"].is_null() && value_only)
      schema.items = std::make_shared<Schema>();
    else
      schema.items = read(s["items"], at.at("items"), value_only, depth + 1);
  }

  void set_object(const Value& s, Schema& schema, const Path& at, bool value_only, int depth) {
    const Value& additional = s["additionalProperties"];
    schema.type = Type::Object;
    const bool is_map = additional.is_object() || additional.as_bool();
    if (is_map && !s["properties"].is_empty())
      problems_.push_back(
          forbidden(at.at("additionalProperties"), "additionalProperties and properties are mutual exclusive"));
    if (is_map) {
      schema.type = Type::Map;
      schema.items =
          additional.is_object() ? read(additional, at.at("additionalProperties"), value_only, depth + 1) : any();
    } else {
      set_fields(s, schema, at, value_only, depth);
    }
  }

  void set_fields(const Value& s, Schema& schema, const Path& at, bool value_only, int depth) {
    const Path properties = at.at("properties");
    for (const data::Member& m : s["properties"].members()) {
      Field field{.name = m.key.str(), .omit_empty = false};
      field.type = read(m.value, properties.at_key(m.key.view()), value_only, depth + 1);
      field.fallback = m.value["default"];
      field.doc = m.value["description"].str();
      schema.fields.push_back(std::move(field));  // members come sorted by key
    }
    for (const Value& name : s["required"].items()) require(schema, name.str(), value_only);
  }

  void require(Schema& schema, const std::string& name, bool value_only) {
    auto it = std::ranges::lower_bound(schema.fields, name, {}, &Field::name);
    if (it == schema.fields.end() || it->name != name) {
      if (!value_only) return;  // cannot be sent: it would be pruned
      it = schema.fields.insert(it, Field{.name = name, .type = any(), .omit_empty = false});
    }
    it->required = true;
  }

  void set_rules(const Value& s, Schema& schema, const Path& at) {
    for (const Value& v : s["enum"].items()) schema.one_of_values.push_back(v);
    schema.pattern = s["pattern"].str();
    if (!schema.pattern.empty() && !re2::RE2(schema.pattern, re2::RE2::Quiet).ok())
      problems_.push_back(invalid(at.at("pattern"), s["pattern"], "must be a valid regular expression (RE2)"));
    schema.format = s["format"].str();
    schema.minimum = number(s["minimum"]);
    schema.maximum = number(s["maximum"]);
    schema.exclusive_minimum = s["exclusiveMinimum"].as_bool();
    schema.exclusive_maximum = s["exclusiveMaximum"].as_bool();
    schema.multiple_of = number(s["multipleOf"]);
    schema.min_length = whole(s["minLength"]);
    schema.max_length = whole(s["maxLength"]);
    schema.min_items = whole(s["minItems"]);
    schema.max_items = whole(s["maxItems"]);
    schema.min_properties = whole(s["minProperties"]);
    schema.max_properties = whole(s["maxProperties"]);
    schema.nullable = s["nullable"].as_bool();
  }

  static void set_merging(const Value& s, Schema& schema) {
    const std::string_view list = s["x-kubernetes-list-type"].as_string();
    if (list == "set") schema.list = ListKind::Set;
    if (list == "map") schema.list = ListKind::Map;
    for (const Value& key : s["x-kubernetes-list-map-keys"].items()) schema.keys.push_back(key.str());
    schema.atomic = s["x-kubernetes-map-type"].as_string() == "atomic";
  }

  void set_junctors(const Value& s, Schema& schema, const Path& at, int depth) {
    auto branches = [&](std::string_view name) {
      std::vector<SchemaPtr> out;
      const Path here = at.at(name);
      for (std::size_t i = 0; i < s[name].size(); ++i) out.push_back(read(s[name].at(i), here.at(i), true, depth + 1));
      return out;
    };
    schema.all_of = branches("allOf");
    schema.any_of = branches("anyOf");
    schema.one_of = branches("oneOf");
    if (!s["not"].is_null()) schema.none_of = read(s["not"], at.at("not"), true, depth + 1);
  }

  static SchemaPtr any() {
    static const SchemaPtr schema = [] {
      auto out = std::make_shared<Schema>();
      out->preserve_unknown = true;
      return out;
    }();
    return schema;
  }

  // Plain scalars are most of a large definition: one instance of each is enough.
  SchemaPtr interned(SchemaPtr schema) {
    const bool scalar = schema->type == Type::String || schema->type == Type::Int64 || schema->type == Type::Bool;
    const bool plain = schema->one_of_values.empty() && schema->pattern.empty() && schema->format.empty() &&
                       !schema->minimum && !schema->maximum && !schema->multiple_of && !schema->min_length &&
                       !schema->max_length && !schema->nullable && schema->all_of.empty() && schema->any_of.empty() &&
                       schema->one_of.empty() && !schema->none_of;
    if (!scalar || !plain) return schema;
    SchemaPtr& slot = plain_[static_cast<std::size_t>(schema->type)];
    if (!slot) slot = std::move(schema);
    return slot;
  }

  Problems& problems_;
  std::array<SchemaPtr, static_cast<std::size_t>(Type::Any) + 1> plain_;
};

}  // namespace

SchemaPtr read_openapi_schema(const Value& schema, const Path& at, Problems& problems) {
  return Reader(problems).read(schema, at, false, 0);
}

}  // namespace slipway::api
