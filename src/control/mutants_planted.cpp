// The provider that tests link: every mutant can be switched on.
#include <array>

#include "control/mutants.h"

namespace slipway::control {
namespace {

std::array<bool, static_cast<std::size_t>(Mutant::kCount)>& planted() {
  static std::array<bool, static_cast<std::size_t>(Mutant::kCount)> flags{};
  return flags;
}

}  // namespace

bool mutant(Mutant which) { return planted()[static_cast<std::size_t>(which)]; }
void set_mutant(Mutant which, bool on) { planted()[static_cast<std::size_t>(which)] = on; }

}  // namespace slipway::control
