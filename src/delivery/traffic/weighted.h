// Lists of weighted references, the form that HTTPRoute, VirtualService, TraefikService and IngressRoute share: rules
// with references to Services, of which those that are ours are split and joined again. Pure.
//
// Everything else of a reference (port, filters, headers) and every other rule is carried over.
//
// An audience has rules of its own: copies of the user's rules that match less and carry a mark by which they are known
// again. They are always written anew from the user's rules, except on the way back: there they stay where they are and
// give everything to the stable version, so that no router has to take rules out while requests are moved.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/route_marks.h"
#include "data/value.h"
#include "delivery/route.h"

namespace slipway::delivery {

using api::kAudienceHeader;

// What a reference points at: the user's Service, the stable version, or a version beside it: the candidate, or the
// variants of an A/B test by their numbers.
struct Destination {
  int number;
  static const Destination Plain, Stable, Candidate;
  static constexpr Destination version(std::size_t i) { return {static_cast<int>(i)}; }
  constexpr bool beside_stable() const { return number >= 0; }
  std::size_t index() const { return static_cast<std::size_t>(number); }
  bool operator==(const Destination&) const = default;
};
inline constexpr Destination Destination::Plain{-2};
inline constexpr Destination Destination::Stable{-1};
inline constexpr Destination Destination::Candidate{0};

// The Service that a destination is, where each version has one of its own.
const std::string& service_at(const plan::Routing& routing, Destination destination);

struct WeightedForm {
  std::string list;                 // the key under which a rule has its references: "backendRefs"
  std::int64_t default_weight = 1;  // of a reference that gives none
  bool lone_gets_all = false;       // a reference that stands alone gets everything, whatever its weight
  // A version that gets nothing is left out, since the router stumbles over a Service without endpoints.
  bool leaves_out_zero = false;
  std::size_t versions = 1;  // beside the stable one
  std::size_t chosen = 0;    // of them, the candidate
  std::function<bool(const data::Value& ref, Destination side)> is;
  // The same reference pointed at this side; the weight is set by the caller.
  std::function<data::Value(const data::Value& like, Destination side)> point;

  // Routers with audiences. The first rule that matches counts, so that audiences stand before the rules they were made
  // from; else they stand at the end, where they move no other rule.
  bool first_match_wins = false;
  std::function<bool(const data::Value& rule)> is_audience = {};
  std::function<data::Value(const data::Value& rule, const plan::Audience& audience)> restricted = {};
  // Routers with mirrors. None: the rule without a mirror of ours; `ref` is a reference to the candidate.
  std::function<data::Value(const data::Value& rule, const data::Value& ref, plan::Share share)> mirrored = {};
};

// A rule without matches has one that asks for nothing.
data::Value matches_or_any(const data::Value& matches);
// A rule's matches, each narrowed by each alternative of an audience; `narrowed` adds conditions to one match.
data::Value narrowed_matches(const data::Value& matches, const plan::Audience& audience,
                             const std::function<data::Value(data::Value match, const plan::Conditions&)>& narrowed);
// The first reference of a rule that is ours, on any side; null: none.
const data::Value* ours(const data::Value& rule, const WeightedForm& form);
// Shape, share and uniformity of `rules`; the generation is the caller's. Foreign when no rule is ours.
RouteView look_at_rules(const data::Value& rules, const WeightedForm& form);
data::Value split_rules(const data::Value& rules, const WeightedForm& form, const plan::Traffic& wanted);
// Beside the share of everybody, the rules say what `split_rules` would.
bool says_rules_of(const data::Value& rules, const WeightedForm& form, const plan::Traffic& wanted);
data::Value plain_rules(const data::Value& rules, const WeightedForm& form);
// The first rule that shares its traffic with others beside ours: it cannot be split. nullopt: none does.
std::optional<std::size_t> shared_rule(const data::Value& rules, const WeightedForm& form);
// What the rules say for one side, as a router would answer.
ReadBack::Side side_of_rules(const data::Value& rules, const WeightedForm& form, Destination side, std::int64_t ready);
// The plain, stable and candidate sides of an answer, and those of the variants; `ready`: endpoints of each.
void read_sides(const data::Value& rules, const WeightedForm& form,
                const std::function<std::int64_t(Destination)>& ready, ReadBack& out);
// A negative weight, or a rule of ours that gives its traffic to nobody; empty when all is well.
std::string weights_problem(const data::Value& rules, const WeightedForm& form);

}  // namespace slipway::delivery
