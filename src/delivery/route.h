// What a router's objects say about a Release's traffic, and what the router said when it was asked. Pure.
//
// Plain: the user's Service gets everything. Split: in the same places the two versions are named, with weights. How
// each kind of router says so: traffic/router.h. Below, the functions for HTTPRoutes (Gateway API v1): filters, ports
// and everything else of a backendRef is carried over.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
  std::int64_t generation = 0;  // changes whenever what carries the split does
  plan::Share candidate = {};   // when split; of the first rule
  bool uniform = true;          // all rules say the same
  plan::Share audience = {};    // the most that any audience's rule gives to the candidate
  // The same of each version beside the stable one, where there are several: an A/B test.
  std::vector<plan::Share> versions = {}, audience_versions = {};
  bool gives_candidate() const { return candidate > plan::kNone || audience > plan::kNone; }
};
RouteView look_at(const data::Value& route, const plan::Routing& routing);

// Why this route cannot be split: a rule that shares its traffic with other Services already, or that has no room for
// an audience.
std::optional<std::string> splitting_problem(const data::Value& route, const plan::Routing& routing,
                                             const plan::Traffic& wanted);

data::Value split_rules(const data::Value& route, const plan::Routing& routing, const plan::Traffic& wanted);
bool says_rules_of(const data::Value& route, const plan::Routing& routing, const plan::Traffic& wanted);
data::Value plain_rules(const data::Value& route, const plan::Routing& routing);
// A negative weight, or a rule that gives its traffic to nobody; empty when all is well.
std::string weights_problem(const data::Value& route, const plan::Routing& routing);

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
  bool assumed = false;           // it says nothing at all: the objects are believed once they have stood for a while
  std::int64_t generation = 0;    // of the route, applied and read back
  Side plain, stable;
  Side candidate;                   // of all versions beside the stable one together
  std::vector<Side> versions = {};  // each of them
  // Sets both.
  void set_versions(std::vector<Side> sides);
};
// `route` tells which of the rules are an audience's: they have shares of their own.
ReadBack read_back(const control::Fact& fact, const data::Value& route, const plan::Routing& routing);

// Our own gateway answers on the port `traffic`. Any other controller of Gateway API is believed by the conditions
// Accepted and ResolvedRefs of its parent statuses, when they are of the route's present generation (Gateway API v1,
// RouteParentStatus). nullopt: our gateway has accepted the route, or no other controller has said anything about it:
// the port has to be asked.
std::optional<ReadBack> read_back_of_status(const data::Value& route, const plan::Routing& routing,
                                            const std::map<std::string, std::int64_t>& ready_endpoints);

// A route that our gateway carries and another controller's as well: what was read back counts only as far as the
// others have accepted the same.
void limit_by_others(ReadBack& answer, const data::Value& route);

}  // namespace slipway::delivery
