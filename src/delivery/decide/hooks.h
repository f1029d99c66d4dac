// Hooks of a release: what is done once, outside of us, before and after steps and on the way back.
//
// A hook is carried out by an AnalysisRun of kind Hook with one metric: a request (web), a pod (job) or a program
// (process), with its retries and its time. So it has what measurements have: placeholders, Secrets, the egress policy,
// a record that stays, and one run for one attempt whatever crashes.
#pragma once

#include "delivery/decide/analyses.h"
#include "delivery/decide/traffic.h"
#include "delivery/decide/turn.h"

namespace slipway::delivery {

// How the checks of a verification are named that are outcomes of hooks.
inline constexpr const char* kHookCheck = "hook ";

std::string hook_run_name(const Turn& turn, const plan::Hook& hook);

// Starts the hook of a step and waits until it has ended. One that fails turns the release back, unless its failure is
// to be ignored.
Reach run_hook(Turn& turn, const plan::Hook& hook);

// On the way back: starts those of this time and waits for nothing. Not for a release that is only replaced by a
// newer one, or taken away.
void start_rollback_hooks(Turn& turn, plan::Hook::When when);
// Never: only a planted mistake lets the way back wait for them.
bool holds_up_way_back(const Turn& turn);
// Their outcomes, as checks of the verification: "hook purge".
void check_rollback_hooks(Turn& turn, Retreat& retreat);

}  // namespace slipway::delivery
