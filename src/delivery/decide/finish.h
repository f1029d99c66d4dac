// Endings: a release that went through, and one that came back.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Nothing is being released or taken back any more.
void clear_progress(State& state);
void finish_release(Turn& turn);
void finish_retreat(Turn& turn);
// An entry of status.history, newest first, bounded.
void remember(Turn& turn, const Revision& revision, std::string result, const Retreat* retreat = nullptr);

// Is this an entry of a version that served all users?
bool served(const data::Value& entry);

}  // namespace slipway::delivery
