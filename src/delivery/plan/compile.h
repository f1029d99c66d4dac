// From a Release to a plan, or to a list of reasons why not. Pure.
#pragma once

#include "base/error.h"
#include "data/value.h"
#include "delivery/plan/capabilities.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// `router` programs the HTTPRoutes here; other kinds of spec.traffic have their own capabilities (capabilities.h).
// `release` has its defaults filled in or not, both work. Invalid with one cause per field that is wrong.
base::Result<ReleasePlan> compile(const data::Value& release, const RouterCapabilities& router);

// spec.traffic of a Release in this namespace, with its defaults.
Routing routing_of(const data::Value& traffic, std::string space);

}  // namespace slipway::delivery::plan
