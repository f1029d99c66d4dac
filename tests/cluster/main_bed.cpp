// A real control plane to try things on: starts one, says how to use it, and runs until its input ends (Ctrl-D) or a
// signal comes.
#include <fmt/format.h>

#include <cstdio>

#include "bed.h"

int main() {
  using namespace slipway::tests;
  const FoundAssets& found = find_assets();
  if (found.all.empty()) {
    fmt::print(stderr, "{}\n", found.problem);
    return 2;
  }
  auto bed = Bed::start(found.all.front());
  if (!bed) {
    fmt::print(stderr, "{}\n", bed.error().message);
    return 1;
  }
  fmt::print("export KUBECONFIG={}   # {} {}\n", (*bed)->admin_kubeconfig(), (*bed)->server(),
             found.all.front().version);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
