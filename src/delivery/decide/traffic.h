// Moving requests between the two versions, and believing only what the router reads back.
#pragma once

#include "delivery/decide/turn.h"

namespace slipway::delivery {

// Brings the route to what is wanted and verifies it: Services first, then endpoints, then the weights and audiences,
// then the read-back. `careful`: never more than the endpoints can carry (on the way back the rejected side's capacity
// does not matter).
Reach reach_traffic(Turn& turn, const plan::Traffic& wanted);
// All traffic to the stable version, as far as it can carry it; last resort when the candidate has nothing ready, or
// when `forced`.
Reach reach_stable(Turn& turn, bool forced);
// The route names the user's Service again, verified.
Reach reach_plain(Turn& turn);
// The same where the workload is gone, and nobody can be waited for: the route names the user's Service again.
Reach drop_split(Turn& turn);

// Writes the weight, without asking whether the candidate can carry it: for last resorts.
void write_traffic(Turn& turn, const plan::Traffic& wanted, std::string text);
// The route says what is wanted.
bool is_written(const Turn& turn, const RouteView& view, const plan::Traffic& wanted);
// Why this plan's audiences and mirrors cannot be had from the router; empty when they can, as far as is known.
std::string traffic_problem(const Turn& turn);

// Remembers since when the router's objects stand as they are: how long they are in force is all that can be known of a
// router that tells nothing. Once a decision, before anything asks.
void note_standing(Turn& turn);

// The owned Services exist and select the two hashes. Waiting when one had to be written.
Reach ensure_services(Turn& turn);
// At rest the preview Service of a blue-green release reaches the version that all users have, so that whoever looks
// there always gets an answer.
void rest_preview(Turn& turn);

// Asks the router, at most every `interval`; the answer is in `Observation::traffic` of a later decision.
void ask_router(Turn& turn, base::Duration interval);
// The newest answer, if it knows the route as it stands now.
const ReadBack* current_read_back(const Turn& turn);

}  // namespace slipway::delivery
