#include "api/crd_definition.h"

#include <algorithm>

#include "api/openapi_shape.h"

namespace slipway::api {
namespace {

using data::Value;

// Without references: every type is written out where it stands.
class Writer {
 public:
  explicit Writer(const DefinitionRules& rules) : rules_(rules) {}

  Value whole(const Schema& schema) const {
    Value out = typed("object"), properties = Value::object();
    for (const Field& field : schema.fields) {
      // The server knows these by itself; their schema may not say more.
      if (field.name == "apiVersion" || field.name == "kind")
        properties.set(field.name, typed("string"));
      else if (field.name == "metadata")
        properties.set(field.name, typed("object"));
      else
        properties.set(field.name, property(field));
      if (field.required) out.member("required").push_back(field.name);
    }
    out.set("description", schema.doc);
    out.set("properties", std::move(properties));
    add_cel_rules(schema, out);
    return out;
  }

 private:
  Value written(const Schema& schema) const {
    Value out;
    if (schema.type == Type::Object)
      out = object(schema);
    else if (schema.type == Type::Map)
      out = typed("object").with("additionalProperties", written(*schema.items));
    else if (schema.type == Type::List)
      out = typed("array").with("items", items(schema));
    else
      out = scalar_shape(schema);
    if (!schema.doc.empty()) out.set("description", schema.doc);
    add_value_rules(schema, out);
    add_apply_rules(schema, out);
    return out;
  }

  // The keys of a list that is a map must be there.
  Value items(const Schema& list) const {
    Value out = written(*list.items);
    for (const std::string& key : list.keys)
      if (std::ranges::find(out["required"].items(), Value(key)) == out["required"].items().end())
        out.member("required").push_back(key);
    return out;
  }

  Value property(const Field& field) const {
    Value out = written(*field.type);
    if (!field.doc.empty()) out.set("description", field.doc);
    if (!field.fallback.is_null()) out.set("default", field.fallback);
    return out;
  }

  Value object(const Schema& schema) const {
    Value out = typed("object"), properties = Value::object();
    const std::string type = schema.name.substr(schema.name.rfind('.') + 1);
    for (const Field& field : schema.fields) {
      Value shown = property(field);
      bool required = field.required;
      for (const ValueRule& rule : rules_.values)
        if (rule.type == type && rule.field == field.name)
          rule.rule == "required" ? void(required = true) : shown.set(rule.rule, rule.value);
      properties.set(field.name, std::move(shown));
      if (required) out.member("required").push_back(field.name);
    }
    if (!schema.fields.empty()) out.set("properties", std::move(properties));
    if (schema.preserve_unknown) out.set("x-kubernetes-preserve-unknown-fields", true);
    add_cel_rules(schema, out);
    return out;
  }

  void add_cel_rules(const Schema& schema, Value& out) const {
    const std::string type = schema.name.substr(schema.name.rfind('.') + 1);
    for (const CelRule& rule : rules_.cel)
      if (rule.type == type)
        out.member("x-kubernetes-validations")
            .push_back(Value::object({{"rule", rule.rule}, {"message", rule.message}}));
  }

  const DefinitionRules& rules_;
};

Value columns_of(const Kind& kind) {
  Value out = Value::array();
  for (const Column& column : kind.columns) {
    if (column.path.empty()) continue;  // the server shows the name by itself
    Value shown = Value::object({{"name", column.name},
                                 {"type", column.path == ".metadata.creationTimestamp" ? "date" : column.type},
                                 {"jsonPath", column.path}});
    if (!column.description.empty()) shown.set("description", column.description);
    if (column.priority > 0) shown.set("priority", column.priority);
    out.push_back(std::move(shown));
  }
  return out;
}

Value names_of(const Kind& kind) {
  const auto list = [](const std::vector<std::string>& words) {
    Value out = Value::array();
    for (const std::string& word : words) out.push_back(word);
    return out;
  };
  Value names = Value::object({{"kind", kind.resource.kind},
                               {"listKind", kind.list_kind},
                               {"plural", kind.resource.plural},
                               {"singular", kind.singular}});
  if (!kind.short_names.empty()) names.set("shortNames", list(kind.short_names));
  if (!kind.categories.empty()) names.set("categories", list(kind.categories));
  return names;
}

}  // namespace

Value definition_of(const Kind& kind, const DefinitionRules& rules) {
  Value version = Value::object({{"name", kind.resource.version},
                                 {"served", true},
                                 {"storage", true},
                                 {"schema", Value::object({{"openAPIV3Schema", Writer(rules).whole(*kind.schema)}})}});
  if (const Value columns = columns_of(kind); columns.size() > 0) version.set("additionalPrinterColumns", columns);
  Value subresources = Value::object();
  if (kind.has_status) subresources.set("status", Value::object());
  if (kind.scale)
    subresources.set("scale", Value::object({{"specReplicasPath", kind.scale->spec_replicas},
                                             {"statusReplicasPath", kind.scale->status_replicas},
                                             {"labelSelectorPath", kind.scale->selector}}));
  if (subresources.size() > 0) version.set("subresources", std::move(subresources));
  return Value::object({{"apiVersion", "apiextensions.k8s.io/v1"},
                        {"kind", "CustomResourceDefinition"},
                        {"metadata", Value::object({{"name", kind.resource.plural + "." + kind.resource.group}})},
                        {"spec", Value::object({{"group", kind.resource.group},
                                                {"scope", kind.resource.namespaced ? "Namespaced" : "Cluster"},
                                                {"names", names_of(kind)},
                                                {"versions", Value::array({std::move(version)})}})}});
}

}  // namespace slipway::api
