// What the controllers of Releases look at, of each kind: the rest need not be in memory. A cluster of 10,000 pods has
// little use for their volumes here.
//
// Whoever reads a new field of a cached object in this module adds it here. The stories of tests/cluster and the
// scenarios on a real control plane run with these projections, and end as those in virtual time, which keep
// everything.
#pragma once

#include "api/resource.h"
#include "client/feed.h"

namespace slipway::delivery {

// Null for kinds of which everything is kept (routes: their managedFields say who disturbs them).
client::Projection kept_of(const api::Resource& resource);

}  // namespace slipway::delivery
