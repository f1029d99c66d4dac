// What the gateway says about a route in its status. Pure.
#pragma once

#include <string>

#include "base/time.h"
#include "data/value.h"
#include "gateway/model.h"

namespace slipway::gateway {

struct Progress {
  bool applied = false;
  std::string held;  // why not
};

// status.parents of `route` with our entries brought up to date; entries of other controllers stay. Equal to the
// present one when nothing changed: times move only when a condition flips.
data::Value parents_status(const data::Value& route, const RouteState& state, const Progress& progress, base::Time now);

}  // namespace slipway::gateway
