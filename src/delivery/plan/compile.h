// From a Release to a plan, or to a list of reasons why not. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "delivery/plan/capabilities.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// `router` programs the HTTPRoutes here; other kinds of spec.traffic have their own capabilities (capabilities.h).
// `release` has its defaults filled in or not, both work. Invalid with one cause per field that is wrong.
// `cohorts`: specs of the Cohorts in the Release's namespace, or of those that it names. A release that is under way
// keeps to them as they were when it began (status.cohorts).
base::Result<ReleasePlan> compile(const data::Value& release, const RouterCapabilities& router,
                                  const CohortSpecs& cohorts = {});

// The reason of a cause that names an object which does not exist, and may come.
inline constexpr std::string_view kNotFound = "FieldValueNotFound";

// The plan of a spec that does not compile, without its steps: where its traffic is, what guards it, and how it goes
// back.
ReleasePlan way_back(const data::Value& release, const RouterCapabilities& router);

// The Cohorts that a spec names.
std::vector<std::string> cohorts_of(const data::Value& spec);

// For people: a text for each of the Release's own steps, as `Step::user_step` counts them. Of any spec, also a bad
// one.
std::vector<std::string> step_names(const data::Value& spec);

// Everything in the spec that names AnalysisTemplates, as it stands there.
std::vector<data::Value> analyses_of(const data::Value& spec);

// What spec.traffic of a Release says, with its defaults; the variants of a test as long as one is under way.
Routing routing_of(const data::Value& release);

}  // namespace slipway::delivery::plan
