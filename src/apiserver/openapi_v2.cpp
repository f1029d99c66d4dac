#include "apiserver/openapi_v2.h"

#include <cstdint>
#include <string_view>

#include "data/json.h"

namespace slipway::apiserver {
namespace {

using data::Value;

constexpr const char* kKindExtension = "x-kubernetes-group-version-kind";

// Protobuf wire format: a varint.
void append_varint(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}

// A length-delimited field: string or message.
std::string field(int number, std::string_view content) {
  std::string out;
  append_varint(out, static_cast<std::uint64_t>(number) << 3 | 2);
  append_varint(out, content.size());
  return out.append(content);
}

// Named* messages: {1: name, 2: value}.
std::string named(std::string_view name, std::string_view value) { return field(1, name) + field(2, value); }

// ParametersItem > Parameter > NonBodyParameter > QueryParameterSubSchema.
std::string query_parameter(const Value& p) {
  std::string query = field(2, p["in"].as_string()) + field(4, p["name"].as_string()) + field(6, p["type"].as_string());
  return field(1, field(2, field(3, query)));
}

std::string operation(const Value& op) {
  std::string out = field(5, op["operationId"].as_string());
  for (const Value& p : op["parameters"].items()) out += field(8, query_parameter(p));
  std::string ok = field(1, field(1, "OK"));
  out += field(9, field(1, named("200", ok)));
  std::string yaml = data::to_json(op[kKindExtension]);  // JSON is YAML
  return out + field(13, named(kKindExtension, field(2, yaml)));
}

Value patch_of(const api::Kind& kind) {
  const api::Resource& r = kind.resource;
  Value parameters = Value::array();
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation", "force"})
    parameters.push_back(Value::object({{"in", "query"}, {"name", name}, {"type", "string"}}));
  Value gvk = Value::object({{"group", r.group}, {"version", r.version}, {"kind", r.kind}});
  return Value::object({{"operationId", "patch" + r.group + r.version + r.kind},
                        {"parameters", std::move(parameters)},
                        {"responses", Value::object({{"200", Value::object({{"description", "OK"}})}})},
                        {kKindExtension, std::move(gvk)}});
}

std::string path_of(const api::Resource& r) {
  std::string out = r.group.empty() ? "/api/" : "/apis/" + r.group + "/";
  out += r.version;
  return out + (r.namespaced ? "/namespaces/{namespace}/" : "/") + r.plural + "/{name}";
}

}  // namespace

Value openapi_v2(const api::Scheme& scheme) {
  Value paths = Value::object();
  for (const auto& kind : scheme.kinds())
    if (kind->stored) paths.set(path_of(kind->resource), Value::object({{"patch", patch_of(*kind)}}));
  return Value::object({{"swagger", "2.0"},
                        {"info", Value::object({{"title", "Kubernetes"}, {"version", "v1.33.0"}})},
                        {"paths", std::move(paths)},
                        {"definitions", Value::object()}});
}

std::string openapi_v2_protobuf(const Value& document) {
  const Value& info = document["info"];
  std::string paths;
  for (const data::Member& path : document["paths"].members())
    paths += field(2, named(path.key.view(), field(8, operation(path.value["patch"]))));
  return field(1, document["swagger"].as_string()) +
         field(2, field(1, info["title"].as_string()) + field(2, info["version"].as_string())) + field(8, paths) +
         field(9, "");
}

}  // namespace slipway::apiserver
