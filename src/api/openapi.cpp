// OpenAPI v3 documents, one a group version, made from the schemas: for `kubectl explain`, for validation and for
// client-side apply.
#include <fmt/format.h>

#include <set>

#include "api/openapi_shape.h"
#include "api/scheme.h"

namespace slipway::api {
namespace {

using data::Value;

constexpr std::string_view kIntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
constexpr std::string_view kQuantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";

std::string url_of(const Resource& r) {
  return r.group.empty() ? "api/" + r.version : "apis/" + r.group + "/" + r.version;
}

Value reference(std::string_view name) {
  return Value::object({{"$ref", "#/components/schemas/" + std::string(name)}});
}

Value string_or(std::string_view other, std::string_view doc) {
  return Value::object({{"description", doc}, {"oneOf", Value::array({typed("string"), typed(other)})}});
}

class Components {
 public:
  // The schema as it stands in a field: shared types become references.
  Value use(const Schema& schema) {
    if (schema.type == Type::IntOrString && schema.name.empty())
      return shared(kIntOrString, string_or("integer", "A whole number, or a text such as a percentage."));
    if (schema.type == Type::Quantity)
      return shared(kQuantity, string_or("number", "An amount with an optional suffix: 500m, 1.5, 64Mi."));
    if (schema.name.empty()) return inlined(schema);
    if (seen_.insert(schema.name).second) schemas_.set(schema.name, inlined(schema));
    return Value::object({{"allOf", Value::array({reference(schema.name)})}});
  }

  void add_kind(const Kind& kind) {
    const Resource& r = kind.resource;
    const std::string name = name_of_kind(kind);
    Value schema = inlined(*kind.schema);
    schema.set("x-kubernetes-group-version-kind",
               Value::array({Value::object({{"group", r.group}, {"version", r.version}, {"kind", r.kind}})}));
    seen_.insert(name);
    schemas_.set(name, std::move(schema));
  }

  static std::string name_of_kind(const Kind& kind) {
    return kind.schema->name.empty() ? kind.resource.group + "." + kind.resource.version + "." + kind.resource.kind
                                     : kind.schema->name;
  }

  Value take() { return std::move(schemas_); }

 private:
  Value shared(std::string_view name, Value definition) {
    if (seen_.insert(std::string(name)).second) schemas_.set(name, std::move(definition));
    return Value::object({{"allOf", Value::array({reference(name)})}});
  }

  Value inlined(const Schema& schema) {
    Value out = shape(schema);
    if (!schema.doc.empty()) out.set("description", schema.doc);
    add_value_rules(schema, out);
    add_merging(schema, out);
    return out;
  }

  Value shape(const Schema& schema) {
    switch (schema.type) {
      case Type::Object:
        return object(schema);
      case Type::Map:
        return typed("object").with("additionalProperties", use(*schema.items));
      case Type::List:
        return typed("array").with("items", use(*schema.items));
      default:
        return scalar_shape(schema);
    }
  }

  Value object(const Schema& schema) {
    Value out = typed("object"), properties = Value::object();
    for (const Field& field : schema.fields) {
      Value property = use(*field.type);
      if (!field.doc.empty()) property.set("description", field.doc);
      if (!field.fallback.is_null()) property.set("default", field.fallback);
      // What a field adds to a shared type stands beside the reference.
      if (property.has("allOf")) add_merging(*field.type, property);
      properties.set(field.name, std::move(property));
      if (field.required) out.member("required").push_back(field.name);
    }
    if (!schema.fields.empty()) out.set("properties", std::move(properties));
    if (schema.preserve_unknown) out.set("x-kubernetes-preserve-unknown-fields", true);
    if (schema.embedded) out.set("x-kubernetes-embedded-resource", true);
    return out;
  }

  static void add_merging(const Schema& schema, Value& out) {
    add_apply_rules(schema, out);
    std::string strategy = schema.merges ? "merge" : "";
    if (schema.retain_keys) strategy += strategy.empty() ? "retainKeys" : ",retainKeys";
    if (!strategy.empty()) out.set("x-kubernetes-patch-strategy", strategy);
    if (!schema.merge_key.empty()) out.set("x-kubernetes-patch-merge-key", schema.merge_key);
  }

  Value schemas_ = Value::object();
  std::set<std::string, std::less<>> seen_;
};

Value parameter(std::string_view name, std::string_view in, std::string_view type, std::string_view doc) {
  Value out = Value::object(
      {{"name", name}, {"in", in}, {"description", doc}, {"schema", typed(type).with("uniqueItems", true)}});
  if (in == "path") out.set("required", true);
  return out;
}

Value write_parameters(bool patch) {
  Value out =
      Value::array({parameter("dryRun", "query", "string", "All: do everything but store the result."),
                    parameter("fieldManager", "query", "string", "Who makes the change, for the ownership of fields."),
                    parameter("fieldValidation", "query", "string",
                              "Ignore, Warn or Strict: what to do about unknown and duplicate fields.")});
  if (patch) out.push_back(parameter("force", "query", "boolean", "Take fields over from other appliers."));
  return out;
}

class Paths {
 public:
  Value take() { return std::move(paths_); }

