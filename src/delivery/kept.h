// What the controllers of Releases look at, of each kind: the rest need not be in memory. A cluster of 10,000 pods has
// little use for their volumes here.
//
// Whoever reads a new field of a cached object in this module adds it here; tests/cluster and the scenarios on a real
// control plane run with these projections, and kept_test compares decisions with and without.
#pragma once

#include "api/resource.h"
#include "client/feed.h"

namespace slipway::delivery {

// Null for kinds of which everything is kept (routes: their managedFields say who disturbs them).
client::Projection kept_of(const api::Resource& resource);

}  // namespace slipway::delivery
