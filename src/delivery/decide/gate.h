// Whether a release may go forward now: the administrator's stop and windows (ReleasePolicy), the Release's own
// windows, and for its beginning a place among the releases under way. Ways back never ask; nor does a release of a
// version that served before, which is one.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// What keeps it; reason None: nothing does.
struct Hindrance {
  Waiting waiting = {};
  std::string message = {};
};
// Of everybody who wants to go forward: stop and windows.
Hindrance hindrance(const Observation& o, const plan::ReleasePlan& plan, const State& state, base::Time now);

// Has it served all users, as far as the history goes?
bool served_before(const State& state, std::string_view hash);

// Would carrying this step out give the candidate more than it has? What has begun is carried to its end.
bool goes_forward(const Turn& turn, const plan::Action& action);
// False: the phase is Waiting, and the status says for what.
bool may_go_forward(Turn& turn);
bool may_begin(Turn& turn, const Revision& revision);
// A release has ended because a newer version is asked for: that one need not queue again.
void keep_place(Turn& turn);

}  // namespace slipway::delivery
