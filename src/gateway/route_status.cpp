#include "gateway/route_status.h"

#include "api/meta.h"

namespace slipway::gateway {
namespace {

using data::Value;

bool is_ours(const Value& parent) { return parent["controllerName"].as_string() == kControllerName; }

void set(Value& entry, std::string_view type, bool good, const std::string& reason, const std::string& message,
         std::int64_t generation, base::Time now) {
  api::set_condition(entry, type, good ? "True" : "False", reason, message, now);
  Value& conditions = entry.member("conditions");
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions.at(i)["type"].as_string() == type) conditions.element(i).set("observedGeneration", generation);
  }
}

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
  for (const Value& ref : state.parents) {
    Value entry = entry_of(route, ref);
    auto put = [&](std::string_view type, bool good, const std::string& reason, const std::string& message) {
      set(entry, type, good, reason, message, state.generation, now);
    };
    put("Accepted", !state.accepted, state.accepted ? state.accepted->reason : "Accepted",
        state.accepted ? state.accepted->message : "");
    put("ResolvedRefs", !state.resolved, state.resolved ? state.resolved->reason : "ResolvedRefs",
        state.resolved ? state.resolved->message : "");
    bool programmed = progress.applied && !state.accepted;
    put("Programmed", programmed,
        programmed       ? "Programmed"
        : state.accepted ? "Invalid"
                         : "Pending",
        programmed       ? ""
        : state.accepted ? "the route is not accepted"
                         : progress.held);
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace slipway::gateway
