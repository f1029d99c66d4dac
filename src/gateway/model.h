// HTTPRoutes, Services and EndpointSlices -> what the proxy shall do, and what to tell the routes' owners. Pure.
//
// Embedded, it implements the Gateway API for one built-in gateway (parentRefs of kind Gateway, whatever their name)
// and for Services as parents (GAMMA: the Service's virtual address follows the route). On a cluster the Gateways there
// decide (attachment.h), and Services keep the addresses that the cluster gives them. Precedence between rules is that
// of the HTTPRoute specification: host name, path, method, headers, query parameters, then age and name of the route.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/attachment.h"
#include "gateway/names.h"
#include "gateway/proxy.h"
#include "gateway/route.h"
#include "gateway/service.h"

namespace slipway::gateway {

struct ModelOptions {
  // Embedded.
  std::vector<std::string> gateway_binds = {};  // what the gateway listens on: "fd@3"
  int gateway_port = 0;                         // as clients see it
  // On a cluster: what `attach` and the ReferenceGrants say. Both or none.
  const Attachments* attachments = nullptr;
  const Grants* grants = nullptr;
  std::string listen_address = {};  // where the ports of Gateways are bound
  std::string idle_bind = {};       // a listener that is always there: the proxy cannot be without one
};

// How one route fares, before the proxy has been asked.
struct RouteState {
  std::string space, name;
  std::int64_t generation = 0;
  std::vector<ParentState> parents;  // the parentRefs that are ours
  std::optional<Problem> accepted;   // set: no parent takes it, and why; then nothing of it is in the proxy
  std::optional<Problem> resolved;   // set: some backend cannot be resolved
  std::vector<std::string> rules;    // ids, by rule index; "" for a rule without a place in the proxy
};

struct Desired {
  Structure structure;
  Targets targets;
  std::vector<RouteState> routes;      // in name order
  std::vector<std::string> addresses;  // virtual addresses to listen on
};

Desired desire(const std::vector<Route>& routes, const Services& services, const ModelOptions& options);

// Does `a` come before `b` in the order of precedence (HTTPRoute specification, HTTPRouteRule.matches)? Ties: false
// both ways.
bool precedes(const Condition& a, const Condition& b);

}  // namespace slipway::gateway
