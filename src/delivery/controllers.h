// The controllers of delivery, ready for a `control::Runner`.
#pragma once

#include <functional>
#include <memory>

#include "control/controller.h"
#include "control/invariant.h"
#include "delivery/observation.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery {

// Decides about Releases. Asks port `traffic`. A release whose analysis could not get a value from `sources` is
// refused; they are looked at for each observation (null: all there are), and whoever changes them nudges the Releases.
std::unique_ptr<control::Controller> make_release_controller(
    plan::RouterCapabilities router = plan::gateway_capabilities(), std::function<MetricSources()> sources = {});
// Decides about the ReleasePolicy: which releases may be under way at once (places/places.h).
std::unique_ptr<control::Controller> make_policy_controller();
// Decides about Notifications: what is sent to whom (notify/decide.h). Asks port `notify`.
std::unique_ptr<control::Controller> make_notification_controller();
// Decides about AnalysisRuns. Asks ports `metrics/gateway` and `metrics/prometheus`.
std::unique_ptr<control::Controller> make_analysis_controller();

// The safety invariants of delivery (invariants/), for the runner and for the simulator.
std::vector<std::unique_ptr<control::Invariant>> make_invariants();

}  // namespace slipway::delivery
