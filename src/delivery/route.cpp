#include "delivery/route.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
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

WeightedForm form_of(const Routing& routing) {
  const auto name = [&routing](Side side) -> const std::string& {
    return side == Side::Plain    ? routing.service
           : side == Side::Stable ? routing.stable_service
                                  : routing.canary_service;
  };
  return {.list = "backendRefs",
          .default_weight = 1,
          .is = [name](const Value& ref, Side side) { return is_service_ref(ref, name(side)); },
          .point = [name](const Value& like, Side side) { return like.with("name", name(side)); }};
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

std::optional<std::string> splitting_problem(const Value& route, const Routing& routing) {
  if (!route.is_object()) return fmt::format("HTTPRoute {} does not exist", routing.route);
  if (look_at(route, routing).shape == RouteView::Shape::Foreign)
    return fmt::format("HTTPRoute {} has no rule with Service {} as backend", routing.route, routing.service);
  if (const auto i = shared_rule(route["spec"]["rules"], form_of(routing)))
    return fmt::format(
        "HTTPRoute {} spec.rules[{}].backendRefs names other Services beside {}; a Release splits it only when it "
        "stands alone",
        routing.route, *i, routing.service);
  return std::nullopt;
}

Value split_rules(const Value& route, const Routing& routing, Share candidate) {
  return split_rules(route["spec"]["rules"], form_of(routing), candidate);
}

Value plain_rules(const Value& route, const Routing& routing) {
  return plain_rules(route["spec"]["rules"], form_of(routing));
}

std::string weights_problem(const Value& route, const Routing& routing) {
  return weights_problem(route["spec"]["rules"], form_of(routing));
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
    if (is_ours(parent) && has_accepted(parent)) return std::nullopt;
    if (is_ours(parent)) continue;
    out.by_status_of = parent["controllerName"].str();
    out.generation = std::min(out.generation, accepted_generation(parent, out.error));
  }
  if (out.by_status_of.empty()) return std::nullopt;
  const auto side = [&](Side which, const std::string& service) {
    const auto found = ready_endpoints.find(service);
    return side_of_rules(route["spec"]["rules"], form_of(routing), which,
                         found == ready_endpoints.end() ? 0 : found->second);
  };
  out.plain = side(Side::Plain, routing.service);
  out.stable = side(Side::Stable, routing.stable_service);
  out.candidate = side(Side::Candidate, routing.canary_service);
  return out;
}

void limit_by_others(ReadBack& answer, const Value& route) {
  for (const Value& parent : route["status"]["parents"].items())
    if (!is_ours(parent)) answer.generation = std::min(answer.generation, accepted_generation(parent, answer.error));
}

}  // namespace slipway::delivery
