// Rules of Release and AnalysisTemplate that a schema table cannot say: one-of fields, weights, durations.
//
// The API server refuses a bad object with these, and the plan compiler uses the same functions, so that a document is
// refused with the same words wherever it is looked at first. Every problem names its field path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::api {

// The name of the one ReleasePolicy.
inline constexpr std::string_view kPolicyName = "cluster";

// A traffic share in hundredths of a percent, 0 to 10000.
using BasisPoints = std::int64_t;
inline constexpr BasisPoints kWholeTraffic = 10'000;

// A weight in percent with at most two decimals ("5", 0.25); nullopt for anything else.
std::optional<BasisPoints> weight_of(const data::Value& percent);

// The two Services that a Release makes for its versions, as spec.traffic names them or by default.
struct OwnedServices {
  std::string stable, canary;
};
OwnedServices owned_services(const data::Value& spec);

// What cannot be read of the conditions and the query of a metric whose arguments are filled in, with its field; empty:
// all can.
std::string language_problem(const data::Value& metric);

void check_release(const data::Value& release, const data::Value& old, std::vector<base::Cause>& problems);
void check_cohort(const data::Value& cohort, const data::Value& old, std::vector<base::Cause>& problems);
void check_notification(const data::Value& notification, const data::Value& old, std::vector<base::Cause>& problems);
void check_release_policy(const data::Value& policy, const data::Value& old, std::vector<base::Cause>& problems);
void check_analysis_run(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);
void check_analysis_template(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);

}  // namespace slipway::api
