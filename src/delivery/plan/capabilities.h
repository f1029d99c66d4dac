// What each router can do: the tables that plans are checked against, and that docs/support-matrix.md is made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace slipway::delivery::plan {

// Which kind of object carries the traffic: what `spec.traffic.route` names, and who programs it.
enum class RouterKind {
  HttpRoute,       // Gateway API
  Service,         // no router: the user's Service selects one version
  VirtualService,  // Istio, with a DestinationRule when the split is by subset
  Ingress,         // ingress-nginx, with a second, canary Ingress
  TraefikService,  // Traefik, the weighted service
  IngressRoute,    // Traefik, weights in the routes themselves
};
std::string_view to_text(RouterKind kind);  // as in spec.traffic.kind
std::optional<RouterKind> router_kind_of(std::string_view kind);
const std::vector<RouterKind>& all_router_kinds();

// How much a router tells of what it really does.
enum class ReadBack {
  None,       // nothing, and no time after which it could be believed
  Settled,    // nothing; what is written is believed after `settle`
  Status,     // that it has taken the object over, in the object's status; where it writes none: as Settled
  Endpoints,  // the endpoints that get the requests, by version
  Counted,    // shares, servers, sessions and requests
};
std::string_view to_text(ReadBack how);

// Does a user stay with a version?
enum class Stickiness {
  None,    // each request falls anew
  Cookie,  // only where the user's own object asks for a cookie; a later weight does not move who has one
  Bucket,  // always, and as the weight grows nobody goes back
  Whole,   // there is one version at a time
};
std::string_view to_text(Stickiness how);

// What a router can do. A plan that needs more is refused when it is compiled.
struct RouterCapabilities {
  std::string name;              // for people: "Istio"
  std::int64_t granularity = 1;  // smallest weight difference, in hundredths of a percent
  ReadBack read_back = ReadBack::Counted;
  bool headless = false;  // routes to a Service's endpoints by itself: our Services need no address
  Stickiness stickiness = Stickiness::None;
  bool header_match = false, cookie_match = false, query_match = false;  // can be sent to a version by these
  bool one_condition = false;    // what is matched is one condition, and goes to the candidate as a whole
  bool mirror = false;           // can send copies to a version
  bool several_versions = true;  // more than one beside the stable version
  bool several_rules = true;     // all rules of the object that name the Service are split together
  base::Duration settle = {};    // how long until what is written is in force, when nobody tells
  bool operator==(const RouterCapabilities&) const = default;
};

// Our gateway. Also what is taken of any other controller of Gateway API: it is believed by the route's status, after
// kAcceptedSettle. Our gateway itself cannot mirror; who programs a route is known by its status only, so that a
// release that mirrors is refused when it begins.
RouterCapabilities gateway_capabilities();
RouterCapabilities capabilities_of(RouterKind kind);

// What another controller of Gateway API has accepted is in force when it has stood for so long: Accepted says that the
// route was taken, not that the proxies go by it (Traefik 3.6 says it about two seconds before).
inline constexpr base::Duration kAcceptedSettle = base::seconds(5);

// The table of docs/support-matrix.md: one row a router.
std::string router_table();

}  // namespace slipway::delivery::plan
