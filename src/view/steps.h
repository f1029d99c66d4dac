// What is known of the steps beside their state: what each one is for, how long it lasts, and who let it go on.
#pragma once

#include "view/view.h"

namespace slipway::view {

// Of a release under way: fills `kind`, `length`, `since` and `ends` of its steps, what is left of it, and whether it
// takes `promote`.
void add_plan(const Objects& objects, const delivery::State& state, ReleaseView& view);
// Who asked for the release, and who let which step go on: from the log, which outlives the next command.
void add_people(const Objects& objects, ReleaseView& view);

}  // namespace slipway::view
