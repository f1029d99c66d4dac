#include "delivery/route.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "control/controller.h"
#include "delivery/names.h"
#include "delivery/traffic/weighted.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Routing;
using plan::Share;

bool is_service_ref(const Value& ref, const std::string& name) {
  return ref["name"].as_string() == name && ref["kind"].as_string("Service") == "Service" &&
         ref["group"].as_string() == "";
}

// --- audiences and mirrors of HTTPRoutes ------------------------------------------------------------------

// Gateway API v1, HTTPRouteSpec and HTTPRouteRule.
constexpr std::size_t kMostRules = 16, kMostMatches = 64, kMostMatchesOfAll = 128;

bool is_mark(const Value& filter) {
  for (const Value& header : filter["requestHeaderModifier"]["set"].items())
    if (header["name"].as_string() == kAudienceHeader) return true;
  return false;
}

bool has_mark(const Value& rule) { return std::ranges::any_of(rule["filters"].items(), is_mark); }

// A rule has one modifier of request headers at most; the user's own is kept.
Value marked(const Value& filters, const std::string& name) {
  const Value mark = Value::object({{"name", kAudienceHeader}, {"value", name}});
  Value out = Value::array();
  bool done = false;
  for (Value filter : filters.items()) {
    if (filter["type"].as_string() == "RequestHeaderModifier") {
      Value set = filter["requestHeaderModifier"]["set"];
      set.push_back(mark);
      filter.set({"requestHeaderModifier", "set"}, set);
      done = true;
    }
    out.push_back(std::move(filter));
  }
  if (!done)
    out.push_back(Value::object({{"type", "RequestHeaderModifier"},
                                 {"requestHeaderModifier", Value::object({{"set", Value::array({mark})}})}}));
  return out;
}

const char* list_of(const plan::Condition& c) { return c.of == plan::Condition::Of::Query ? "queryParams" : "headers"; }

// The match with the conditions added; all that a server would fill in is written, so that it reads as it was written.
Value narrowed(Value match, const plan::Conditions& conditions) {
  if (!match.is_object()) match = Value::object();
  if (!match.has("path")) match.set("path", Value::object({{"type", "PathPrefix"}, {"value", "/"}}));
  for (const plan::Condition& wanted : conditions) {
    const plan::Condition c = plan::without_cookie(wanted);
    Value list = match[list_of(c)];
    list.push_back(
        Value::object({{"type", c.regex ? "RegularExpression" : "Exact"}, {"name", c.name}, {"value", c.value}}));
    match.set(list_of(c), list);
  }
  return match;
}

Value restricted(const Value& rule, const plan::Audience& audience) {
  return rule.without("name")
      .with("matches", narrowed_matches(rule["matches"], audience, narrowed))
      .with("filters", marked(rule["filters"], audience.name));
}

// Whole percents as `percent`, which every version of the API knows.
Value mirror_filter(const Value& ref, Share share) {
  Value to = Value::object({{"group", ""}, {"kind", "Service"}, {"name", ref["name"]}});
  if (ref.has("port")) to.set("port", ref["port"]);
  Value mirror = Value::object({{"backendRef", to}});
  if (share.points % 100 == 0)
    mirror.set("percent", share.points / 100);
  else
    mirror.set("fraction", Value::object({{"numerator", share.points}, {"denominator", plan::kWhole.points}}));
  return Value::object({{"type", "RequestMirror"}, {"requestMirror", mirror}});
}

Value mirrored(const Value& rule, const Value& ref, Share share) {
  Value filters = Value::array();
  for (const Value& filter : rule["filters"].items())
    if (!is_service_ref(filter["requestMirror"]["backendRef"], ref["name"].str())) filters.push_back(filter);
  if (share > plan::kNone) filters.push_back(mirror_filter(ref, share));
  return filters.size() > 0 ? rule.with("filters", filters) : rule.without("filters");
}

WeightedForm form_of(const Routing& routing) {
  const auto name = [&routing](Destination d) -> const std::string& { return service_at(routing, d); };
  return {.list = "backendRefs",
          .default_weight = 1,
          .versions = routing.versions(),
          .chosen = routing.chosen,
          .is = [name](const Value& ref, Destination d) { return is_service_ref(ref, name(d)); },
          .point = [name](const Value& like, Destination d) { return like.with("name", name(d)); },
          .is_audience = has_mark,
          .restricted = restricted,
          .mirrored = mirrored};
}

// Why one match has no room for these conditions; empty when it has.
std::string no_room(const Value& match, const plan::Conditions& conditions, const std::string& field) {
  for (const plan::Condition& wanted : conditions) {
    const plan::Condition c = plan::without_cookie(wanted);
    for (const Value& own : match[list_of(c)].items())
      if (base::to_lower(own["name"].as_string()) == c.name || own["name"].as_string() == c.name)
        return fmt::format("{} matches {} already, so no audience can be told apart by it", field,
                           plan::to_text(wanted));
  }
  return "";
}

