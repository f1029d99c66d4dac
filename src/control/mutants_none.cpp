// The provider that programs link: no mutant is ever on, and nothing could switch one on.
#include "control/mutants.h"

namespace slipway::control {

bool mutant(Mutant) { return false; }

}  // namespace slipway::control
