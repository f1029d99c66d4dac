// The compiler of A/B tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// The variants of a Release: of the test under way (status.variants), else as the spec has them; empty: it is no test.
// The candidate of the release under way says which of them is `chosen`; else it is the one without a template.
void read_variants(const data::Value& release, Routing& routing);

// A test under way whose spec has changed in what decides who gets what is refused: whoever takes part would change
// sides in the middle of it.
void check_test_under_way(const data::Value& release, std::vector<base::Cause>& problems);

// The Cohorts that a test names; what is wrong with them goes to `problems`.
std::map<std::string, Cohort> read_test_cohorts(const data::Value& release, const CohortSpecs& known,
                                                std::vector<base::Cause>& problems);

// Steps: all variants' pods, then the traffic, `duration`, a person's decision, and then everybody.
void compile_ab_test(const data::Value& release, const CohortSpecs& cohorts, ReleasePlan& plan,
                     std::vector<base::Cause>& problems);

// A name for each of the steps that users count.
std::vector<std::string> ab_test_step_names(const data::Value& test);

}  // namespace slipway::delivery::plan
