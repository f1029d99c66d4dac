#include "rehearse/app_router.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "data/yaml.h"
#include "delivery/traffic/kinds.h"
#include "rehearse/app.h"

namespace slipway::rehearse::app {
namespace {

using data::Value;

// The API server checks nothing of what is inside: tests/cluster has the routers' own definitions.
Value definition_of(const api::Resource& kind) {
  const Value anything = Value::object({{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}});
  const Value schema =
      Value::object({{"type", "object"}, {"properties", Value::object({{"spec", anything}, {"status", anything}})}});
  const Value version = Value::object({{"name", kind.version},
                                       {"served", true},
                                       {"storage", true},
                                       {"subresources", Value::object({{"status", Value::object()}})},
                                       {"schema", Value::object({{"openAPIV3Schema", schema}})}});
  const Value names =
      Value::object({{"plural", kind.plural}, {"singular", base::to_lower(kind.kind)}, {"kind", kind.kind}});
  return Value::object({{"apiVersion", "apiextensions.k8s.io/v1"},
                        {"kind", "CustomResourceDefinition"},
                        {"metadata", Value::object({{"name", kind.qualified()}})},
                        {"spec", Value::object({{"group", kind.group},
                                                {"names", names},
                                                {"scope", "Namespaced"},
                                                {"versions", Value::array({version})}})}});
}

Value object_of(const api::Resource& kind, const char* spec) {
  return Value::object({{"apiVersion", kind.api_version()},
                        {"kind", kind.kind},
                        {"metadata", Value::object({{"name", kName}, {"namespace", kSpace}})},
                        {"spec", *data::parse_yaml(spec)}});
}

constexpr const char* kHttpRouteSpec = R"yaml(
parentRefs: [{name: slipway}]
rules: [{backendRefs: [{name: web, port: 80}]}]
)yaml";

// Two rules where a route has several, and beside the references what a release has to leave alone.
constexpr const char* kVirtualServiceSpec = R"yaml(
hosts: [web, shop.example]
http:
- name: api
  match: [{uri: {prefix: /api}}]
  retries: {attempts: 2}
  route:
  - destination: {host: web.shop.svc.cluster.local, port: {number: 80}}
    headers: {request: {set: {x-api: "1"}}}
- name: pages
  timeout: 5s
  route: [{destination: {host: web, port: {number: 80}}}]
)yaml";

constexpr const char* kDestinationRuleSpec = R"yaml(
host: web
trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}
subsets: [{name: eu, labels: {region: eu}}]
)yaml";

constexpr const char* kIngressSpec = R"yaml(
ingressClassName: nginx
tls: [{hosts: [shop.example], secretName: shop}]
rules:
- host: shop.example
  http:
    paths:
    - {path: /api, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
)yaml";

constexpr const char* kTraefikServiceSpec = R"yaml(
weighted:
  sticky: {cookie: {name: version}}
  services: [{name: web, port: 80, passHostHeader: true}]
)yaml";

constexpr const char* kIngressRouteSpec = R"yaml(
entryPoints: [web]
routes:
- {kind: Rule, match: PathPrefix(`/api`), priority: 10, services: [{name: web, port: 80, scheme: http}]}
- kind: Rule
  match: Host(`shop.example`)
  middlewares: [{name: gzip}]
  services: [{kind: Service, name: web, port: 80}]
)yaml";

const char* spec_of_route(Router router) {
  switch (router) {
    case Router::HttpRoute:
    case Router::Service:
      return kHttpRouteSpec;
    case Router::VirtualService:
    case Router::VirtualServiceSubsets:
      return kVirtualServiceSpec;
    case Router::Ingress:
      return kIngressSpec;
    case Router::TraefikService:
      return kTraefikServiceSpec;
    case Router::IngressRoute:
      return kIngressRouteSpec;
  }
  base::bug("unknown router", __FILE__, __LINE__);
}

}  // namespace

std::vector<Applied> router_objects(Router router) {
  std::vector<Applied> all;
  const auto define = [&all](const api::Resource& kind) {
    all.push_back({api::kCustomResourceDefinitions, definition_of(kind)});
  };
  const api::Resource& kind = route_kind(router);
  if (kind != api::kHttpRoutes) define(kind);
  if (router == Router::VirtualServiceSubsets) {
    define(delivery::kDestinationRules);
    all.push_back({delivery::kDestinationRules, object_of(delivery::kDestinationRules, kDestinationRuleSpec)});
  }
  Value route = object_of(kind, spec_of_route(router));
  if (kind == api::kHttpRoutes)
    route.set({"metadata", "annotations"}, Value::object({{"slipway.dev/sticky-header", "x-user-id"}}));
  all.push_back({kind, std::move(route)});
  return all;
}

Value traffic_of(Router router) {
  if (router == Router::Service) return Value::object({{"kind", "Service"}, {"service", kName}});
  Value traffic = Value::object({{"route", kName}, {"service", kName}});
  if (router != Router::HttpRoute) traffic.set("kind", route_kind(router).kind);
  if (router == Router::VirtualServiceSubsets) traffic.set("destinationRule", kName);
  return traffic;
}

// Of subsets the Services are the same, and the pods' label tells the versions apart.
Value provider_of(Router router, std::string_view query) {
  if (writes_status(router)) return Value::object({{"gateway", Value::object({{"query", query}, {"window", "5s"}})}});
  const std::string_view who =
      router == Router::VirtualServiceSubsets ? R"(service="web",version="{{hash}}")" : R"(service="{{service}}")";
  const std::string asked =
      query == "p99" ? fmt::format(R"(latency{{quantile="0.99",{}}})", who) : fmt::format("error_rate{{{}}}", who);
  return Value::object(
      {{"prometheus",
        Value::object({{"query", asked}, {"samplesQuery", fmt::format("requests{{{}}}", who)}, {"window", "10s"}})}});
}

}  // namespace slipway::rehearse::app
