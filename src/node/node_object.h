// The Node object and its Lease. Pure.
#pragma once

#include <string>

#include "base/time.h"
#include "data/value.h"
#include "node/agent.h"

namespace slipway::node {

data::Value node_object(const AgentOptions& options, const RuntimeReport& report);
data::Value node_status(const AgentOptions& options, const RuntimeReport& report, base::Time now);
data::Value lease_object(const AgentOptions& options, base::Time now);

}  // namespace slipway::node
