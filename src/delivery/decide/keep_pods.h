// Pods of a rejected version that stay for people to look at (spec.rollback.keepPods): their logs and what is in them
// would go with the way back.
//
// Once nobody is served by them any more, some are chosen, which is written down first; then each loses all its labels,
// so that no Service, budget or policy knows it, and its ReplicaSet lets it go; only then is the ReplicaSet scaled to
// nothing. From then on it belongs to the Release, goes with it, and is deleted when its time is over. It needs no
// ReplicaSet, no route and no place among the releases under way, so whatever comes next is not held up by it. Where
// the API does not let pods be changed none is kept: a way back never waits for that.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Waiting: pods are being taken aside.
Reach take_aside(Turn& turn, Retreat& r);
// The Release goes: so do they, before anything that they read. Waiting: some were still to be deleted.
Reach drop_kept_pods(Turn& turn);
// Deletes those whose time is over or of which the status does not tell, and forgets those that are gone. To be called
// in every decision.
void tend_kept_pods(Turn& turn);

// Which of these are worth keeping, the best first: those that are not ready, then those that have restarted most, then
// the oldest.
std::vector<data::Value> worth_keeping(std::vector<data::Value> pods, std::int64_t count);

}  // namespace slipway::delivery
