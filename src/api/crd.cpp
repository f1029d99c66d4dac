#include "api/crd.h"

#include <algorithm>
#include <tuple>

#include "api/kinds/columns.h"
#include "api/meta.h"
#include "base/strings.h"

namespace slipway::api {
namespace {

using data::Value;

// How Kubernetes ranks versions: v2 before v1 before v1beta2 before v1beta1 before v1alpha1, and others last by name.
std::tuple<int, std::int64_t, std::int64_t> rank(std::string_view version) {
  if (!version.starts_with('v')) return {0, 0, 0};
  std::string_view rest = version.substr(1);
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const auto major = base::parse_int(rest.substr(0, digits));
  rest.remove_prefix(digits);
  if (!major) return {0, 0, 0};
  if (rest.empty()) return {3, *major, 0};
  for (auto [word, stage] : {std::pair{"beta", 2}, {"alpha", 1}})
    if (rest.starts_with(word))
      if (auto minor = base::parse_int(rest.substr(std::string_view(word).size()))) return {stage, *major, *minor};
  return {0, 0, 0};
}

bool is_preferred(const Kind& a, const Kind& b) {
  const auto ra = rank(a.resource.version), rb = rank(b.resource.version);
  return ra != rb ? ra > rb : a.resource.version < b.resource.version;
}

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& v : list.items()) out.push_back(v.str());
  return out;
}

std::vector<Column> columns_of(const Value& version) {
  const Value& list = version["additionalPrinterColumns"];
  if (list.is_empty()) return {};
  std::vector<Column> out = {kinds::name_column()};
  for (const Value& c : list.items())
    out.push_back({.name = c["name"].str(),
                   .type = c["type"].str("string"),
                   .format = c["format"].str(),
                   .description = c["description"].str(),
                   .priority = static_cast<int>(c["priority"].as_int()),
                   .path = c["jsonPath"].str()});
  return out;
}

// "example.com" -> "com.example": how OpenAPI names start.
std::string reversed(std::string_view group) {
  auto parts = base::split(group, '.');
  std::string out;
  for (auto it = parts.rbegin(); it != parts.rend(); ++it) out.append(it == parts.rbegin() ? "" : ".").append(*it);
  return out;
}

void put_field(Schema& schema, Field field) {
  auto it = std::ranges::lower_bound(schema.fields, field.name, {}, &Field::name);
  if (it != schema.fields.end() && it->name == field.name)
    *it = std::move(field);
  else
    schema.fields.insert(it, std::move(field));
}

// The schema of whole objects: what the definition says, and the fields that every object has.
SchemaPtr object_schema(const Value& version, const Path& at, const SchemaPtr& object_meta, Problems& problems) {
  const Value& openapi = version["schema"]["openAPIV3Schema"];
  std::shared_ptr<Schema> schema;
  if (openapi.is_null()) {
    schema = std::make_shared<Schema>();
    schema->preserve_unknown = true;
  } else {
    const Path outer = at.at("schema");
    schema = std::make_shared<Schema>(*read_openapi_schema(openapi, outer.at("openAPIV3Schema"), problems));
    if (schema->type != Type::Object)
      problems.push_back(
          invalid(outer.at("openAPIV3Schema").at("type"), openapi["type"], "must be object at the root"));
  }
  schema->type = Type::Object;
  schema->doc = openapi["description"].str();
  auto text = std::make_shared<Schema>();
  text->type = Type::String;
  put_field(*schema, {.name = "apiVersion", .type = text, .doc = "Version of the API that this object is written in."});
  put_field(*schema, {.name = "kind", .type = text, .doc = "What kind of object this is, in CamelCase."});
  put_field(
      *schema,
      {.name = "metadata", .type = object_meta, .doc = "Name, labels and everything else that all objects have."});
  return schema;
}

std::optional<ScalePaths> scale_of(const Value& version) {
  const Value& scale = version["subresources"]["scale"];
  if (scale.is_null()) return std::nullopt;
  return ScalePaths{.spec_replicas = scale["specReplicasPath"].str(),
                    .status_replicas = scale["statusReplicasPath"].str(),
                    .selector = scale["labelSelectorPath"].str()};
}

std::vector<std::string> selectable_of(const Value& version) {
  std::vector<std::string> out;
  for (const Value& field : version["selectableFields"].items()) {
    std::string path = field["jsonPath"].str();
    out.push_back(path.starts_with('.') ? path.substr(1) : path);
  }
  return out;
}

