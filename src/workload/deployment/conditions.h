// Conditions of a Deployment: like those of other kinds, with a lastUpdateTime, which the progress deadline counts
// from.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "data/value.h"

namespace slipway::workload::deployment {

inline constexpr std::string_view kAvailable = "Available";
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kReplicaFailure = "ReplicaFailure";

struct Condition {
  std::string_view type;
  std::string_view status;
  std::string_view reason;
  std::string message;
};

// `conditions` is the list; null counts as empty.
const data::Value& find_condition(const data::Value& conditions, std::string_view type);
// Nothing changes while status and reason stay; lastTransitionTime moves only with the status.
void set_condition(data::Value& conditions, const Condition& condition, base::Time now);
// The same, but lastUpdateTime moves even if status and reason stay: there was progress.
void renew_condition(data::Value& conditions, const Condition& condition, base::Time now);
void remove_condition(data::Value& conditions, std::string_view type);

}  // namespace slipway::workload::deployment
