// Conditions of the Gateway API's objects, each with the generation that it speaks of. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "data/value.h"
#include "gateway/route.h"

namespace slipway::gateway {

// A fact as a condition: True with `good_reason` when there is no problem, else False with the problem's.
struct ConditionFact {
  std::string_view type;
  std::optional<Problem> problem;
  std::string_view good_reason;
  bool inverse = false;  // the condition names the problem (Conflicted): True when there is one
};

// Puts it into `holder`.conditions. Times move only when the status flips.
void set_condition(data::Value& holder, const ConditionFact& condition, std::int64_t generation, base::Time now);

}  // namespace slipway::gateway
