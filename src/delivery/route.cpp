#include "delivery/route.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "control/controller.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Routing;
using plan::Share;

bool is_service_ref(const Value& ref, const std::string& name) {
  return ref["name"].as_string() == name && ref["kind"].as_string("Service") == "Service" &&
         ref["group"].as_string() == "";
}

const Value* find_ref(const Value& rule, const std::string& name) {
  for (const Value& ref : rule["backendRefs"].items())
    if (is_service_ref(ref, name)) return &ref;
  return nullptr;
}

struct RuleView {
  RouteView::Shape shape = RouteView::Shape::Foreign;
  Share candidate = {};
};

RuleView look_at_rule(const Value& rule, const Routing& routing) {
  const Value* stable = find_ref(rule, routing.stable_service);
  const Value* canary = find_ref(rule, routing.canary_service);
  if (stable && canary) {
    const std::int64_t s = (*stable)["weight"].as_int(1), c = (*canary)["weight"].as_int(1);
    return {RouteView::Shape::Split, {s + c > 0 ? c * plan::kWhole.points / (s + c) : 0}};
  }
  return {find_ref(rule, routing.service) ? RouteView::Shape::Plain : RouteView::Shape::Foreign, {}};
}

Value ref_to(const Value& like, const std::string& service, std::optional<std::int64_t> weight) {
  Value ref = like;
  ref.set("name", service);
  if (weight)
    ref.set("weight", *weight);
  else
    ref.erase("weight");
  return ref;
}

const Value* our_ref(const Value& rule, const Routing& routing) {
  for (const std::string* name : {&routing.service, &routing.stable_service, &routing.canary_service})
    if (const Value* ref = find_ref(rule, *name)) return ref;
  return nullptr;
}

// Rules with the references of those that are ours replaced by `refs(one of them)`.
template <class F>
Value with_refs(const Value& route, const Routing& routing, F refs) {
  Value rules = Value::array();
  for (const Value& rule : route["spec"]["rules"].items()) {
    const Value* ref = our_ref(rule, routing);
    rules.push_back(ref ? rule.with("backendRefs", refs(*ref)) : rule);
  }
  return rules;
}

void add_side(ReadBack::Side& side, const Value& backend) {
  const std::int64_t share = backend["share"].as_int();
  const std::int64_t servers = backend["servers"].as_int();
  side.uniform = side.uniform && (!side.present || side.share == share);
  side.servers = side.present ? std::min(side.servers, servers) : servers;
  side.share = std::max(side.share, share);
  side.sessions += backend["sessions"].as_int();
  side.requests += backend["requests"].as_int();
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

ReadBack::Side side_of(const Value& route, const std::string& service, std::int64_t ready) {
  ReadBack::Side side{.servers = ready};
  for (const Value& rule : route["spec"]["rules"].items()) {
    const Value* ref = find_ref(rule, service);
    if (!ref) continue;
    std::int64_t sum = 0;
    for (const Value& other : rule["backendRefs"].items()) sum += other["weight"].as_int(1);
    const std::int64_t share = sum > 0 ? (*ref)["weight"].as_int(1) * plan::kWhole.points / sum : 0;
    side.uniform = side.uniform && (!side.present || side.share == share);
    side.share = std::max(side.share, share);
    side.present = true;
  }
  return side;
}

}  // namespace

RouteView look_at(const Value& route, const Routing& routing) {
  RouteView view;
  if (!route.is_object()) return view;
  view.shape = RouteView::Shape::Foreign;
  view.generation = api::generation_of(route);
  for (const Value& rule : route["spec"]["rules"].items()) {
    const RuleView one = look_at_rule(rule, routing);
    if (one.shape == RouteView::Shape::Foreign) continue;
    const bool first = view.shape == RouteView::Shape::Foreign;
    view.uniform = view.uniform && (first || (one.shape == view.shape && one.candidate == view.candidate));
    if (first || one.shape == RouteView::Shape::Split) view.shape = one.shape;
    if (first || one.candidate > view.candidate) view.candidate = one.candidate;
  }
  return view;
}

std::optional<std::string> splitting_problem(const Value& route, const Routing& routing) {
  if (!route.is_object()) return fmt::format("HTTPRoute {} does not exist", routing.route);
  if (look_at(route, routing).shape == RouteView::Shape::Foreign)
    return fmt::format("HTTPRoute {} has no rule with Service {} as backend", routing.route, routing.service);
  for (std::size_t i = 0; i < route["spec"]["rules"].size(); ++i) {
    const Value& rule = route["spec"]["rules"].at(i);
    const auto shape = look_at_rule(rule, routing).shape;
    const std::size_t ours = shape == RouteView::Shape::Split   ? 2
                             : shape == RouteView::Shape::Plain ? 1
                                                                : rule["backendRefs"].size();
    if (rule["backendRefs"].size() != ours)
      return fmt::format(
          "HTTPRoute {} spec.rules[{}].backendRefs names other Services beside {}; a Release splits it only when it "
          "stands alone",
          routing.route, i, routing.service);
  }
  return std::nullopt;
}

Value split_rules(const Value& route, const Routing& routing, Share candidate) {
  const std::int64_t whole = candidate.points % 100 == 0 ? 100 : plan::kWhole.points;
  const std::int64_t part = candidate.points * whole / plan::kWhole.points;
  return with_refs(route, routing, [&](const Value& ref) {
    return Value::array({ref_to(ref, routing.stable_service, whole - part), ref_to(ref, routing.canary_service, part)});
  });
}

Value plain_rules(const Value& route, const Routing& routing) {
  return with_refs(route, routing,
                   [&](const Value& ref) { return Value::array({ref_to(ref, routing.service, std::nullopt)}); });
}

ReadBack read_back(const control::Fact& fact, const Routing& routing) {
  ReadBack out{.asked = fact.asked, .answered = fact.answered};
  if (!fact.answer) {
    out.error = fact.answer.error().message.empty() ? "no answer" : fact.answer.error().message;
    return out;
  }
  out.generation = (*fact.answer)["generation"].as_int();
  for (const Value& rule : (*fact.answer)["rules"].items())
    for (const Value& backend : rule["backends"].items()) {
      const std::string_view service = backend["service"].as_string();
      if (service == routing.service) add_side(out.plain, backend);
      if (service == routing.stable_service) add_side(out.stable, backend);
      if (service == routing.canary_service) add_side(out.candidate, backend);
    }
  return out;
}

std::optional<ReadBack> read_back_of_status(const Value& route, const Routing& routing,
                                            const std::map<std::string, std::int64_t>& ready_endpoints) {
  ReadBack out;
  out.generation = INT64_MAX;
  for (const Value& parent : route["status"]["parents"].items()) {
    if (parent["controllerName"].as_string() == kGatewayController) continue;
    out.by_status_of = parent["controllerName"].str();
    out.generation = std::min(out.generation, accepted_generation(parent, out.error));
  }
  if (out.by_status_of.empty()) return std::nullopt;
  const auto side = [&](const std::string& service) {
    const auto found = ready_endpoints.find(service);
    return side_of(route, service, found == ready_endpoints.end() ? 0 : found->second);
  };
  out.plain = side(routing.service);
  out.stable = side(routing.stable_service);
  out.candidate = side(routing.canary_service);
  return out;
}

}  // namespace slipway::delivery
