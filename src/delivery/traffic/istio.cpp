// Istio (networking.istio.io/v1): weights on the destinations of a VirtualService's http routes.
//
// Split by host: in the place of the user's Service the destinations name the Release's two Services. Split by subset,
// when spec.traffic names a DestinationRule: they name the user's Service with a subset each; the two subsets, which
// select by pod-template-hash, are ours and are taken away again. A destination of the user's that names a subset is
// not ours. Weights are relative (istio: HTTPRouteDestination), and a destination that stands alone gets everything.
//
// Istiod writes a status only where its status reporting is switched on: condition Reconciled, with the generation and
// how many proxies are up to date. Without it the objects are believed once they have stood for a while. The subsets
// have to be known before a route names them, else requests fail for a moment: they are given the same time.
#include <fmt/format.h>

#include "api/meta.h"
#include "base/strings.h"
#include "control/patch.h"
#include "control/pod_template.h"
#include "delivery/traffic/back_ends.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Routing;
using Effects = std::vector<control::Effect>;

// "web", "web.shop", "web.shop.svc", "web.shop.svc.cluster.local" all name Service web of namespace shop.
bool names(std::string_view host, const std::string& service, const std::string& space) {
  if (host == service) return true;
  const std::string full = service + "." + space;
  return host == full || host.starts_with(full + ".svc");
}

std::string renamed(std::string_view host, const std::string& service) {
  const auto dot = host.find('.');
  return dot == std::string_view::npos ? service : service + std::string(host.substr(dot));
}

struct Place {
  std::string service, subset;
};
Place place_of(const Routing& r, Destination d) {
  if (d == Destination::Plain || r.own_services()) return {service_at(r, d), ""};
  return {r.service, d == Destination::Stable ? r.stable_subset : r.canary_subset};
}

// --- audiences and mirrors --------------------------------------------------------------------------------

bool is_audience(const Value& rule) { return rule["headers"]["request"]["set"].has(kAudienceHeader); }

const char* list_of(const plan::Condition& c) { return c.of == plan::Condition::Of::Query ? "queryParams" : "headers"; }

// HTTPMatchRequest: conditions on headers and query parameters are maps by name.
Value narrowed(Value match, const plan::Conditions& conditions) {
  for (const plan::Condition& wanted : conditions) {
    const plan::Condition c = plan::without_cookie(wanted);
    match.set({list_of(c), c.name}, Value::object({{c.regex ? "regex" : "exact", c.value}}));
  }
  return match;
}

Value restricted(const Value& rule, const plan::Audience& audience) {
  Value out = rule.without("name").with("match", narrowed_matches(rule["match"], audience, narrowed));
  out.set({"headers", "request", "set", kAudienceHeader}, audience.name);
  return out;
}

// Why a rule has no room for the audiences; empty when it has.
std::string no_room(const Value& rule, const plan::Traffic& wanted, const std::string& field) {
  for (const plan::Audience& audience : wanted.audiences)
    for (const plan::Conditions& conditions : audience.any)
      for (const plan::Condition& condition : conditions)
        for (const Value& match : rule["match"].items())
          if (const plan::Condition c = plan::without_cookie(condition); match[list_of(c)].has(c.name))
            return fmt::format("{} matches {} already, so no audience can be told apart by it", field,
                               plan::to_text(condition));
  return "";
}

bool mirrors_to(const Value& rule, const Value& destination) { return rule["mirror"] == destination; }

Value mirrored(const Value& rule, const Value& ref, plan::Share share) {
  const Value& to = ref["destination"];
  if (share > plan::kNone)
    return rule.with("mirror", to).with("mirrorPercentage", Value::object({{"value", share.percent()}}));
  return mirrors_to(rule, to) ? rule.without("mirror").without("mirrorPercentage") : rule;
}

WeightedForm form_of(const Routing& routing) {
  return {.list = "route",
          .default_weight = 0,
          .lone_gets_all = true,
          .versions = routing.versions(),
          .chosen = routing.chosen,
          .is =
              [&routing](const Value& ref, Destination side) {
                const Place place = place_of(routing, side);
                const Value& to = ref["destination"];
                return names(to["host"].as_string(), place.service, routing.namespace_) &&
                       to["subset"].as_string() == place.subset;
              },
          .point =
              [&routing](const Value& like, Destination side) {
                const Place place = place_of(routing, side);
                Value to = like["destination"];
                to.set("host", renamed(to["host"].as_string(), place.service));
                to.erase("subset");
                if (!place.subset.empty()) to.set("subset", place.subset);
                return like.with("destination", to);
              },
          .first_match_wins = true,
          .is_audience = is_audience,
          .restricted = restricted,
          .mirrored = mirrored};
}

