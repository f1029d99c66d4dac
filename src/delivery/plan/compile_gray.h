// The part of compile.h for gray releases.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "delivery/plan/cohort.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// Adds the steps, or what is wrong: Cohorts that do not exist, or that cannot be told apart.
void compile_gray(const data::Value& release, const CohortSpecs& known, ReleasePlan& plan,
                  std::vector<base::Cause>& problems);
// Of spec.strategy.gray.
std::vector<std::string> gray_step_names(const data::Value& gray);

}  // namespace slipway::delivery::plan
