// Safety invariants: rules about *transitions*. A decision may not make any of them worse.
//
// Each invariant is one small class in one file, used by the runner before acting and by the simulator as a checker.
// When a rule is already broken (no ready pod anywhere), a decision that does not worsen it is allowed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/controller.h"
#include "control/decision.h"

namespace slipway::control {

struct Violation {
  std::string invariant;
  std::string message;  // which object, which numbers
};

class Invariant {
 public:
  virtual ~Invariant() = default;
  virtual std::string_view name() const = 0;
  // Would carrying out `effect` (after the ones before it in `decision`) make the rule worse in `world`?
  virtual std::optional<Violation> check(const World& world, const Controller& controller, const ObjectName& name,
                                         const Decision& decision, const Effect& effect) const = 0;
};

}  // namespace slipway::control
