// What lies ahead of a release, for the question before a person lets it go forward. Pure.
#pragma once

#include <optional>
#include <string>

#include "view/view.h"

namespace slipway::view {

// How a person lets it go forward; as the command `promote`.
struct Forward {
  bool full = false;             // past all steps that follow
  bool now = false;              // outside of its windows, too
  std::optional<int> step = {};  // with this step, counted from 1
};

// "switch 100 % of the traffic from 7 (web=shop/web:v1) to 8 (web=shop/web:v2)? Going back is instant for 15m." Empty:
// what comes next does not give all users the candidate at once.
std::string switch_question(const ReleaseView& view, const Forward& forward);

// "2 waits, 1 approval and 3 analyses": what `promote --full` passes over. Empty: nothing.
std::string skipped_text(const ReleaseView& view);

// The step under way; null: there is none.
const StepView* current_step(const ReleaseView& view);
// "step 5, weight 50 %": what follows the step under way; empty: nothing does.
std::string next_step_text(const ReleaseView& view);

}  // namespace slipway::view