// --- subsets ----------------------------------------------------------------------------------------------

bool is_ours(const Value& subset, const Routing& r) {
  const std::string_view name = subset["name"].as_string();
  return name == r.stable_subset || name == r.canary_subset;
}

// Nothing but our own label: that is how a subset of ours is told from one that the user made.
bool is_pinned(const Value& subset) {
  return subset["labels"].size() == 1 && subset["labels"].has(control::kTemplateHashLabel);
}

std::string pin_of(const Value& rule, const std::string& name) {
  for (const Value& subset : rule["spec"]["subsets"].items())
    if (subset["name"].as_string() == name) return subset["labels"][control::kTemplateHashLabel].str();
  return "";
}

Value pinned(const std::string& name, const std::string& hash) {
  return Value::object({{"name", name}, {"labels", Value::object({{control::kTemplateHashLabel, hash}})}});
}

Value subsets_of_others(const Value& rule, const Routing& r) {
  Value out = Value::array();
  for (const Value& subset : rule["spec"]["subsets"].items())
    if (!is_ours(subset, r)) out.push_back(subset);
  return out;
}

control::Effect write_subsets(const Value& rule, Value subsets) {
  return control::patch_of(kDestinationRules, rule,
                           Value::object({{"spec", Value::object({{"subsets", std::move(subsets)}})}}));
}

std::optional<std::string> subset_problem(const Value& rule, const Routing& r) {
  if (!rule.is_object()) return fmt::format("DestinationRule {} does not exist", r.destination_rule);
  if (!names(rule["spec"]["host"].as_string(), r.service, r.namespace_))
    return fmt::format("DestinationRule {} spec.host is {}, not Service {}", r.destination_rule,
                       rule["spec"]["host"].as_string(), r.service);
  for (const Value& subset : rule["spec"]["subsets"].items())
    if (is_ours(subset, r) && !is_pinned(subset))
      return fmt::format(
          "DestinationRule {} has a subset {} of its own; set spec.traffic.stableSubset or canarySubset to another "
          "name",
          r.destination_rule, subset["name"].as_string());
  return std::nullopt;
}

// --- status -----------------------------------------------------------------------------------------------

// Written by istiod as a number or as a string.
std::int64_t generation_in(const Value& v) {
  return v.is_string() ? base::parse_int(v.as_string()).value_or(0) : v.as_int();
}

// What istiod's condition says of this object; false when there is no such condition.
bool read_status(const Value& object, ReadBack& out) {
  const Value& reconciled = api::condition(object, "Reconciled");
  if (!reconciled.is_object()) return false;
  const std::int64_t seen =
      std::max(generation_in(reconciled["observedGeneration"]), generation_in(object["status"]["observedGeneration"]));
  if (seen < api::generation_of(object))
    out.error = fmt::format("istiod reports generation {} of {} {}, which is at {}", seen, object["kind"].as_string(),
                            api::name_of(object), api::generation_of(object));
  else if (reconciled["status"].as_string() != "True")
    out.error = fmt::format("istiod: {} {}: {}", object["kind"].as_string(), api::name_of(object),
                            reconciled["message"].as_string());
  for (const Value& message : object["status"]["validationMessages"].items())
    if (message["level"].as_string() == "ERROR" && out.error.empty())
      out.error = fmt::format("istiod finds an error in {} {}: {}", object["kind"].as_string(), api::name_of(object),
                              message["type"]["name"].as_string());
  return true;
}

// --- the back end -----------------------------------------------------------------------------------------

class Istio final : public Router {
 public:
  plan::RouterKind kind() const override { return plan::RouterKind::VirtualService; }
  const api::Resource& route_kind() const override { return kVirtualServices; }
  std::optional<Companion> companion(const Routing& r) const override {
    if (r.own_services()) return std::nullopt;
    return Companion{kDestinationRules, r.destination_rule};
  }

  // Both generations only grow, so their sum changes whenever one of them does.
  RouteView look_at(const RouterObjects& o, const Routing& routing) const override {
    if (!o.route.is_object()) return {};
    RouteView view = look_at_rules(o.route["spec"]["http"], form_of(routing));
    view.generation = api::generation_of(o.route) + api::generation_of(o.companion);
    return view;
  }