  void add(const Kind& kind) {
    const Resource& r = kind.resource;
    const std::string base = "/" + url_of(r) + (r.namespaced ? "/namespaces/{namespace}/" : "/") + r.plural;
    Value collection = common(r.namespaced, false), item = common(r.namespaced, true);
    for (const std::string& verb : kind.verbs) add_verb(kind, verb, collection, item);
    paths_.set(base, std::move(collection));
    if (!kind.stored) return;
    paths_.set(base + "/{name}", item);
    if (kind.has_status) paths_.set(base + "/{name}/status", without(item, "delete"));
    if (r.namespaced) {
      Value all = Value::object();
      all.set("get", operation(kind, "list", "listForAllNamespaces"));
      paths_.set("/" + url_of(r) + "/" + r.plural, std::move(all));
    }
  }

 private:
  static Value without(Value item, std::string_view verb) {
    item.erase(verb);
    return item;
  }

  static Value common(bool namespaced, bool named) {
    Value list = Value::array();
    if (named) list.push_back(parameter("name", "path", "string", "Name of the object."));
    if (namespaced) list.push_back(parameter("namespace", "path", "string", "Namespace of the object."));
    return Value::object({{"parameters", list}});
  }

  static void add_verb(const Kind& kind, const std::string& verb, Value& collection, Value& item) {
    if (verb == "list") collection.set("get", operation(kind, "list", "list"));
    if (verb == "create") collection.set("post", write(kind, "post", "create"));
    if (verb == "deletecollection") collection.set("delete", operation(kind, "deletecollection", "deleteCollection"));
    if (verb == "get") item.set("get", operation(kind, "get", "read"));
    if (verb == "update") item.set("put", write(kind, "put", "replace"));
    if (verb == "patch") item.set("patch", write(kind, "patch", "patch"));
    if (verb == "delete") item.set("delete", operation(kind, "delete", "delete"));
  }

  static Value operation(const Kind& kind, std::string_view action, std::string_view word) {
    const Resource& r = kind.resource;
    Value content =
        Value::object({{"application/json", Value::object({{"schema", reference(Components::name_of_kind(kind))}})}});
    return Value::object(
        {{"operationId", fmt::format("{}{}{}", word, r.namespaced ? "Namespaced" : "", r.kind)},
         {"responses", Value::object({{"200", Value::object({{"description", "OK"}, {"content", content}})}})},
         {"x-kubernetes-action", action},
         {"x-kubernetes-group-version-kind",
          Value::object({{"group", r.group}, {"version", r.version}, {"kind", r.kind}})}});
  }

  static Value write(const Kind& kind, std::string_view action, std::string_view word) {
    Value out = operation(kind, action, word);
    out.set("parameters", write_parameters(action == "patch"));
    const Value body = Value::object({{"schema", reference(Components::name_of_kind(kind))}});
    const Value any = Value::object({{"schema", typed("object")}});
    Value content = Value::object({{"application/json", body}});
    if (action == "patch") {
      content = Value::object({{"application/apply-patch+yaml", any},
                               {"application/json-patch+json", any},
                               {"application/merge-patch+json", any}});
      if (!kind.custom) content.set("application/strategic-merge-patch+json", any);
    }
    out.set("requestBody", Value::object({{"content", content}, {"required", true}}));
    return out;
  }

  Value paths_ = Value::object();
};

}  // namespace

Value openapi_document(const Scheme& scheme, std::string_view group_version) {
  Components components;
  Paths paths;
  bool any = false;
  for (const auto& kind : scheme.kinds()) {
    if (kind->resource.api_version() != group_version || kind->verbs.empty()) continue;
    any = true;
    components.add_kind(*kind);
    paths.add(*kind);
  }
  if (!any) return {};
  return Value::object({{"openapi", "3.0.0"},
                        {"info", Value::object({{"title", "Kubernetes"}, {"version", "v1.33.0"}})},
                        {"paths", paths.take()},
                        {"components", Value::object({{"schemas", components.take()}})}});
}

Value openapi_index(const Scheme& scheme) {
  Value paths = Value::object();
  for (const auto& kind : scheme.kinds()) {
    const std::string url = url_of(kind->resource);
    if (kind->verbs.empty() || paths.has(url)) continue;
    const std::uint64_t hash = openapi_document(scheme, kind->resource.api_version()).hash();
    paths.set(url, Value::object({{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash={:016X}", url, hash)}}));
  }
  return Value::object({{"paths", paths}});
}

}  // namespace slipway::api
