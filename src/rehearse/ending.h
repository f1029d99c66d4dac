// How a simulated story must end. Pure: looks at the truth and says what is wrong.
#pragma once

#include <optional>
#include <string>

#include "rehearse/checker.h"
#include "rehearse/story.h"

namespace slipway::rehearse {

// What has to be known about a seed to say what its end must be.
struct Expectation {
  const Story& story;
  bool calm = false;             // nothing went wrong by itself: no fault of any kind
  bool metrics_lie = false;      // a wrong number may have been given out
  bool abort_stands = false;     // the last thing that happened to the candidate was an abort that was accepted
  bool approved_unseen = false;  // a person has had analyses skipped
  std::string undone_to = {};    // the version that an accepted undo, the last that happened, has promised
};

// Has everything come to its end? Empty when it has; otherwise what is still awaited.
std::string awaited(const Truth& truth, const Expectation& expected);
// What is wrong with the end that was reached; empty when nothing is.
std::string wrong_end(const Truth& truth, const Expectation& expected);

}  // namespace slipway::rehearse
