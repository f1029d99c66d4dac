// All objects that `slipway install` gives to a cluster.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::install {

struct Options {
  std::string space = "slipway-system";  // of the controllers
  std::string only_space =
      {};                  // namespaced mode: Releases of this namespace only, with a Role instead of a ClusterRole
  std::string image = {};  // empty: slipway:VERSION
  int replicas = 2;        // one leads, the others wait
};

// What tells our objects from others': app.kubernetes.io/managed-by on each.
inline constexpr const char* kManagedBy = "slipway-install";

// CustomResourceDefinitions first, the controllers' Deployment last. Plain, without anything that only a server can
// say.
std::vector<data::Value> manifest(const Options& options);

}  // namespace slipway::install
