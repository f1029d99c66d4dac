// What a failure leads to: the way back, or, where spec.rollback.onFailure says so, a halt.
//
// A halted release stays where it is, traffic and pods included; its guards count and decide nothing. A person goes on
// in spite of the failure (promote), has it measured again (retry), goes a step back, or ends it (abort).
#pragma once

#include <string>

#include "delivery/decide/analyses.h"
#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Something has failed.
void turn_back(Turn& turn, Cause cause, std::string message, Evidence evidence = {});

// Nobody can tell: it stays where it is, whatever onFailure says.
void halt(Turn& turn, Cause cause, std::string message, const Evidence& evidence = {});

// Whoever asks for another version in the middle of a release waits until it has ended: nothing goes back by itself.
bool never_turns_back(const Turn& turn);

void stay_halted(Turn& turn);
// A person goes on in spite of it; what has failed so far no longer counts. Runs that begin from here have new names.
void overrule_halt(Turn& turn);

}  // namespace slipway::delivery
