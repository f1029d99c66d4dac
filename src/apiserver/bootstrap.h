// What every cluster has from its first start: namespaces, cluster roles and their bindings.
#pragma once

#include "api/scheme.h"
#include "runtime/loop.h"
#include "store/store.h"

namespace slipway::apiserver {

// Users and groups of the server's own parts; certificates and in-process identities name them.
inline constexpr const char* kControllerUser = "slipway:controller";
inline constexpr const char* kNodeUser = "slipway:node";
inline constexpr const char* kGatewayUser = "slipway:gateway";
inline constexpr const char* kMetricsUser = "slipway:metrics";  // the embedded Prometheus

// Creates what is missing, and brings the rules of our own roles up to this version. Control loop.
void bootstrap(store::Store& store, runtime::Loop& loop, runtime::Random& random, const api::Scheme& scheme);

}  // namespace slipway::apiserver
