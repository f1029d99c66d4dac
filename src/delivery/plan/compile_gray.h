// The part of compile.h for gray releases.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "delivery/plan/batches.h"
#include "delivery/plan/cohort.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// What a gray release lets in: a batch for each of its own, and the cohorts that they name, everybody's under "".
struct GrayParts {
  std::vector<Batch> batches;
  std::map<std::string, Cohort> cohorts;
};
GrayParts read_gray(const data::Value& release, const CohortSpecs& known, std::vector<base::Cause>& problems);

// One Cohort that a spec names in `field`: as it was when the release began, else as it is. nullopt: it does not exist,
// or is bad, which goes to `problems`.
std::optional<Cohort> read_named_cohort(const data::Value& release, const CohortSpecs& known, const std::string& name,
                                        const std::string& field, std::vector<base::Cause>& problems);

// Adds the steps, or what is wrong: Cohorts that do not exist, or that cannot be told apart.
void compile_gray(const data::Value& release, const CohortSpecs& known, ReleasePlan& plan,
                  std::vector<base::Cause>& problems);
// Users whom a gray release under way has let in would be taken back by any other strategy.
void check_gray_under_way(const data::Value& release, std::vector<base::Cause>& problems);
// Of spec.strategy.gray.
std::vector<std::string> gray_step_names(const data::Value& gray);

}  // namespace slipway::delivery::plan
