// The world of a real control plane: etcd, kube-apiserver and kube-controller-manager (tests/cluster), modelled nodes,
// and our controllers beside them with the rights of `slipway install`. They model requests and metrics themselves,
// and may write what a gateway reports on routes for that.
#pragma once

#include <memory>
#include <string>

#include "assets.h"
#include "live_world.h"

namespace slipway::tests {

// Where the definitions of Gateway API are, as files for kubectl: $SLIPWAY_CONFORMANCE/crds/gateway-api. Empty:
// nowhere.
std::string gateway_api_definitions();

// `log`: of the programs of this world.
std::unique_ptr<LiveWorld> make_kubernetes_world(const Assets& assets, std::string log);

}  // namespace slipway::tests