// Why the audiences cannot be told apart in this route; empty when they can.
std::string audience_problem(const Value& route, const plan::Traffic& wanted, const WeightedForm& form,
                             const std::string& name) {
  const Value& rules = route["spec"]["rules"];
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Value& rule = rules.at(i);
    const bool splits = std::ranges::any_of(rule["backendRefs"].items(), [&](const Value& ref) {
      return form.is(ref, Destination::Plain) || form.is(ref, Destination::Stable);
    });
    if (!splits || has_mark(rule)) continue;
    const std::string field = fmt::format("HTTPRoute {} spec.rules[{}].matches", name, i);
    for (const plan::Audience& audience : wanted.audiences) {
      for (const Value& match : matches_or_any(rule["matches"]).items())
        for (const plan::Conditions& conditions : audience.any)
          if (std::string why = no_room(match, conditions, field); !why.empty()) return why;
      if (matches_or_any(rule["matches"]).size() * audience.any.size() > kMostMatches)
        return fmt::format("{} times the {} alternatives of {} are more than {} matches", field, audience.any.size(),
                           audience.name, kMostMatches);
    }
  }
  const Value split = split_rules(rules, form, wanted);
  if (split.size() > kMostRules)
    return fmt::format("HTTPRoute {} would have {} rules with the audiences, and {} are allowed", name, split.size(),
                       kMostRules);
  std::size_t matches = 0;
  for (const Value& rule : split.items()) matches += rule["matches"].size();
  if (matches > kMostMatchesOfAll)
    return fmt::format("HTTPRoute {} would have {} matches with the audiences, and {} are allowed", name, matches,
                       kMostMatchesOfAll);
  return "";
}

// Why the shares would not be those of users; empty when they are, or need not be.
std::string key_problem(const Value& route, const plan::Traffic& wanted, bool our_gateway, const std::string& name) {
  if (!wanted.key) return "";
  if (!our_gateway && route["status"]["parents"].size() > 0)
    return fmt::format(
        "HTTPRoute {} is not programmed by {}, which alone hashes users: let whole cohorts in, or name "
        "the header that carries each user's bucket (bucketHeader beside the key)",
        name, kGatewayController);
  if (wanted.key->of == plan::Condition::Of::Query)
    return fmt::format("HTTPRoute {}: parts of users can be told apart by a header or a cookie, not by {}", name,
                       plan::to_text(*wanted.key));
  const bool header = wanted.key->of == plan::Condition::Of::Header;
  const std::string_view annotation = header ? api::kStickyHeader : api::kStickyCookie;
  const std::string now(api::annotation(route, annotation));
  if ((header ? base::to_lower(now) : now) == wanted.key->name) return "";
  return fmt::format(
      "HTTPRoute {} deals its requests out by {}, and users are told apart by {}: annotate it with {}: {}", name,
      now.empty() ? "chance" : now, plan::to_text(*wanted.key), annotation, wanted.key->name);
}

// Sessions and requests count wherever they are; the share of everybody is only in everybody's rules.
void add_side(ReadBack::Side& side, const Value& backend, bool everybodys) {
  side.sessions += backend["sessions"].as_int();
  side.requests += backend["requests"].as_int();
  if (!everybodys) return;
  const std::int64_t share = backend["share"].as_int();
  const std::int64_t servers = backend["servers"].as_int();
  side.uniform = side.uniform && (!side.present || side.share == share);
  side.servers = side.present ? std::min(side.servers, servers) : servers;
  side.share = std::max(side.share, share);
  side.present = true;
}

// The oldest generation that this parent's conditions speak of; the first condition that is not True goes to `problem`.
std::int64_t accepted_generation(const Value& parent, std::string& problem) {
  std::int64_t oldest = INT64_MAX;
  for (const char* type : {"Accepted", "ResolvedRefs"}) {
    const Value* found = nullptr;
    for (const Value& c : parent["conditions"].items())
      if (c["type"].as_string() == type) found = &c;
    if (!found) return 0;
    oldest = std::min(oldest, (*found)["observedGeneration"].as_int());
    if ((*found)["status"].as_string() != "True" && problem.empty())
      problem =
          fmt::format("{}: {} is {}: {}: {}", parent["controllerName"].as_string(), type,
                      (*found)["status"].as_string(), (*found)["reason"].as_string(), (*found)["message"].as_string());
  }
  return oldest;
}

bool is_ours(const Value& parent) { return parent["controllerName"].as_string() == kGatewayController; }

bool has_accepted(const Value& parent) {
  for (const Value& c : parent["conditions"].items())
    if (c["type"].as_string() == "Accepted") return c["status"].as_string() == "True";
  return false;
}

}  // namespace

