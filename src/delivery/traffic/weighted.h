// Lists of weighted references, the form that HTTPRoute, VirtualService, TraefikService and IngressRoute share: rules
// with references to Services, of which those that are ours are split and joined again. Pure.
//
// Everything else of a reference (port, filters, headers) and every other rule is carried over.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "data/value.h"
#include "delivery/route.h"

namespace slipway::delivery {

enum class Side { Plain, Stable, Candidate };  // the user's Service, or one of the two versions

struct WeightedForm {
  std::string list;                 // the key under which a rule has its references: "backendRefs"
  std::int64_t default_weight = 1;  // of a reference that gives none
  bool lone_gets_all = false;       // a reference that stands alone gets everything, whatever its weight
  // A version that gets nothing is left out, since the router stumbles over a Service without endpoints.
  bool leaves_out_zero = false;
  std::function<bool(const data::Value& ref, Side side)> is;
  // The same reference pointed at this side; the weight is set by the caller.
  std::function<data::Value(const data::Value& like, Side side)> point;
};

// Shape, share and uniformity of `rules`; the generation is the caller's. Foreign when no rule is ours.
RouteView look_at_rules(const data::Value& rules, const WeightedForm& form);
data::Value split_rules(const data::Value& rules, const WeightedForm& form, plan::Share candidate);
data::Value plain_rules(const data::Value& rules, const WeightedForm& form);
// The first rule that shares its traffic with others beside ours: it cannot be split. nullopt: none does.
std::optional<std::size_t> shared_rule(const data::Value& rules, const WeightedForm& form);
// What the rules say for one side, as a router would answer.
ReadBack::Side side_of_rules(const data::Value& rules, const WeightedForm& form, Side side, std::int64_t ready);
// A negative weight, or a rule of ours that gives its traffic to nobody; empty when all is well.
std::string weights_problem(const data::Value& rules, const WeightedForm& form);

}  // namespace slipway::delivery
