#include "apiserver/discovery.h"

#include "apiserver/errors.h"
#include "apiserver/openapi_v2.h"
#include "base/hash.h"
#include "base/strings.h"
#include "data/json.h"

namespace slipway::apiserver {
namespace {

using data::Value;

constexpr std::string_view kOpenApi = "/openapi/v3";
constexpr std::string_view kOpenApiV2 = "/openapi/v2";

// Aggregated discovery is asked for by media type parameters; v2beta1 (kubectl 1.27 to 1.29) has the same shape.
std::string aggregated_version(std::string_view accept) {
  for (std::string_view text : base::split(accept, ',')) {
    if (text.find("as=APIGroupDiscoveryList") == std::string_view::npos) continue;
    if (text.find("v=v2beta1") != std::string_view::npos) return "v2beta1";
    if (text.find("v=v2") != std::string_view::npos) return "v2";
  }
  return "";
}

Value aggregated(const api::Scheme& scheme, bool core, const std::string& version) {
  Value out = api::aggregated_discovery(scheme, core);
  out.set("apiVersion", "apidiscovery.k8s.io/" + version);
  return out;
}

Value core_versions() {
  return Value::object(
      {{"kind", "APIVersions"}, {"versions", Value::array({"v1"})}, {"serverAddressByClientCIDRs", Value::array()}});
}

// One group of the group list, as its own document.
Value group_document(const api::Scheme& scheme, std::string_view group) {
  const Value all = api::group_list(scheme);
  for (const Value& item : all["groups"].items()) {
    if (item["name"].as_string() != group) continue;
    Value out = item;
    out.set("kind", "APIGroup");
    out.set("apiVersion", "v1");
    return out;
  }
  return {};
}

Value plain_document(const api::Scheme& scheme, std::string_view path) {
  if (path == "/api") return core_versions();
  if (path == "/apis") return api::group_list(scheme);
  if (path == "/version") return version_document();
  if (path == kOpenApiV2) return openapi_v2(scheme);
  if (path == kOpenApi) return api::openapi_index(scheme);
  if (path.starts_with("/openapi/v3/api/")) return api::openapi_document(scheme, path.substr(16));
  if (path.starts_with("/openapi/v3/apis/")) return api::openapi_document(scheme, path.substr(17));
  if (path.starts_with("/api/")) return api::resource_list(scheme, path.substr(5));
  if (!path.starts_with("/apis/")) return {};
  std::string_view rest = path.substr(6);
  return rest.find('/') == std::string_view::npos ? group_document(scheme, rest) : api::resource_list(scheme, rest);
}

std::string_view without_slash(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

}  // namespace

Value version_document() {
  return Value::object({{"major", "1"},
                        {"minor", "33"},
                        {"gitVersion", "v1.33.0+slipway-" SLIPWAY_VERSION},
                        {"gitCommit", ""},
                        {"gitTreeState", "clean"},
                        {"buildDate", "1970-01-01T00:00:00Z"},
                        {"goVersion", "none"},
                        {"compiler", "clang"},
                        {"platform", "linux/amd64"}});
}

bool Discovery::owns(std::string_view path) {
  path = without_slash(path);
  return path == "/api" || path == "/apis" || path == "/version" || path == kOpenApi || path == kOpenApiV2 ||
         path.starts_with("/api/") || path.starts_with("/apis/") || path.starts_with("/openapi/v3/");
}

Discovery::Document Discovery::find(const std::shared_ptr<const api::Scheme>& scheme, const std::string& key,
                                    const Make& make) {
  std::lock_guard lock(mutex_);
  if (scheme_ != scheme) documents_.clear();
  scheme_ = scheme;
  Document& document = documents_[key];
  if (document.bytes != nullptr) return document;
  Value value = make();
  if (value.is_null()) {
    documents_.erase(key);  // unknown paths must not pile up
    return {};
  }
  document.bytes = std::make_shared<const std::string>(value.is_string() ? value.str() : data::to_json(value));
  document.etag = "\"" + base::sha256_hex(*document.bytes) + "\"";
  return document;
}

Response Discovery::answer(const std::shared_ptr<const api::Scheme>& scheme, const PathRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") return Response::of(method_not_allowed(request.method));
  std::string path(without_slash(request.path));
  bool root = path == "/api" || path == "/apis";
  std::string version = root ? aggregated_version(request.accept) : "";
  bool protobuf = path == kOpenApiV2 && request.accept.find(kOpenApiV2Asked) != std::string::npos;
  if (protobuf) version = "protobuf";
  Document document = find(scheme, path + " " + version, [&] {
    if (protobuf) return Value(openapi_v2_protobuf(openapi_v2(*scheme)));  // bytes
    return version.empty() ? plain_document(*scheme, path) : aggregated(*scheme, path == "/api", version);
  });
  if (document.bytes == nullptr) return Response::of(unknown_path());
  Response response;
  response.headers = {{"ETag", document.etag}, {"Vary", "Accept"}};
  if (path.starts_with("/openapi/v3/") && !request.options.get("hash").empty())
    response.headers.emplace_back("Cache-Control", "public, immutable, max-age=31536000");
  if (request.if_none_match == document.etag) {
    response.status = 304;
    return response;
  }
  std::string type = protobuf ? kOpenApiV2Answered : "application/json";
  if (root && !version.empty()) type += ";g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList";
  response.body = Text{std::move(type), document.bytes};
  return response;
}

}  // namespace slipway::apiserver
