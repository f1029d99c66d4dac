// What the gateway says about GatewayClasses and Gateways in their status (Gateway API v1). Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "data/value.h"
#include "gateway/attachment.h"

namespace slipway::gateway {

// What the proxy does for the listeners.
struct ListeningProgress {
  std::vector<std::string> addresses;   // where clients find it: IP addresses or host names; empty: not known yet
  std::map<int, std::string> unserved;  // ports that it does not listen on, and why
  bool serves(int port) const { return !unserved.contains(port); }
};

// The whole status, brought up to date. Equal to the present one when nothing changed: times move only when a condition
// flips.
data::Value class_status(const data::Value& object, const ClassState& state, base::Time now);
data::Value gateway_status(const data::Value& object, const GatewayState& state, const ListeningProgress& progress,
                           base::Time now);

}  // namespace slipway::gateway
