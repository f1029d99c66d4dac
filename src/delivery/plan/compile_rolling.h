// Rolling updates: all pods at once, or in batches with a look in between.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// `spec` has passed api::check_release.
void compile_rolling(const data::Value& spec, ReleasePlan& plan);
// The user's steps, for people; empty when there is no rolling update.
std::vector<std::string> rolling_step_names(const data::Value& rolling);

}  // namespace slipway::delivery::plan
