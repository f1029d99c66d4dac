#include "gateway/gateway_status.h"

#include <algorithm>

#include "api/meta.h"
#include "gateway/conditions.h"
#include "gateway/names.h"
#include "gateway/service.h"

namespace slipway::gateway {
namespace {

using data::Value;

std::optional<Problem> unprogrammed(const ListenerState& l, const ListeningProgress& progress) {
  if (!l.usable()) return Problem{"Invalid", "the listener is not accepted"};
  const auto why = progress.unserved.find(l.port);
  if (why != progress.unserved.end()) return Problem{"Pending", why->second};
  return std::nullopt;
}

Value listener_status(const Value& status, const ListenerState& l, const GatewayState& gateway,
                      const ListeningProgress& progress, base::Time now) {
  Value out = Value::object({{"name", l.name}});
  for (const Value& before : status["listeners"].items()) {
    if (before["name"].as_string() == l.name) out = before;
  }
  Value kinds = Value::array();
  if (l.takes_routes) kinds.push_back(Value::object({{"group", kGroup}, {"kind", "HTTPRoute"}}));
  out.set("supportedKinds", std::move(kinds));
  out.set("attachedRoutes", l.attached);
  const std::optional<Problem> accepted = gateway.accepted ? gateway.accepted : l.accepted;
  const auto put = [&](const ConditionFact& fact) { set_condition(out, fact, gateway.generation, now); };
  put({"Accepted", accepted, "Accepted"});
  put({"Conflicted", l.conflicted, "NoConflicts", true});
  put({"ResolvedRefs", l.resolved, "ResolvedRefs"});
  put({"Programmed", gateway.accepted ? Problem{"Invalid", "the Gateway is not accepted"} : unprogrammed(l, progress),
       "Programmed"});
  return out;
}

// Accepted as long as one listener is; the reason says whether all are.
struct Verdict {
  std::optional<Problem> accepted, programmed;
  std::string_view reason = "Accepted";
};

Verdict verdict_of(const GatewayState& state, const ListeningProgress& progress) {
  Verdict out;
  const auto usable = std::count_if(state.listeners.begin(), state.listeners.end(), [](auto& l) { return l.usable(); });
  if (static_cast<std::size_t>(usable) < state.listeners.size()) out.reason = "ListenersNotValid";
  if (state.accepted)
    out.accepted = state.accepted;
  else if (usable == 0)
    out.accepted = Problem{"ListenersNotValid", "no listener can be served: see their conditions"};
  if (out.accepted) {
    out.programmed = Problem{"Invalid", "the Gateway is not accepted"};
  } else if (progress.addresses.empty()) {
    out.programmed = Problem{"AddressNotAssigned", "the Service of the gateway has no address yet"};
  } else {
    for (const ListenerState& l : state.listeners) {
      if (l.usable() && !progress.serves(l.port)) out.programmed = Problem{"Pending", progress.unserved.at(l.port)};
    }
  }
  return out;
}

Value addresses_of(const std::vector<std::string>& addresses) {
  Value out = Value::array();
  for (const std::string& a : addresses)
    out.push_back(Value::object({{"type", is_ipv4(a) ? "IPAddress" : "Hostname"}, {"value", a}}));
  return out;
}

}  // namespace

Value class_status(const Value& object, const ClassState& state, base::Time now) {
  Value status = object["status"].is_object() ? object["status"] : Value::object();
  set_condition(status, {"Accepted", state.accepted, "Accepted"}, state.generation, now);
  return status;
}

Value gateway_status(const Value& object, const GatewayState& state, const ListeningProgress& progress,
                     base::Time now) {
  Value status = object["status"].is_object() ? object["status"] : Value::object();
  const Verdict verdict = verdict_of(state, progress);
  set_condition(status, {"Accepted", verdict.accepted, verdict.reason}, state.generation, now);
  set_condition(status, {"Programmed", verdict.programmed, "Programmed"}, state.generation, now);
  status.set("addresses", state.accepted ? Value::array() : addresses_of(progress.addresses));
  Value listeners = Value::array();
  for (const ListenerState& l : state.listeners)
    listeners.push_back(listener_status(object["status"], l, state, progress, now));
  status.set("listeners", std::move(listeners));
  return status;
}

}  // namespace slipway::gateway
