// From a Release to a plan, or to a list of reasons why not. Pure.
#pragma once

#include "base/error.h"
#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

// What a router can do. A plan that needs more is refused when it is compiled.
struct RouterCapabilities {
  std::string name;
  std::int64_t granularity = 1;  // smallest weight difference, in hundredths of a percent
  bool read_back = true;         // tells what it really routes, so that a weight can be verified
  bool headless = false;         // routes to a Service's endpoints by themselves: our own Services need no address
  bool operator==(const RouterCapabilities&) const = default;
};

// The embedded gateway.
RouterCapabilities gateway_capabilities();

// `release` has its defaults filled in or not, both work. Invalid with one cause per field that is wrong.
base::Result<ReleasePlan> compile(const data::Value& release, const RouterCapabilities& router);

}  // namespace slipway::delivery::plan
