// Revision numbers and the annotations that carry them, as kubectl's `rollout history` and `rollout undo` read them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace slipway::workload::deployment {

inline constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
inline constexpr std::string_view kRevisionHistory = "deployment.kubernetes.io/revision-history";
inline constexpr std::string_view kDesiredReplicas = "deployment.kubernetes.io/desired-replicas";
inline constexpr std::string_view kMaxReplicas = "deployment.kubernetes.io/max-replicas";

std::int64_t revision_of(const data::Value& set);  // 0 when it has none
std::int64_t max_revision(const std::vector<data::Value>& sets);

// The annotations that the ReplicaSet of the current template must have beside its own: those of the Deployment, and
// its revision. A set that is used again gets the new revision, and its old one goes to the history, of which the
// newest 2,000 bytes are kept. `set` null: it is to be created.
data::Value annotations_for(const data::Value& deployment, const data::Value& set, std::int64_t revision);

}  // namespace slipway::workload::deployment
