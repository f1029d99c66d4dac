// The test program's own start: into a network of its own first, while there is one thread.
#include <gtest/gtest.h>

#include "own_network.h"
#include "story.h"

namespace slipway::tests {

std::string& network_problem() {
  static std::string problem;
  return problem;
}

}  // namespace slipway::tests

int main(int argc, char** argv) {
  if (auto entered = slipway::tests::enter_own_network(); !entered)
    slipway::tests::network_problem() = entered.error().message;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