Kind kind_of(const Value& crd, const Value& version, const Path& at, const SchemaPtr& object_meta, Problems& problems) {
  const Value& spec = crd["spec"];
  const Value& names = spec["names"];
  Kind kind;
  kind.resource = {spec["group"].str(), version["name"].str(), names["plural"].str(), names["kind"].str(),
                   spec["scope"].as_string() != "Cluster"};
  kind.singular = names["singular"].str(base::to_lower(kind.resource.kind));
  kind.list_kind = names["listKind"].str(kind.resource.kind + "List");
  kind.short_names = texts(names["shortNames"]);
  kind.categories = texts(names["categories"]);
  kind.has_status = version["subresources"].has("status");
  kind.scale = scale_of(version);
  auto schema = std::make_shared<Schema>(*object_schema(version, at, object_meta, problems));
  schema->name = reversed(kind.resource.group) + "." + kind.resource.version + "." + kind.resource.kind;
  kind.schema = schema;
  kind.columns = columns_of(version);
  kind.selectable = selectable_of(version);
  kind.custom = true;
  kind.crd = std::string(name_of(crd));
  return kind;
}

void check_names(const Value& crd, Problems& problems) {
  const Value& spec = crd["spec"];
  const std::string wanted = spec["names"]["plural"].str() + "." + spec["group"].str();
  if (name_of(crd) != wanted)
    problems.push_back(invalid(Path{nullptr, "metadata"}.at("name"), crd["metadata"]["name"],
                               "must be spec.names.plural+\".\"+spec.group"));
}

void check_versions(const Value& versions, const Path& at, Problems& problems) {
  std::vector<std::string_view> seen;
  int stored = 0;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const std::string_view name = versions.at(i)["name"].as_string();
    stored += versions.at(i)["storage"].as_bool();
    const Path here = at.at(i);
    if (std::ranges::find(seen, name) != seen.end())
      problems.push_back(duplicate(here.at("name"), versions.at(i)["name"]));
    if (versions.at(i)["schema"]["openAPIV3Schema"].is_null())
      problems.push_back(required(here.at("schema"), "schemas are required"));
    seen.push_back(name);
  }
  if (stored != 1)
    problems.push_back(invalid(at, Value(stored), "must have exactly one version marked as storage version"));
}

}  // namespace

std::vector<Kind> kinds_of_crd(const Value& crd, const SchemaPtr& object_meta, Problems& problems) {
  const Value& versions = crd["spec"]["versions"];
  const Path spec{nullptr, "spec"}, list = spec.at("versions");
  std::string storage;
  for (const Value& version : versions.items())
    if (version["storage"].as_bool()) storage = version["name"].str();
  std::vector<Kind> out;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (!versions.at(i)["served"].as_bool()) continue;
    out.push_back(kind_of(crd, versions.at(i), list.at(i), object_meta, problems));
    out.back().storage_version = storage;
  }
  std::ranges::sort(out, is_preferred);
  return out;
}

void check_crd(const Value& crd, const Value& old, std::vector<base::Cause>& problems) {
  const Value& spec = crd["spec"];
  const Path at{nullptr, "spec"}, versions = at.at("versions");
  check_names(crd, problems);
  check_versions(spec["versions"], versions, problems);
  if (spec["preserveUnknownFields"].as_bool())
    problems.push_back(
        invalid(at.at("preserveUnknownFields"), true, "must be false in order to use defaults and pruning"));
  if (spec == old["spec"]) return;  // its schemas have been read before
  for (std::size_t i = 0; i < spec["versions"].size(); ++i) {
    const Path version = versions.at(i), schema = version.at("schema");
    const Value& openapi = spec["versions"].at(i)["schema"]["openAPIV3Schema"];
    if (!openapi.is_null()) read_openapi_schema(openapi, schema.at("openAPIV3Schema"), problems);
  }
}

base::Result<std::shared_ptr<const Scheme>> Scheme::with_crd(const Value& crd) const {
  const Kind* any = builtin()->find("", "v1", "configmaps");
  SLIPWAY_CHECK(any);
  Problems problems;
  std::vector<Kind> kinds = kinds_of_crd(crd, any->schema->find("metadata")->type, problems);
  if (!problems.empty())
    return base::fail(invalid_object(*builtin()->find_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
                                     name_of(crd), std::move(problems)));
  auto out = std::make_shared<Scheme>(*without_crd(crd));
  for (Kind& kind : kinds) {
    const Resource& r = kind.resource;
    if (!out->find(r.group, r.version, r.plural)) out->add(std::move(kind));
  }
  return out;
}

std::shared_ptr<const Scheme> Scheme::without_crd(const Value& crd) const {
  auto out = std::make_shared<Scheme>(*this);
  std::erase_if(out->kinds_, [&](const auto& kind) { return !kind->crd.empty() && kind->crd == name_of(crd); });
  return out;
}

}  // namespace slipway::api
