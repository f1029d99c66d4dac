// What a release under way goes by, although its spec says something else by now.
//
// An edit of spec.traffic in the middle, or of the strategy, from which names of Services follow, would leave a route
// that has been split to nobody: requests for pods that are gone. So what carries the traffic stays what it was when
// the release began, forward and back, and the next release begins with what the spec says then.
#pragma once

#include "data/value.h"

namespace slipway::delivery {

// For the status, when a release of this spec begins.
data::Value traffic_of_begin(const data::Value& release);

// Does spec.traffic, in what people wrote, say something else than when the release under way began?
bool is_traffic_edited(const data::Value& release);

// The Release with the traffic of its release under way; the same object when there is none, or nothing was edited.
data::Value as_begun(const data::Value& release);

}  // namespace slipway::delivery
