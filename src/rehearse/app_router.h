// What the user of a story has for his router: the objects he writes himself, and how his Release and his metrics name
// them.
#pragma once

#include <vector>

#include "api/resource.h"
#include "data/value.h"
#include "rehearse/routed.h"

namespace slipway::rehearse::app {

struct Applied {
  api::Resource resource;
  data::Value object;
};
// In the order in which they are applied: definitions of kinds that the API server does not have, then the objects. The
// route is the last one.
std::vector<Applied> router_objects(Router router);

data::Value traffic_of(Router router);                           // spec.traffic of a Release
data::Value provider_of(Router router, std::string_view query);  // of a metric: "error-rate", "p99"

}  // namespace slipway::rehearse::app
