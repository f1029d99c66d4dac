#include "delivery/decide/guards.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/decide/halt.h"

namespace slipway::delivery {
namespace {

using plan::OnInconclusive;

bool waits_for_machines(const plan::Action& action) {
  return std::visit(plan::visit_step{
                        [](const plan::Scale&) { return true; },
                        [](const plan::Traffic&) { return true; },
                        [](const plan::Promote&) { return true; },
                        [](const plan::Verify&) { return true; },
                        [](const plan::Wait&) { return false; },
                        [](const plan::Approve&) { return false; },
                        [](const plan::Keep&) { return false; },
                        [](const plan::Analyse&) { return false; },
                    },
                    action);
}

// Nobody is late who waits for a person, or for leave to go on.
bool rests(Phase phase) { return phase == Phase::Paused || phase == Phase::Waiting; }

bool turned(const Turn& turn) { return turn.s.retreat || turn.s.halt; }

bool deadline_broken(Turn& turn) {
  const State& s = turn.s;
  const auto index = static_cast<std::size_t>(s.position.index);
  if (rests(s.phase) || s.phase == Phase::Invalid || index >= turn.plan.steps.size() || !s.position.since) return false;
  if (!waits_for_machines(turn.plan.steps[index].action)) return false;
  const base::Time limit = *s.position.since + turn.plan.guards.deadline;
  if (turn.now < limit) {
    turn.wake_at(limit);
    return false;
  }
  turn_back(turn, Cause::Deadline,
            fmt::format("no progress within {}: {}", base::format_duration(turn.plan.guards.deadline), s.message));
  return true;
}

// A weight that cannot be kept is no better than one that cannot be reached.
bool disturbed_too_long(Turn& turn) {
  const auto& since = turn.s.traffic.disturbed_at;
  if (!since || rests(turn.s.phase)) return false;
  const base::Time limit = *since + turn.plan.guards.deadline;
  if (turn.now < limit) {
    turn.wake_at(limit);
    return false;
  }
  turn_back(turn, Cause::Deadline,
            fmt::format("the traffic was not as it should be for {}: {}",
                        base::format_duration(turn.plan.guards.deadline), turn.s.message));
  return true;
}

bool background_broken(Turn& turn) {
  const auto& guard = turn.plan.guards.analysis;
  if (!guard || turn.s.user_step < turn.plan.guards.analysis_from) return false;
  ensure_run(turn, RunKind::Background, *guard);
  const data::Value& run = turn.o.run(run_name(turn, RunKind::Background));
  const Verdict verdict = verdict_of(run);
  const Evidence evidence = evidence_of(run);
  if (verdict == Verdict::Failed) turn_back(turn, Cause::AnalysisFailed, evidence.message, evidence);
  if (verdict == Verdict::Inconclusive && turn.plan.rollback.on_inconclusive == OnInconclusive::Rollback)
    turn_back(turn, Cause::AnalysisInconclusive, evidence.message, evidence);
  return turned(turn);
}

}  // namespace

void count_guards(Turn& turn) {
  const Version* v = turn.candidate();
  if (!v) return;
  GuardState& g = turn.s.guard;
  const std::int64_t removed = std::max<std::int64_t>(g.pods - v->pods, 0);
  g.lost_readiness += std::max<std::int64_t>(g.ready - v->ready - removed, 0);
  g.restarts = std::max(g.restarts, v->restarts);
  g.pods = v->pods;
  g.ready = v->ready;
}

bool guard_broken(Turn& turn) {
  const GuardState& g = turn.s.guard;
  const plan::Guards& limits = turn.plan.guards;
  const std::int64_t restarts = g.restarts - g.overruled_restarts;
  if (limits.max_restarts && restarts > *limits.max_restarts)
    turn_back(turn, Cause::Restarts,
              fmt::format("candidate containers restarted {} times, {} tolerated", restarts, *limits.max_restarts));
  else if (limits.max_probe_failures && g.lost_readiness > *limits.max_probe_failures)
    turn_back(turn, Cause::ProbeFailures,
              fmt::format("candidate pods lost their readiness {} times, {} tolerated", g.lost_readiness,
                          *limits.max_probe_failures));
  return turned(turn) || background_broken(turn) || deadline_broken(turn) || disturbed_too_long(turn);
}

}  // namespace slipway::delivery
