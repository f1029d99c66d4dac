#include "cli/held_route.h"

#include "api/meta.h"
#include "delivery/begun.h"
#include "delivery/plan/compile.h"
#include "delivery/traffic/router.h"

namespace slipway::cli {
namespace {

using data::Value;

// A reference without a weight has the weight 1, which a server writes down.
Value without_weights_of_one(const Value& v) {
  if (v.is_array()) {
    Value out = Value::array();
    for (const Value& item : v.items()) out.push_back(without_weights_of_one(item));
    return out;
  }
  if (!v.is_object()) return v;
  Value out = Value::object();
  for (const data::Member& m : v.members())
    if (m.key != "weight" || m.value != Value(1)) out.set(m.key.view(), without_weights_of_one(m.value));
  return out;
}

// What people write of it.
Value said(const Value& object) {
  Value out = Value::object({{"kind", object["kind"]}, {"spec", without_weights_of_one(object["spec"])}});
  for (const char* part : {"labels", "annotations"})
    if (!object["metadata"][part].is_empty()) out.set(part, object["metadata"][part]);
  return out;
}

Value without_split(const Value& live, const Value& release) {
  const delivery::plan::Routing routing = delivery::plan::routing_of(delivery::as_begun(release));
  delivery::RouterObjects objects{.route = live};
  if (routing.kind == delivery::plan::RouterKind::Service) objects.service = live;
  for (const control::Effect& effect : delivery::router_of(routing.kind).join(objects, routing))
    if (const auto joined = delivery::after(objects, routing, effect)) objects = *joined;
  return objects.route;
}

}  // namespace

Value splitter_of(Setting& s, const api::Resource& resource, const std::string& space, const std::string& name) {
  const auto releases = s.api.call({.verb = client::Verb::List, .resource = api::kReleases, .space = space});
  if (!releases) return {};
  for (const Value& release : (*releases)["items"].items()) {
    const Value begun = delivery::as_begun(release);
    if (!begun["spec"]["traffic"].is_object()) continue;
    const delivery::plan::Routing routing = delivery::plan::routing_of(begun);
    if (routing.route == name && delivery::router_of(routing.kind).route_kind() == resource) return release;
  }
  return {};
}

bool is_same_without_split(const Value& live, const Value& wanted, const Value& release) {
  return said(without_split(live, release)) == said(wanted);
}

}  // namespace slipway::cli
