// Who gets how much, as the objects of a router say it: the oracle by which seeds judge the product, and what the
// modelled proxies route by.
//
// Written from the routers' own documentation and from nothing in delivery/, so that a mistake there shows here:
// - HTTPRoute: Gateway API, HTTPBackendRef.weight: relative, 1 when absent.
// - VirtualService: Istio, HTTPRouteDestination: weights are relative, 0 when absent; a lone destination gets all.
//   A subset's labels choose among the endpoints of its host (DestinationRule, Subset); one that no DestinationRule
//   of the host has is known to no proxy.
// - Of both: a rule that asks for headers or query parameters gets only the requests that have them, so that its
// weights
//   are nobody's share of the whole (HTTPRouteMatch; HTTPMatchRequest).
// - Ingress: ingress-nginx, annotations, "Canary": an Ingress of the same class with canary "true" takes
//   canary-weight of canary-weight-total (100) away from the Ingress that has the same host and path.
// - TraefikService, IngressRoute: Traefik, Weighted Round Robin: weights are relative, 1 when absent; the only
//   service of a route of an IngressRoute gets all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "data/value.h"

namespace slipway::rehearse {

// What carries the traffic of a story.
enum class Router { HttpRoute, Service, VirtualService, VirtualServiceSubsets, Ingress, TraefikService, IngressRoute };
inline constexpr Router kRouters[] = {
    Router::HttpRoute, Router::Service,        Router::VirtualService, Router::VirtualServiceSubsets,
    Router::Ingress,   Router::TraefikService, Router::IngressRoute};
std::string_view to_text(Router router);  // as `sim --router` has it
std::optional<Router> router_named(std::string_view name);

// The kind that people name as the route. A Service that is switched is reached by an HTTPRoute that stays as it is.
const api::Resource& route_kind(Router router);
// The kind whose objects have a say beside it: DestinationRules, and other Ingresses.
std::optional<api::Resource> beside_kind(Router router);
// What a router writes into the status of a route tells which generation it has. The others tell nothing.
inline bool writes_status(Router router) { return router == Router::HttpRoute || router == Router::Service; }

// Traefik makes no route at all of one that names a Service without endpoints (providers: allowEmptyServices, off): all
// its requests are answered with 404.
inline bool needs_all_endpoints(Router router) {
  return router == Router::TraefikService || router == Router::IngressRoute;
}

// Can a Release send requests to a version by a header? (docs/support-matrix.md)
inline bool matches_headers(Router router) { return router != Router::Service && !needs_all_endpoints(router); }

// Some of the pods of a Service, and their part of a rule.
struct Routed {
  std::string service;
  std::string subset = {};  // the name by which a route tells them apart; empty: all pods of the Service
  data::Value labels = {};  // of the pods of the subset
  bool known = true;        // false: the proxies have no such subset, and answer with an error
  std::int64_t weight = 0;  // as written
  std::int64_t share = 0;   // 0..10000 of the rule, or of all rules (`together`)
  bool narrow = false;      // the rule is only for requests that ask for it by header or query
  // What it needs pods for: a narrow rule that gives anything needs somebody there.
  std::int64_t load() const { return narrow ? share > 0 : share; }
  bool is_same(const Routed& o) const { return service == o.service && subset == o.subset && labels == o.labels; }
  bool operator==(const Routed&) const = default;
};
using RoutedRule = std::vector<Routed>;
using RoutedRules = std::vector<RoutedRule>;

struct RouterObjects {
  data::Value route;
  std::vector<data::Value> beside = {};  // of beside_kind, of the same namespace; may hold the route itself
};
RoutedRules read_rules(Router router, const RouterObjects& objects);

// Is this the second object of a route rather than a route? (A canary Ingress.)
bool is_beside(Router router, const data::Value& object);

// All rules as one, when every rule gets the same number of requests, and the narrow ones a few beside them.
RoutedRule together(const RoutedRules& rules);

// Of the candidate, by the names that Releases give when nobody asks for others (docs/support-matrix.md).
bool is_candidate(const Routed& part);
// The most that a rule for everybody gives to candidates: 0..10000.
std::int64_t candidate_share(const RoutedRules& rules);
// The version that these pods are; empty when they may be of any. `service`: the Service, for its selector.
std::string hash_of(const Routed& part, const data::Value& service);
std::string text_of(const RoutedRules& rules);  // " web-stable=75 web-canary=25, ..."

}  // namespace slipway::rehearse
