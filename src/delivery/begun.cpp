#include "delivery/begun.h"

#include "api/kinds/release_rules.h"

namespace slipway::delivery {

using data::Value;

Value traffic_of_begin(const Value& release) {
  const Value& spec = release["spec"];
  if (!spec["traffic"].is_object()) return Value::object({{"routed", false}});
  const api::OwnedServices owned = api::owned_services(spec);
  return Value::object({{"routed", true},
                        {"traffic", spec["traffic"]},
                        {"stableService", owned.stable},
                        {"canaryService", owned.canary}});
}

bool is_traffic_edited(const Value& release) {
  const Value &begun = release["status"]["begun"], &traffic = release["spec"]["traffic"];
  if (!begun.is_object()) return false;
  return begun["routed"].as_bool() ? begun["traffic"] != traffic : traffic.is_object();
}

Value as_begun(const Value& release) {
  const Value& begun = release["status"]["begun"];
  if (!begun.is_object() || begun == traffic_of_begin(release)) return release;
  Value out = release;
  if (!begun["routed"].as_bool()) {
    out.erase({"spec", "traffic"});
    return out;
  }
  Value traffic = begun["traffic"];
  // A test names its Services by its variants.
  if (!release["spec"]["strategy"].has("abTest"))
    for (const char* service : {"stableService", "canaryService"}) traffic.set(service, begun[service]);
  out.set({"spec", "traffic"}, std::move(traffic));
  return out;
}

}  // namespace slipway::delivery