  std::optional<std::string> problem(const RouterObjects& o, const Routing& routing, const Claim&,
                                     const plan::Traffic& wanted) const override {
    if (!o.route.is_object()) return fmt::format("VirtualService {} does not exist", routing.route);
    const Value& rules = o.route["spec"]["http"];
    if (look_at(o, routing).shape == RouteView::Shape::Foreign)
      return fmt::format("VirtualService {} has no spec.http route whose destination is Service {} without a subset",
                         routing.route, routing.service);
    if (const auto i = shared_rule(rules, form_of(routing)))
      return shares_with_others(routing, fmt::format("spec.http[{}].route", *i));
    if (auto why = rules_problem(o, routing, wanted); !why.empty()) return why;
    return routing.own_services() ? std::nullopt : subset_problem(o.companion, routing);
  }

  bool prepares(const Routing& routing) const override { return !routing.own_services(); }

  Effects prepare(const RouterObjects& o, const Routing& r, const Claim& claim) const override {
    if (r.own_services()) return {};
    const std::string& candidate = claim.candidate_hash.empty() ? claim.stable_hash : claim.candidate_hash;
    if (pin_of(o.companion, r.stable_subset) == claim.stable_hash && pin_of(o.companion, r.canary_subset) == candidate)
      return {};
    Value subsets = subsets_of_others(o.companion, r);
    subsets.push_back(pinned(r.stable_subset, claim.stable_hash));
    subsets.push_back(pinned(r.canary_subset, candidate));
    return {write_subsets(o.companion, std::move(subsets))};
  }

  bool says_rules_of(const RouterObjects& o, const Routing& routing, const plan::Traffic& wanted) const override {
    return delivery::says_rules_of(o.route["spec"]["http"], form_of(routing), wanted);
  }
  Effects split(const RouterObjects& o, const Routing& routing, const Claim&,
                const plan::Traffic& wanted) const override {
    return {write(o, split_rules(o.route["spec"]["http"], form_of(routing), wanted))};
  }
  Effects join(const RouterObjects& o, const Routing& routing) const override {
    return {write(o, plain_rules(o.route["spec"]["http"], form_of(routing)))};
  }
  Effects clean(const RouterObjects& o, const Routing& r, const Claim&) const override {
    if (r.own_services()) return {};
    for (const Value& subset : o.companion["spec"]["subsets"].items())
      if (is_ours(subset, r) && !is_pinned(subset)) return {};
    Value rest = subsets_of_others(o.companion, r);
    if (rest.size() == o.companion["spec"]["subsets"].size()) return {};
    return {write_subsets(o.companion, rest.size() == 0 ? Value() : std::move(rest))};
  }

  std::optional<ReadBack> read_back(const RouterObjects& o, const Routing& r) const override {
    ReadBack out{.by_status_of = "Istio", .generation = look_at(o, r).generation};
    out.assumed = !read_status(o.route, out);
    if (!r.own_services() && !out.assumed) read_status(o.companion, out);
    read_sides(o.route["spec"]["http"], form_of(r), [&](Destination d) { return servers(o, r, d); }, out);
    return out;
  }
  std::string weights_problem(const RouterObjects& o, const Routing& routing) const override {
    return delivery::weights_problem(o.route["spec"]["http"], form_of(routing));
  }

 private:
  static std::string rules_problem(const RouterObjects& o, const Routing& routing, const plan::Traffic& wanted) {
    const WeightedForm form = form_of(routing);
    const Value& rules = o.route["spec"]["http"];
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Value* ref = ours(rules.at(i), form);
      if (!ref || is_audience(rules.at(i))) continue;
      const std::string field = fmt::format("VirtualService {} spec.http[{}]", routing.route, i);
      if (std::string why = no_room(rules.at(i), wanted, field + ".match"); !why.empty()) return why;
      const bool own = rules.at(i).has("mirror") &&
                       !mirrors_to(rules.at(i), form.point(*ref, Destination::Candidate)["destination"]);
      if (wanted.mirror > plan::kNone && (own || rules.at(i).has("mirrors")))
        return field + " mirrors its requests already; a Release adds its own mirror only where there is none";
    }
    return "";
  }
  static std::int64_t servers(const RouterObjects& o, const Routing& r, Destination side) {
    if (side == Destination::Plain || r.own_services()) return ready_of(o, place_of(r, side).service);
    const auto found = o.ready_by_hash.find(pin_of(o.companion, place_of(r, side).subset));
    return found == o.ready_by_hash.end() ? 0 : found->second;
  }
  static control::Effect write(const RouterObjects& o, Value rules) {
    return control::patch_of(kVirtualServices, o.route,
                             Value::object({{"spec", Value::object({{"http", std::move(rules)}})}}));
  }
};

}  // namespace

const Router& istio_router() {
  static const Istio router;
  return router;
}

}  // namespace slipway::delivery
