// What a version was, kept beside its ReplicaSet: a ControllerRevision of the Release for each version in use or in the
// history, so that one whose ReplicaSet is deleted by hand, or was forgotten by the Deployment, can be made again.
//
// A Deployment heals itself when its ReplicaSet is deleted; one that a Release holds paused cannot, so the Release does
// it (docs/decisions/0010).
#pragma once

#include <string_view>

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// Writes down the versions in use that are not kept yet.
void keep_revisions(Turn& turn);
// Forgets those that nothing names any more.
void trim_revisions(Turn& turn);

// The template of a version, without the hash label: its ReplicaSet's, or the one that is kept, which is asked for
// first. Null: being asked for (the Turn acts or waits for the answer), or not known at all.
data::Value template_of(Turn& turn, std::string_view hash);
// The kept one, whether or not its ReplicaSet is there; in Observation::kept once it has been read.
data::Value template_of_kept(Turn& turn, std::string_view hash);
// The same of a revision that the Deployment may ask for itself.
data::Value template_of(Turn& turn, const Revision& revision);

}  // namespace slipway::delivery
