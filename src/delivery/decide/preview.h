// The preview of a blue-green release in a namespace of its own (decision 20): the candidate runs there first, behind a
// Service, as large as its preview is to be, and gets pods beside the stable version only when that environment is
// gone.
//
// Nothing there can have an owner in the Release's namespace. So the status names the namespace before anything is made
// in it, everything carries labels that lead back to the Release, and every end of a release takes it away.
#pragma once

#include <string>

#include "delivery/decide/traffic.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery {

// The steps up to the end of the preview: the candidate is to have no pod in the Release's own namespace yet.
bool in_preview(const Turn& turn);
// And it has none (a ReplicaSet without pods may be left from an earlier attempt).
bool only_previewed(const Turn& turn);
// The namespace where the candidate is looked at now: in the steps between the two of the preview. Empty: its own.
std::string previewed_in(const Turn& turn);
// What stands for the candidate while it is there; null: nothing.
const Version* preview_version(const Turn& turn);
// Why the plan's preview may not be made; empty: it may, or there is none.
std::string preview_problem(Turn& turn);

// The step: the environment stands, and its pods are available.
Reach run_preview(Turn& turn, const plan::Preview& step);
// Behind that step it stays as it is meant to be. Waiting: something had to be made again.
Reach keep_preview(Turn& turn);
// Done: nothing of any preview is left. What the status does not know of is taken away as well, as far as it is where
// the spec says.
Reach end_preview(Turn& turn);
// The namespace does not let it in any more: it goes, and begins again from the start once that is mended. True when
// nothing else is to be done now.
bool preview_withdrawn(Turn& turn);
// A preview that the plan has no place for now: its spec was edited, or a person has jumped over its end.
bool preview_is_stray(const Turn& turn);

// Its pods, for people.
void count_preview(Turn& turn);

}  // namespace slipway::delivery
