// Which routes a cluster's Gateways take, and what becomes of their listeners (Gateway API v1, standard channel). Pure.
//
// Ours are the Gateways of GatewayClasses with controllerName slipway.dev/gateway. Listeners of protocol HTTP are
// served, on any port; all Gateways share one address, so a host name on a port belongs to the oldest Gateway that asks
// for it. A route is taken by a parentRef to a listener that allows its namespace and has a host name in common with
// it. Precedence among listeners is that of their routes' host names (model.h): listeners are not isolated from each
// other.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/value.h"
#include "gateway/route.h"

namespace slipway::gateway {

// The objects as they are in the API.
struct GatewayObjects {
  std::vector<data::Value> classes, gateways, namespaces, grants;
};

struct ListenerState {
  std::string name, hostname;  // hostname: "" any, "web.shop", "*.shop"
  int port = 0;
  std::optional<Problem> accepted;    // set: not accepted, and why
  std::optional<Problem> conflicted;  // set: another listener has its port and host name
  std::optional<Problem> resolved;    // set: it asks for kinds of routes that are not served
  bool takes_routes = true;           // false: of none of the kinds that are served
  int attached = 0;                   // routes that it has taken
  // May it get requests, as far as the objects say?
  bool usable() const { return !accepted && !conflicted && takes_routes; }
};

struct GatewayState {
  std::string space, name;
  std::int64_t generation = 0;
  std::optional<Problem> accepted;
  std::vector<ListenerState> listeners;  // in the order of the spec
};

struct ClassState {
  std::string name;
  std::int64_t generation = 0;
  std::optional<Problem> accepted;
};

// How one parentRef of a route fares.
struct ParentState {
  data::Value ref;
  std::optional<Problem> accepted;  // set: not accepted, and why
};

// Where a route is answered.
struct Place {
  int port = 0;
  std::vector<std::string> hostnames;  // of which "" is any
  bool operator==(const Place&) const = default;
};

struct RouteAttachment {
  std::vector<ParentState> parents;  // those that are ours
  std::vector<Place> places;         // one a listener
};

struct Attachments {
  std::vector<ClassState> classes;                                        // ours only
  std::vector<GatewayState> gateways;                                     // ours only, the oldest first
  std::set<int> ports;                                                    // that usable listeners ask for
  std::map<std::pair<std::string, std::string>, RouteAttachment> routes;  // by namespace and name, with parents of ours
};

Attachments attach(const std::vector<Route>& routes, const GatewayObjects& objects);

// What requests of a listener with one host name and a route with another have in common; nullopt: nothing.
// Either may be "" (any) or begin with "*." (one or more labels before it, not none).
std::optional<std::string> common_host(const std::string& listener, const std::string& route);

// Who may name Services of other namespaces as backends (ReferenceGrant, v1beta1 and v1).
class Grants {
 public:
  explicit Grants(const std::vector<data::Value>& grants);
  bool permits(const std::string& from_space, const std::string& to_space, const std::string& service) const;

 private:
  // From a namespace, to a namespace; the Service, "" for all.
  std::set<std::tuple<std::string, std::string, std::string>> granted_;
};

}  // namespace slipway::gateway
