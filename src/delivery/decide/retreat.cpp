#include "delivery/decide/retreat.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "control/mutants.h"
#include "delivery/decide/damage.h"
#include "delivery/decide/finish.h"
#include "delivery/decide/hooks.h"
#include "delivery/decide/keep_pods.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/stable_size.h"
#include "delivery/decide/traffic.h"
#include "delivery/decide/variants.h"
#include "delivery/decide/verification.h"
#include "delivery/decide/workload.h"

namespace slipway::delivery {
namespace {

void record_zero(Turn& turn, Retreat& r) {
  if (r.traffic_zero_at) return;
  const bool seen = turn.s.traffic.verified == 0 && turn.s.traffic.verified_at;
  r.traffic_zero_at = seen ? std::max(*turn.s.traffic.verified_at, r.started_at) : turn.now;  // it may have had none
  const std::string_view what = turn.routed()       ? "no traffic to"
                                : turn.o.in_place() ? "the workload asks no more for"
                                                    : "no pod is left of";
  turn.log("rollback.traffic", fmt::format("{} revision {} since {}", what, r.from.number, stamp(*r.traffic_zero_at)));
}

// Routed: the route first. The candidate's pods stay until no request is left on them, or until the proof has timed
// out.
bool routed_back(Turn& turn, Retreat& r) {
  grow_stable(turn);
  const base::Time impatient = r.started_at + patience_on_the_way_back(turn.plan, turn.stable());
  const bool forced = turn.now >= impatient;
  if (!forced) turn.wake_at(impatient);
  if (!r.drained_at && reach_stable(turn, forced) == Reach::Waiting) {
    shrink_candidate_along(turn);
    return false;
  }
  record_zero(turn, r);
  return true;
}

// By replicas: the way forward, backwards, within the same budget. That it is done is written down before the
// ReplicaSets are given away: a decision that failed in between would take them back.
bool scaled_back(Turn& turn, Retreat& r) {
  if (r.traffic_zero_at) return true;
  if (turn.workload().go_back(turn, r) == Reach::Waiting) return false;
  record_zero(turn, r);
  return false;
}

bool candidate_is_gone(Turn& turn) {
  const bool gone = turn.workload().remove_candidate(turn) == Reach::Done;
  return remove_variants(turn) == Reach::Done && gone;
}

bool given_back(Turn& turn) {
  give_all(turn);
  return !turn.acts();
}

// Nobody waits for the proof when the next revision is already asked for, or when the Release goes.
bool may_leave(const Retreat& r) {
  return r.verification.state != CheckState::Pending || r.cause == Cause::Superseded || r.cause == Cause::Deleted;
}

}  // namespace

void begin_retreat(Turn& turn, Cause cause, std::string message, Evidence evidence) {
  State& s = turn.s;
  const auto& last = s.traffic.verified >= 0 ? s.traffic.verified : s.traffic.wanted;
  s.retreat = Retreat{
      .cause = cause,
      .message = message,
      .metric = std::move(evidence.metric),
      .evidence = std::move(evidence.measurements),
      .from = *s.candidate,
      .user_step = s.user_step,
      .share = turn.routed() ? last : plan::share_before(turn.plan, static_cast<std::size_t>(s.position.index)).points,
      .failing_at = evidence.failing_at,
      .started_at = turn.now};
  s.halt.reset();
  s.phase = Phase::RollingBack;
  turn.log("rollback.begin",
           fmt::format("revision {} turns back ({}): {}", s.candidate->number, to_text(cause), message));
  turn.note(rejects(cause) ? control::Note::Kind::Warning : control::Note::Kind::Normal,
            rejects(cause) ? "RollingBack" : "TurningBack", message);
  terminate_runs(turn);
}

void retreat(Turn& turn) {
  Retreat& r = *turn.s.retreat;
  if (r.verification.state == CheckState::Pending) start_rollback_hooks(turn, plan::Hook::When::OnRollback);
  if (r.verification.state == CheckState::Pending) turn.s.phase = Phase::RollingBack;
  if (holds_up_way_back(turn)) return;
  if (control::mutant(control::Mutant::KeepPodsEarly) && take_aside(turn, r) == Reach::Waiting) return;
  if (!(turn.routed() ? routed_back(turn, r) : scaled_back(turn, r))) return;
  if (r.verification.state == CheckState::Pending) turn.s.phase = Phase::Verifying;
  turn.wait("verifying the rollback");
  verify_rollback(turn);
  const bool quiet = !turn.routed() || r.drained_at || r.verification.state != CheckState::Pending;
  const Reach counted = count_damage(turn, r);
  const bool gone_here = quiet && take_aside(turn, r) == Reach::Done && candidate_is_gone(turn);
  const bool gone_there = end_preview(turn) == Reach::Done;
  if (!gone_here || !gone_there || !may_leave(r) || counted == Reach::Waiting) return;
  if (turn.routed() && reach_plain(turn) == Reach::Waiting) return;
  if (!given_back(turn)) return;
  finish_retreat(turn);
}

}  // namespace slipway::delivery
