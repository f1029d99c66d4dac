// The stuck detector: what keeps this release from going on, into the status (troubles/trouble.h), and for how long it
// is borne.
//
// Looks at the pods of the versions that matter, at ReplicaSets that cannot make any, at what carries the traffic, at
// AnalysisRuns under way, and at what the API refuses. A trouble begins when it is first seen and ends when it is not
// seen any more; what a release bears and for how long is spec.guards.troubles.
#pragma once

#include <string>
#include <string_view>

#include "delivery/decide/turn.h"

namespace slipway::delivery {

void note_troubles(Turn& turn);
// Last in a decision: where only Events say why, they are asked for.
void ask_about_troubles(Turn& turn);

// Why the API did not take what was decided, for people.
std::string refusal_text(const base::Error& refused);

// "Pod web-1: image ... cannot be pulled: ..."; empty: nothing is known to be wrong with the version.
std::string trouble_text(const Turn& turn, std::string_view version);

// A trouble of this version, or with an empty one of none, that is not borne any longer; null: there is none, or it is
// early, and the decision wakes when it is not.
const Trouble* unbearable(Turn& turn, std::string_view version);

}  // namespace slipway::delivery
