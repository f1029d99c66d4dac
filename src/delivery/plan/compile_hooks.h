// The part of compile.h for hooks.
#pragma once

#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// spec.hooks that belong to the way back.
std::vector<Hook> rollback_hooks_of(const data::Value& spec);

// Puts the others between the steps of a plan that is complete. Problems: a step that there is not.
void add_hooks(const data::Value& spec, ReleasePlan& plan, std::vector<base::Cause>& problems);

}  // namespace slipway::delivery::plan
