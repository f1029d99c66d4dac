// Cohorts for the commands that compile plans: of the cluster, or of manifests.
#pragma once

#include <string_view>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/manifest.h"
#include "delivery/plan/cohort.h"

namespace slipway::cli {

// Of the namespace to work in. None where the cluster does not know the kind.
base::Result<delivery::plan::CohortSpecs> cohorts_in(Setting& s);
// Of this namespace, or of none in particular.
delivery::plan::CohortSpecs cohorts_among(const Manifests& manifests, std::string_view space);

}  // namespace slipway::cli
