// Batches of cohorts, as what a router is asked to do. Pure.
//
// A batch lets cohorts in, in whole or in part; whoever an earlier batch let in stays in. What the requests say is
// sorted into classes: for each header, cookie or query parameter that a cohort looks at, the values that make the same
// difference. A router gets one match for each combination of classes that has to be told apart, the more specific ones
// first, which is also how the Gateway API chooses between them. So "not" needs nothing that a router could not do:
// whom an expression leaves out is matched more closely, and stays with the stable version.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "delivery/plan/cohort.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

struct Batch {
  std::string name;  // a value that a header and a label can have; different for each batch
  std::vector<Grant> grants;
};

// Combinations that are looked at, at most. Reached by about eight headers that are each compared with one value.
inline constexpr std::size_t kMostCombinations = 256;

// Requests that no batch has let in, and that a more general match would.
inline constexpr const char* kOthers = "others";

// What each batch asks for, in order: share, audiences, grants, key and load. `problem` says what cannot be expressed,
// and with it the result is empty.
std::vector<Traffic> traffic_of(const std::vector<Batch>& batches, const std::map<std::string, Cohort>& cohorts,
                                std::string& problem);

}  // namespace slipway::delivery::plan
