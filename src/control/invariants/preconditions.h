// Safety: nothing is patched or deleted without naming the uid of the object that was looked at, so that a namesake
// which took its place is never hit; and a finalizer or an owner reference is changed only against the version that was
// looked at.
#pragma once

#include "control/invariant.h"

namespace slipway::control {

class Preconditions final : public Invariant {
 public:
  std::string_view name() const override { return "preconditions"; }
  std::optional<Violation> check(const World& world, const Controller& controller, const ObjectName& name,
                                 const Decision& decision, base::Time now) const override;
};

}  // namespace slipway::control
