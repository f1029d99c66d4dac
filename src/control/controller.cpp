#include "control/controller.h"

#include "api/meta.h"

namespace slipway::control {

using data::Value;

std::function<std::vector<ObjectName>(const World&, const Value&)> owner_of_kind(api::Resource owner) {
  return [owner = std::move(owner)](const World&, const Value& object) -> std::vector<ObjectName> {
    const Value& reference = api::controller_of(object);
    if (reference["kind"].as_string() != owner.kind) return {};
    if (reference["apiVersion"].as_string() != owner.api_version()) return {};
    return {{owner.namespaced ? std::string(api::space_of(object)) : std::string(), reference["name"].str()}};
  };
}

std::function<std::vector<ObjectName>(const World&, const Value&)> same_name() {
  return [](const World&, const Value& object) -> std::vector<ObjectName> {
    return {{std::string(api::space_of(object)), std::string(api::name_of(object))}};
  };
}

}  // namespace slipway::control
