// ReplicaSets of the two versions: making the candidate's, and bringing both to the sizes that a step asks for.
#pragma once

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// The candidate's ReplicaSet exists and belongs to the Release; with shared capacity the stable one does too.
Reach ensure_versions(Turn& turn);
// As many replicas of each as `share` needs, within the budget; Done when all that should be are available.
Reach reach_replicas(Turn& turn, plan::Share share);

std::string images_of(const data::Value& pod_template);
// The revision that the Deployment's template makes: a known ReplicaSet's, or a new one.
Revision revision_for(const Turn& turn);

}  // namespace slipway::delivery
