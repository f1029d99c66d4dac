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
  // Would carrying out the effects of `decision`, in their order and stopping anywhere, make the rule worse in `world`?
  // Takes the whole decision so that an invariant looks at the world once, however many effects there are.
  virtual std::optional<Violation> check(const World& world, const Controller& controller, const ObjectName& name,
                                         const Decision& decision, base::Time now) const = 0;
};

}  // namespace slipway::control
