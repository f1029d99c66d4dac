#include "control/invariants/preconditions.h"

#include "control/requests.h"

namespace slipway::control {

std::optional<Violation> Preconditions::check(const World&, const Controller&, const ObjectName&,
                                              const Decision& decision, base::Time) const {
  for (const Effect& effect : decision.effects) {
    const auto* patch = std::get_if<Patch>(&effect);
    const auto* erase = std::get_if<Delete>(&effect);
    if ((patch != nullptr && patch->uid.empty()) || (erase != nullptr && erase->uid.empty()))
      return Violation{std::string(name()), describe(effect) + " names no uid"};
    if (patch == nullptr || !patch->version.empty()) continue;
    const data::Value& metadata = patch->body["metadata"];
    if (metadata.has("finalizers") || metadata.has("ownerReferences"))
      return Violation{std::string(name()), describe(effect) + " replaces a list without naming the version"};
  }
  return std::nullopt;
}

}  // namespace slipway::control