RouteView look_at(const Value& route, const Routing& routing) {
  if (!route.is_object()) return {};
  RouteView view = look_at_rules(route["spec"]["rules"], form_of(routing));
  view.generation = api::generation_of(route);
  return view;
}

std::optional<std::string> splitting_problem(const Value& route, const Routing& routing, const plan::Traffic& wanted) {
  if (!route.is_object()) return fmt::format("HTTPRoute {} does not exist", routing.route);
  if (look_at(route, routing).shape == RouteView::Shape::Foreign)
    return fmt::format("HTTPRoute {} has no rule with Service {} as backend", routing.route, routing.service);
  if (const auto i = shared_rule(route["spec"]["rules"], form_of(routing)))
    return fmt::format(
        "HTTPRoute {} spec.rules[{}].backendRefs names other Services beside {}; a Release splits it only when it "
        "stands alone",
        routing.route, *i, routing.service);
  const bool our_gateway = std::ranges::any_of(route["status"]["parents"].items(), is_ours);
  if (wanted.mirror > plan::kNone && our_gateway)
    return fmt::format("HTTPRoute {} is programmed by {}, which cannot mirror requests", routing.route,
                       kGatewayController);
  if (std::string why = key_problem(route, wanted, our_gateway, routing.route); !why.empty()) return why;
  std::string why = audience_problem(route, wanted, form_of(routing), routing.route);
  return why.empty() ? std::nullopt : std::optional(std::move(why));
}

Value split_rules(const Value& route, const Routing& routing, const plan::Traffic& wanted) {
  return split_rules(route["spec"]["rules"], form_of(routing), wanted);
}

bool says_rules_of(const Value& route, const Routing& routing, const plan::Traffic& wanted) {
  return says_rules_of(route["spec"]["rules"], form_of(routing), wanted);
}

Value plain_rules(const Value& route, const Routing& routing) {
  return plain_rules(route["spec"]["rules"], form_of(routing));
}

std::string weights_problem(const Value& route, const Routing& routing) {
  return weights_problem(route["spec"]["rules"], form_of(routing));
}

// A version without a share needs no server.
void ReadBack::set_versions(std::vector<Side> sides) {
  candidate = {};
  bool first = true;
  for (const Side& side : sides) {
    candidate.present = candidate.present || side.present;
    candidate.uniform = candidate.uniform && side.uniform;
    candidate.share += side.share;
    candidate.sessions += side.sessions;
    candidate.requests += side.requests;
    if (sides.size() > 1 && side.share == 0) continue;
    candidate.servers = first ? side.servers : std::min(candidate.servers, side.servers);
    first = false;
  }
  versions = std::move(sides);
}

ReadBack read_back(const control::Fact& fact, const Value& route, const Routing& routing) {
  ReadBack out{.asked = fact.asked, .answered = fact.answered};
  if (!fact.answer) {
    out.error = fact.answer.error().message.empty() ? "no answer" : fact.answer.error().message;
    return out;
  }
  out.generation = (*fact.answer)["generation"].as_int();
  const Value& rules = (*fact.answer)["rules"];
  std::vector<ReadBack::Side> versions(routing.versions());
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (const Value& backend : rules.at(i)["backends"].items()) {
      const bool everybodys = i >= route["spec"]["rules"].size() || !has_mark(route["spec"]["rules"].at(i));
      const std::string_view service = backend["service"].as_string();
      if (service == routing.service) add_side(out.plain, backend, everybodys);
      if (service == routing.stable_service) add_side(out.stable, backend, everybodys);
      for (std::size_t k = 0; k < versions.size(); ++k)
        if (service == routing.service_of(k)) add_side(versions[k], backend, everybodys);
    }
  out.set_versions(std::move(versions));
  return out;
}

std::optional<ReadBack> read_back_of_status(const Value& route, const Routing& routing,
                                            const std::map<std::string, std::int64_t>& ready_endpoints) {
  ReadBack out;
  out.generation = INT64_MAX;
  for (const Value& parent : route["status"]["parents"].items()) {
    if (is_ours(parent) && has_accepted(parent)) return std::nullopt;
    if (is_ours(parent)) continue;
    out.by_status_of = parent["controllerName"].str();
    out.generation = std::min(out.generation, accepted_generation(parent, out.error));
  }
  if (out.by_status_of.empty()) return std::nullopt;
  const auto ready = [&](Destination d) {
    const auto found = ready_endpoints.find(service_at(routing, d));
    return found == ready_endpoints.end() ? 0 : found->second;
  };
  read_sides(route["spec"]["rules"], form_of(routing), ready, out);
  return out;
}

void limit_by_others(ReadBack& answer, const Value& route) {
  for (const Value& parent : route["status"]["parents"].items())
    if (!is_ours(parent)) answer.generation = std::min(answer.generation, accepted_generation(parent, answer.error));
}

}  // namespace slipway::delivery
