// All controllers of this module, ready to be added to a Runner.
#pragma once

#include <memory>
#include <vector>

#include "api/resource.h"
#include "control/controller.h"
#include "control/invariant.h"

namespace slipway::workload {

// `kinds`: every kind that is served, for garbage collection and namespace deletion. Leases and Events of the system
// take no part in garbage collection.
std::vector<std::unique_ptr<control::Controller>> make_controllers(const std::vector<api::Resource>& kinds);
// The invariants of this module and those that hold for every controller.
std::vector<std::unique_ptr<control::Invariant>> make_invariants();
// The kinds that every server of this program serves, what makes others before what is made.
std::vector<api::Resource> builtin_kinds();

}  // namespace slipway::workload
