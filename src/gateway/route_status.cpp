#include "gateway/route_status.h"

#include "api/meta.h"
#include "gateway/conditions.h"

namespace slipway::gateway {
namespace {

using data::Value;

bool is_ours(const Value& parent) { return parent["controllerName"].as_string() == kControllerName; }

Value entry_of(const Value& route, const Value& parent_ref) {
  for (const Value& p : route["status"]["parents"].items()) {
    if (is_ours(p) && p["parentRef"] == parent_ref) return p;
  }
  return Value::object({{"controllerName", std::string(kControllerName)}, {"parentRef", parent_ref}});
}

}  // namespace

Value parents_status(const Value& route, const RouteState& state, const Progress& progress, base::Time now) {
  Value out = Value::array();
  for (const Value& p : route["status"]["parents"].items()) {
    if (!is_ours(p)) out.push_back(p);
  }
  for (const ParentState& parent : state.parents) {
    Value entry = entry_of(route, parent.ref);
    const auto put = [&](std::string_view type, const std::optional<Problem>& problem, std::string_view good_reason) {
      set_condition(entry, {type, problem, good_reason}, state.generation, now);
    };
    put("Accepted", parent.accepted, "Accepted");
    put("ResolvedRefs", state.resolved, "ResolvedRefs");
    std::optional<Problem> unprogrammed;
    if (parent.accepted)
      unprogrammed = Problem{"Invalid", "the route is not accepted"};
    else if (!progress.applied)
      unprogrammed = Problem{"Pending", progress.held};
    put("Programmed", unprogrammed, "Programmed");
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace slipway::gateway
