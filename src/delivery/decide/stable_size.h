// The stable version's pods while a router splits the requests.
//
// They are the Deployment's, and all of them stay until the candidate has been handed over, unless the plan says
// dynamic_stable: then the Release holds the stable ReplicaSet from the first share on, and its pods follow the traffic
// that the router has been seen to give. Forward they go after the candidate's have come and the router has been read
// back; on the way back they come first, and the router follows them. So a release takes as many pods as its largest
// step asks for on top, instead of twice as many.
//
// Argo Rollouts has the same by the same name (dynamicStableScale); there the weight walks back over the steps that the
// release has come by, here it follows each pod.
#pragma once

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// Brings the stable ReplicaSet to the pods for what the candidate does not have. More as soon as they are needed; fewer
// only when the router has been read back, that is in the status, and the candidate can carry what it has. Waiting when
// something is to be written.
Reach fit_stable(Turn& turn);

// The candidate, too, keeps no more pods than it needs: nobody asked for twice the pods, after a step back or a smaller
// Deployment either. True when what the router does is known, and on record.
bool may_shrink_candidate(const Turn& turn);

// On the way back: all of them again. (A promotion that was broken off, too, has left the stable version with the
// Release, and the Deployment does not see to its size until it is given back.)
void grow_stable(Turn& turn);

// How long the rejected version may keep traffic because the stable one lacks pods. Then the stable one gets
// everything, however few it has.
base::Duration patience_on_the_way_back(const plan::ReleasePlan& plan, const Version* stable);

// While the stable version is growing: the candidate keeps the pods for what it still has, and makes room for the
// others.
void shrink_candidate_along(Turn& turn);

}  // namespace slipway::delivery
