// What can be said of a plan before it is carried out: how many pods there are at most, and how long it takes at least.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery {

struct Forecast {
  std::optional<std::int64_t> at_rest = {}, at_peak = {};  // pods of both versions; absent: the replicas are not known
  base::Duration waits =
      {};             // that the plan itself asks for: pauses, countdowns, and as long as the old version is kept
  int approvals = 0;  // times that a person is waited for
  bool operator==(const Forecast&) const = default;
};

// Of a release that goes through. `deployment` null: not known.
Forecast forecast(const plan::ReleasePlan& plan, const data::Value& deployment);

// Lines as those of a printed plan.
std::string to_text(const Forecast& forecast);
// {"podsAtRest", "podsAtPeak", "waits", "approvals"}
data::Value to_value(const Forecast& forecast);

}  // namespace slipway::delivery
