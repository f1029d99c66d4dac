// Keeps the Deployment from rolling by itself while a Release is attached, and says so where users of the Deployment
// look.
//
// The hold is `spec.paused`: the only native way to stop a Deployment's own rollout that no other field can undo.
// kubectl refuses `rollout undo` and `rollout restart` on a paused Deployment and points to `rollout resume`, which is
// not what is meant here; so the Deployment itself carries a condition and an Event that name the commands to use
// instead.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// On Deployments, status.conditions: held by a Release.
inline constexpr std::string_view kHeldCondition = "slipway.dev/Held";

// Pauses the Deployment, keeps its condition, and takes back what it rolled out meanwhile (a person typed `rollout
// resume`). Adds effects where something is missing; nothing in a steady state.
void hold_deployment(Turn& turn);
// Takes the condition away.
void say_free(Turn& turn);
// Gives up what `hold_deployment` wrote.
void free_deployment(Turn& turn);

}  // namespace slipway::delivery
