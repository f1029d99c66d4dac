// The part of uninstall that is about `slipway gateway`.
#include <algorithm>
#include <set>

#include "api/meta.h"
#include "cli/exit.h"
#include "cli/installed.h"
#include "delivery/names.h"

namespace slipway::cli {
namespace {

using base::Code;
using client::Verb;
using data::Value;

const api::Resource kGatewayClasses{"gateway.networking.k8s.io", "v1", "gatewayclasses", "GatewayClass", false};
const api::Resource kGateways{"gateway.networking.k8s.io", "v1", "gateways", "Gateway"};

// Merges into the status; a failure is told.
bool patch_status(Setting& s, const api::Resource& resource, const Value& object, Value status) {
  const auto patched = s.api.call({.verb = Verb::Patch,
                                   .resource = resource,
                                   .space = std::string(api::space_of(object)),
                                   .name = std::string(api::name_of(object)),
                                   .subresource = "status",
                                   .body = Value::object({{"status", std::move(status)}}),
                                   .patch_type = client::PatchType::Merge,
                                   .field_manager = "slipway-install"});
  if (patched || patched.error().code == Code::NotFound) return true;
  tell(s, patched.error());
  return false;
}

// Our entries in routes' statuses: nobody else would take them away.
bool forget_routes(Setting& s) {
  const auto routes = list(s, api::kHttpRoutes, {});
  if (!routes) return tell(s, routes.error()), false;
  bool well = true;
  for (const Value& route : *routes) {
    Value others = Value::array();
    for (const Value& parent : route["status"]["parents"].items())
      if (parent["controllerName"].as_string() != delivery::kGatewayController) others.push_back(parent);
    if (others.size() == route["status"]["parents"].size()) continue;
    well = patch_status(s, api::kHttpRoutes, route, Value::object({{"parents", others}})) && well;
  }
  return well;
}

// A Gateway of our classes waits for a controller again, as a new one does (the defaults of the Gateway API's
// definition).
Value waiting_status() {
  Value conditions = Value::array();
  for (const char* type : {"Accepted", "Programmed"})
    conditions.push_back(Value::object({{"type", type},
                                        {"status", "Unknown"},
                                        {"reason", "Pending"},
                                        {"message", "Waiting for controller"},
                                        {"lastTransitionTime", "1970-01-01T00:00:00Z"}}));
  return Value::object({{"conditions", conditions}, {"listeners", Value()}, {"addresses", Value()}});
}

bool forget_gateways(Setting& s, const std::set<std::string>& classes) {
  const auto gateways = list(s, kGateways, {});
  if (!gateways) return tell(s, gateways.error()), false;
  bool well = true;
  for (const Value& gateway : *gateways)
    if (classes.contains(gateway["spec"]["gatewayClassName"].str()))
      well = patch_status(s, kGateways, gateway, waiting_status()) && well;
  return well;
}

// Names of the classes that our gateway serves.
base::Result<std::set<std::string>> served_classes(Setting& s) {
  const auto all = list(s, kGatewayClasses, {});
  if (!all) return base::fail(all.error());
  std::set<std::string> names;
  for (const Value& c : *all)
    if (c["spec"]["controllerName"].as_string() == delivery::kGatewayController) names.emplace(api::name_of(c));
  return names;
}

// Replicas take their leases with them, but for those that were killed.
bool remove_leases(Setting& s, const std::string& space) {
  const auto replicas = list(s, api::kLeases, {space}, install::kReplicaLabel);
  if (!replicas) return tell(s, replicas.error()), false;
  std::vector<std::string> names = {install::kGatewayLease};
  for (const Value& lease : *replicas) names.emplace_back(api::name_of(lease));
  bool well = true;
  for (const std::string& name : names) {
    const auto deleted = s.api.call({.verb = Verb::Delete, .resource = api::kLeases, .space = space, .name = name});
    if (!deleted && deleted.error().code != Code::NotFound) well = false, tell(s, deleted.error());
  }
  return well;
}

}  // namespace

bool remove_gateway(Setting& s, const Placement& placement) {
  const std::vector<Value> objects = install::gateway(options_of(placement));
  const bool installed = !is_gone(s, objects.back());
  const auto classes = served_classes(s);
  if (!classes) return tell(s, classes.error()), false;
  if (!remove(s, objects.back()) || !await_gone(s, {objects.back()})) return false;
  bool well = remove_leases(s, placement.space);
  for (std::size_t i = objects.size() - 1; i-- > 0;) well = remove(s, objects[i]) && well;
  if (installed) {
    well = forget_routes(s) && well;
    well = forget_gateways(s, *classes) && well;
  }
  return well && await_gone(s, objects);
}

}  // namespace slipway::cli
