#include "cli/kinds.h"

#include <algorithm>

#include "base/strings.h"
#include "cli/api.h"
#include "data/json.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

constexpr const char* kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

}  // namespace

base::Result<Kinds> Kinds::discover(Api& api) {
  std::vector<Value> lists;
  for (const char* path : {"/api", "/apis"}) {
    auto body = api.fetch(path, kAggregated);
    if (!body) return std::unexpected(std::move(body.error()));
    auto list = data::parse_json(*body);
    if (!list)
      return base::fail(Code::Internal, std::string("the server's answer to ") + path + ": " + list.error().message);
    lists.push_back(std::move(*list));
  }
  return of(lists);
}

Kinds Kinds::of(const std::vector<Value>& discovery_lists) {
  Kinds out;
  for (const Value& list : discovery_lists)
    for (const Value& group : list["items"].items())
      for (const Value& version : group["versions"].items())
        for (const Value& r : version["resources"].items()) {
          Entry entry{.resource = {group["metadata"]["name"].str(), version["version"].str(), r["resource"].str(),
                                   r["responseKind"]["kind"].str(), r["scope"].as_string() != "Cluster"}};
          entry.names = {base::to_lower(entry.resource.plural), base::to_lower(r["singularResource"].as_string()),
                         base::to_lower(entry.resource.kind)};
          for (const Value& name : r["shortNames"].items()) entry.names.push_back(base::to_lower(name.as_string()));
          out.entries_.push_back(std::move(entry));
        }
  return out;
}

base::Result<api::Resource> Kinds::find(std::string_view name) const {
  const std::string wanted = base::to_lower(name);
  const std::size_t point = wanted.find('.');
  const auto matches = [&](const Entry& entry, std::string_view short_name, std::string_view group) {
    const bool known = std::ranges::find(entry.names, short_name) != entry.names.end();
    return known && (group.empty() || entry.resource.group == group);
  };
  for (const Entry& entry : entries_)
    if (matches(entry, wanted, "")) return entry.resource;
  if (point != wanted.npos)
    for (const Entry& entry : entries_)
      if (matches(entry, wanted.substr(0, point), wanted.substr(point + 1))) return entry.resource;
  return base::fail(Code::BadRequest, "the server has no resource type \"" + std::string(name) + "\"");
}

base::Result<api::Resource> Kinds::find_kind(std::string_view api_version, std::string_view kind) const {
  for (const Entry& entry : entries_)
    if (entry.resource.kind == kind && entry.resource.api_version() == api_version) return entry.resource;
  return base::fail(Code::BadRequest,
                    "the server knows no kind " + std::string(kind) + " in " + std::string(api_version));
}

}  // namespace slipway::cli
