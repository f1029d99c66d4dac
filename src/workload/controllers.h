// All controllers of this module, ready to be added to a Runner.
#pragma once

#include <memory>
#include <vector>

#include "api/resource.h"
#include "control/controller.h"

namespace slipway::workload {

// `kinds`: every kind that is served, for garbage collection and namespace deletion. Leases and Events of the system
// take no part in garbage collection.
std::vector<std::unique_ptr<control::Controller>> make_controllers(const std::vector<api::Resource>& kinds);
// The kinds that every server of this program serves.
std::vector<api::Resource> builtin_kinds();

}  // namespace slipway::workload
