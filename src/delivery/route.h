// An HTTPRoute that a Release splits: what it says, and the rules it should say. Pure.
//
// Plain: rules name the user's Service. Split: in the same places they name the Release's two Services with weights.
// Filters, ports and everything else of a backendRef is carried over. Specification: Gateway API v1, HTTPRoute.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::control {
struct Fact;
}

namespace slipway::delivery {

struct RouteView {
  enum class Shape { Absent, Foreign, Plain, Split };  // Foreign: none of our Services is named
  Shape shape = Shape::Absent;
  std::int64_t generation = 0;
  plan::Share candidate = {};  // when split; of the first rule
  bool uniform = true;         // all rules say the same
};
RouteView look_at(const data::Value& route, const plan::Routing& routing);

// Why this route cannot be split: a rule that shares its traffic with other Services already.
std::optional<std::string> splitting_problem(const data::Value& route, const plan::Routing& routing);

data::Value split_rules(const data::Value& route, const plan::Routing& routing, plan::Share candidate);
data::Value plain_rules(const data::Value& route, const plan::Routing& routing);

// What the router said when it was asked (port `traffic`).
struct ReadBack {
  struct Side {
    bool present = false;
    bool uniform = true;        // the same share in every rule
    std::int64_t share = 0;     // 0 to 10000
    std::int64_t servers = 0;   // ready servers, the fewest of any rule
    std::int64_t sessions = 0;  // over all rules and proxy workers
    std::int64_t requests = 0;
  };
  base::Time asked = {}, answered = {};
  std::string error = {};  // why there is no answer; empty when there is one
  // Not counted by the router, but what the route's status says of its present generation: accepted, and its backends
  // found. It knows of no sessions and no requests.
  std::string by_status_of = {};  // the controller that says so
  std::int64_t generation = 0;    // of the route, applied and read back
  Side plain, stable, candidate;
};
ReadBack read_back(const control::Fact& fact, const plan::Routing& routing);

// Our own gateway answers on the port `traffic`. Any other controller of Gateway API is believed by the conditions
// Accepted and ResolvedRefs of its parent statuses, when they are of the route's present generation (Gateway API v1,
// RouteParentStatus). nullopt: no other controller has said anything about this route.
std::optional<ReadBack> read_back_of_status(const data::Value& route, const plan::Routing& routing,
                                            const std::map<std::string, std::int64_t>& ready_endpoints);

}  // namespace slipway::delivery
