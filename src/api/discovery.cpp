// Discovery: which groups, versions and resources there are (apidiscovery.k8s.io/v2, and the older plain lists).
#include <algorithm>

#include "api/scheme.h"

namespace slipway::api {
namespace {

using data::Value;

bool is_listed(const Kind& kind) { return !kind.verbs.empty(); }

std::vector<const Kind*> kinds_of(const Scheme& scheme, std::string_view group, std::string_view version) {
  std::vector<const Kind*> out;
  for (const auto& kind : scheme.kinds())
    if (is_listed(*kind) && kind->resource.group == group && kind->resource.version == version)
      out.push_back(kind.get());
  return out;
}

// In order of registration, each once.
std::vector<std::string> groups_of(const Scheme& scheme) {
  std::vector<std::string> out;
  for (const auto& kind : scheme.kinds())
    if (is_listed(*kind) && std::ranges::find(out, kind->resource.group) == out.end())
      out.push_back(kind->resource.group);
  return out;
}

std::vector<std::string> versions_of(const Scheme& scheme, std::string_view group) {
  std::vector<std::string> out;
  for (const auto& kind : scheme.kinds())
    if (is_listed(*kind) && kind->resource.group == group &&
        std::ranges::find(out, kind->resource.version) == out.end())
      out.push_back(kind->resource.version);
  return out;
}

Value texts(const std::vector<std::string>& list) {
  std::vector<Value> out(list.begin(), list.end());
  return Value::array_of(std::move(out));
}

// Everything below an object, status and scale included.
std::vector<Subresource> all_subresources(const Kind& kind) {
  std::vector<Subresource> out = kind.subresources;
  const Resource& r = kind.resource;
  if (kind.scale) out.push_back({"scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"}});
  if (kind.has_status) out.push_back({"status", r.group, r.version, r.kind, {"get", "patch", "update"}});
  return out;
}

Value group_version_kind(std::string_view group, std::string_view version, std::string_view kind) {
  return Value::object({{"group", group}, {"version", version}, {"kind", kind}});
}

Value discovered(const Kind& kind) {
  const Resource& r = kind.resource;
  Value out = Value::object({{"resource", r.plural},
                             {"responseKind", group_version_kind(r.group, r.version, r.kind)},
                             {"scope", r.namespaced ? "Namespaced" : "Cluster"},
                             {"singularResource", kind.singular},
                             {"verbs", texts(kind.verbs)}});
  if (!kind.short_names.empty()) out.set("shortNames", texts(kind.short_names));
  if (!kind.categories.empty()) out.set("categories", texts(kind.categories));
  for (const Subresource& sub : all_subresources(kind))
    out.member("subresources")
        .push_back(Value::object({{"subresource", sub.name},
                                  {"responseKind", group_version_kind(sub.group, sub.version, sub.kind)},
                                  {"verbs", texts(sub.verbs)}}));
  return out;
}

Value discovered_group(const Scheme& scheme, const std::string& group) {
  Value metadata = Value::object({{"creationTimestamp", nullptr}});
  if (!group.empty()) metadata.set("name", group);
  Value versions = Value::array();
  for (const std::string& version : versions_of(scheme, group)) {
    Value resources = Value::array();
    for (const Kind* kind : kinds_of(scheme, group, version)) resources.push_back(discovered(*kind));
    versions.push_back(Value::object({{"version", version}, {"resources", resources}, {"freshness", "Current"}}));
  }
  return Value::object({{"metadata", metadata}, {"versions", versions}});
}

Value group_version(std::string_view group, std::string_view version) {
  return Value::object({{"groupVersion", std::string(group) + "/" + std::string(version)}, {"version", version}});
}

Value plain_resource(const Kind& kind) {
  Value out = Value::object({{"name", kind.resource.plural},
                             {"singularName", kind.singular},
                             {"namespaced", kind.resource.namespaced},
                             {"kind", kind.resource.kind},
                             {"verbs", texts(kind.verbs)}});
  if (!kind.short_names.empty()) out.set("shortNames", texts(kind.short_names));
  if (!kind.categories.empty()) out.set("categories", texts(kind.categories));
  return out;
}

Value plain_subresource(const Kind& kind, const Subresource& sub) {
  Value out = Value::object({{"name", kind.resource.plural + "/" + sub.name},
                             {"singularName", ""},
                             {"namespaced", kind.resource.namespaced},
                             {"kind", sub.kind},
                             {"verbs", texts(sub.verbs)}});
  if (sub.group != kind.resource.group) {
    out.set("group", sub.group);
    out.set("version", sub.version);
  }
  return out;
}

}  // namespace

Value aggregated_discovery(const Scheme& scheme, bool core_only) {
  Value items = Value::array();
  for (const std::string& group : groups_of(scheme))
    if (group.empty() == core_only) items.push_back(discovered_group(scheme, group));
  return Value::object({{"kind", "APIGroupDiscoveryList"},
                        {"apiVersion", "apidiscovery.k8s.io/v2"},
                        {"metadata", Value::object()},
                        {"items", items}});
}

Value group_list(const Scheme& scheme) {
  Value groups = Value::array();
  for (const std::string& group : groups_of(scheme)) {
    if (group.empty()) continue;
    const auto versions = versions_of(scheme, group);
    Value list = Value::array();
    for (const std::string& version : versions) list.push_back(group_version(group, version));
    groups.push_back(Value::object(
        {{"name", group}, {"versions", list}, {"preferredVersion", group_version(group, versions.front())}}));
  }
  return Value::object({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}});
}

Value resource_list(const Scheme& scheme, std::string_view group_version) {
  const std::size_t slash = group_version.find('/');
  const bool core = slash == group_version.npos;
  const auto kinds = kinds_of(scheme, core ? "" : group_version.substr(0, slash),
                              core ? group_version : group_version.substr(slash + 1));
  if (kinds.empty()) return {};
  Value resources = Value::array();
  for (const Kind* kind : kinds) {
    resources.push_back(plain_resource(*kind));
    for (const Subresource& sub : all_subresources(*kind)) resources.push_back(plain_subresource(*kind, sub));
  }
  return Value::object(
      {{"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", group_version}, {"resources", resources}});
}

}  // namespace slipway::api
