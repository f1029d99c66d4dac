// All objects that `slipway install` gives to a cluster.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::install {

struct Options {
  std::string space = "slipway-system";  // of the controllers
  // Namespaced mode: Releases of these namespaces only, with a Role in each instead of the ClusterRole.
  std::vector<std::string> spaces = {};
  std::string image = {};    // empty: slipway:VERSION
  int replicas = 2;          // one leads, the others wait
  int gateway_replicas = 2;  // all of them carry traffic
};

// What tells our objects from others': app.kubernetes.io/managed-by on each.
inline constexpr const char* kManagedBy = "slipway-install";

// The part that needs rights in the whole cluster and may be applied by somebody else.
std::vector<data::Value> definitions();
// Kinds of ours that a cluster does not know ("Release", "Cohort"): by what it says of our group version
// (APIResourceList, GET /apis/slipway.dev/v1alpha1); null: it does not know the group.
std::vector<std::string> missing_kinds(const data::Value& known);

// Everything else: the namespace of the controllers (unless it is one of `spaces`, which are there) first, their
// Deployment last. Plain, without anything that only a server can say.
std::vector<data::Value> controllers(const Options& options);

// The gateway of a GatewayClass: the class first, the Deployment last. Needs the namespace of the controllers, rights
// in the whole cluster, and the Gateway API's definitions for the class.
std::vector<data::Value> gateway(const Options& options);
inline constexpr const char* kReplicaLabel = "slipway.dev/gateway-replica";  // of the Leases of its replicas
inline constexpr const char* kGatewayLease = "slipway-gateway";              // of the replica that leads

// Definitions and controllers, definitions first.
std::vector<data::Value> manifest(const Options& options);

}  // namespace slipway::install
