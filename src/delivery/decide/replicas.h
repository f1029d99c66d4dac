// ReplicaSets of the two versions: making the candidate's, and bringing both to the sizes that a step asks for.
#pragma once

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// The candidate's ReplicaSet exists and belongs to the Release; with shared capacity the stable one does too.
Reach ensure_sets(Turn& turn);
// As many replicas of each as the scale needs, within the budget; Done when all that should be are available.
Reach reach_sets(Turn& turn, const plan::Scale& scale);
// In the middle of a step that may not go on, where pods are the weight: both versions keep their part, however many
// pods the Deployment asks for meanwhile, and the candidate's does not grow.
void hold_ratio(Turn& turn);

// Who a new ReplicaSet belongs to: held by the Release, or left to the Deployment, which adopts it.
enum class Holder { Release, Deployment };
data::Value replica_set_object(const Turn& turn, const Revision& revision, const data::Value& pod_template,
                               Holder holder, std::int64_t replicas);

std::string images_of(const data::Value& pod_template);

}  // namespace slipway::delivery
