#include "delivery/decide/verification.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "delivery/decide/analyses.h"
#include "delivery/decide/hooks.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/traffic.h"

namespace slipway::delivery {
namespace {

void settle(Retreat& r, std::string_view name, CheckState state, std::string message) {
  Check& check = r.verification.check(name);
  check.state = state;
  check.message = std::move(message);
}

// A router that counts nothing for us: its requests get the time that a connection may take to end.
constexpr base::Duration kUntoldGrace = base::seconds(10);

void wait_untold(Turn& turn, Retreat& r, const ReadBack& rb) {
  const base::Time end = *r.verification.started_at + kUntoldGrace;
  const bool over = turn.now >= end;
  if (!over) turn.wake_at(end);
  for (const char* check : {"requests", "sessions"})
    settle(r, check, over ? CheckState::Skipped : CheckState::Pending,
           fmt::format("{} does not tell; {} {}", rb.by_status_of, over ? "waited" : "waiting",
                       base::format_duration(kUntoldGrace)));
  if (over) r.drained_at = turn.now;
}

// It had no pod beside the stable version.
void never_reached(const Turn& turn, Retreat& r) {
  for (const char* check : {"requests", "sessions"}) settle(r, check, CheckState::Passed, "it ran in its preview only");
  r.drained_at = turn.now;
}

// No session left, and no new request between two read-backs that are far enough apart.
void check_quiet(Turn& turn, Retreat& r) {
  if (r.drained_at) return;
  if (only_previewed(turn)) return never_reached(turn, r);
  const ReadBack* rb = current_read_back(turn);
  ask_router(turn, kQuietInterval);
  if (!rb) return;
  if (!rb->by_status_of.empty()) return wait_untold(turn, r, *rb);
  const bool moved = r.requests >= 0 && rb->candidate.requests != r.requests;
  if (r.requests < 0 || moved) {
    r.requests = rb->candidate.requests;
    r.requests_at = rb->answered;
  }
  const bool still = !moved && rb->asked >= *r.requests_at + kQuietInterval;
  settle(r, "requests", still ? CheckState::Passed : CheckState::Pending,
         still ? fmt::format("the candidate's counter stands still at {}", r.requests)
               : "watching the candidate's request counter");
  const bool left = rb->candidate.sessions > 0;
  settle(r, "sessions", left ? CheckState::Pending : CheckState::Passed,
         left ? fmt::format("{} sessions are left on the candidate", rb->candidate.sessions)
              : "no session is left on the candidate");
  if (still && !left) {
    r.drained_at = rb->answered;
    turn.log("rollback.drained", fmt::format("no session and no new request on revision {}", r.from.number));
  }
}

// Why nobody can say who gets the requests; empty: the route is there, and is ours.
std::string lost_route(const Turn& turn) {
  const RouteView::Shape shape = turn.view().shape;
  if (shape == RouteView::Shape::Absent) return turn.route_name() + " does not exist";
  if (shape != RouteView::Shape::Foreign) return "";
  return fmt::format("{} does not name Service {} any more", turn.route_name(), turn.plan.routing->service);
}

// A router that tells nothing is not said to have been verified.
void check_traffic(const Turn& turn, Retreat& r) {
  if (const std::string lost = lost_route(turn); !lost.empty())
    return settle(r, "traffic", CheckState::Skipped, lost + ": nobody knows who gets the requests");
  if (!turn.o.traffic || !turn.o.traffic->assumed)
    return settle(r, "traffic", CheckState::Passed, "the router gives nothing to the candidate");
  settle(r, "traffic", CheckState::Skipped,
         fmt::format("{} does not tell what it routes; {} gives nothing to the candidate", turn.o.traffic->by_status_of,
                     turn.route_name()));
}

void check_replicas(const Turn& turn, Retreat& r) {
  const Version* stable = turn.stable();
  const std::int64_t ready = stable ? stable->available : 0, wanted = turn.o.replicas();
  settle(r, "replicas", ready >= wanted ? CheckState::Passed : CheckState::Pending,
         fmt::format("{} of {} stable pods are available", ready, wanted));
}

// The recorded good state: everything to stable, or already the user's own route.
void check_route(const Turn& turn, Retreat& r) {
  if (const std::string lost = lost_route(turn); !lost.empty()) return settle(r, "route", CheckState::Failed, lost);
  const RouteView view = turn.view();
  const bool good = view.shape == RouteView::Shape::Plain ||
                    (view.shape == RouteView::Shape::Split && view.candidate == plan::kNone && view.uniform);
  settle(r, "route", good ? CheckState::Passed : CheckState::Failed,
         good ? "the route is as recorded" : "the route differs from the recorded state");
}

// The analyses that this release used, asked about the stable version.
plan::Analysis all_analyses(const Turn& turn) {
  plan::Analysis out;
  for (const plan::Step& step : turn.plan.steps)
    if (const auto* analyse = std::get_if<plan::Analyse>(&step.action)) add_analysis(out, analyse->analysis);
  if (turn.plan.guards.analysis) add_analysis(out, *turn.plan.guards.analysis);
  return out;
}

CheckState state_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Missing:
    case Verdict::Running:
      return CheckState::Pending;
    case Verdict::Passed:
      return CheckState::Passed;
    case Verdict::Failed:
    case Verdict::Inconclusive:
      return CheckState::Failed;
  }
  base::bug("unknown verdict", __FILE__, __LINE__);
}

// "error-rate, p99": of which nothing has been measured; `all`: of no other has anything been either.
struct Unmeasured {
  std::string names = {};
  bool all = true;
};
Unmeasured unmeasured(const data::Value& run) {
  Unmeasured out;
  for (const data::Value& m : run["status"]["metricResults"].items()) {
    const bool none = m["count"].as_int() == 0 && m["unproven"].as_int() > 0 && m["errors"].as_int() == 0;
    if (none) out.names += (out.names.empty() ? "" : ", ") + m["name"].str();
    out.all = out.all && none;
  }
  return out;
}

std::string measuring_text(const data::Value& run) {
  const std::string names = unmeasured(run).names;
  return "measuring the stable version" + (names.empty() ? "" : "; no data yet for " + names);
}

// Nobody asks the stable version for anything, and no measurement of it was why the release turned back: there is
// nothing to prove by its metrics.
void excuse_silence(Turn& turn, Retreat& r) {
  const Unmeasured silent = unmeasured(turn.o.run(run_name(turn, RunKind::Verification)));
  Check& metrics = r.verification.check("metrics");
  if (metrics.state != CheckState::Pending || !silent.all || silent.names.empty()) return;
  if (r.cause == Cause::AnalysisFailed || r.cause == Cause::AnalysisInconclusive) return;
  settle(r, "metrics", CheckState::Skipped, "no data for " + silent.names + ": nobody asks the stable version");
}

void check_metrics(Turn& turn, Retreat& r) {
  if (only_previewed(turn)) return settle(r, "metrics", CheckState::Skipped, "it ran in its preview only");
  const plan::Analysis analysis = all_analyses(turn);
  if (analysis.templates.empty()) return settle(r, "metrics", CheckState::Skipped, "the release has no analysis");
  ensure_run(turn, RunKind::Verification, analysis);
  const data::Value& run = turn.o.run(run_name(turn, RunKind::Verification));
  const CheckState state = state_of(verdict_of(run));
  settle(r, "metrics", state,
         state == CheckState::Passed ? "the stable version's metrics are in band"
         : state == CheckState::Failed
             ? "the stable version's metrics are out of band: " + run["status"]["message"].str()
             : measuring_text(run));
}

bool any(const Verification& v, CheckState state) {
  return std::ranges::any_of(v.checks, [&](const Check& c) { return c.state == state; });
}

bool all_settled(const Verification& v) { return !any(v, CheckState::Pending); }
CheckState outcome_of(const Verification& v) {
  return any(v, CheckState::Failed) ? CheckState::Failed : CheckState::Passed;
}

// What ends the proof at once. A hook that has failed does not: sessions are still to end on the candidate.
bool has_failed(const Verification& v) {
  return std::ranges::any_of(
      v.checks, [](const Check& c) { return c.state == CheckState::Failed && !c.name.starts_with(kHookCheck); });
}

void conclude(Turn& turn, Retreat& r, CheckState state) {
  r.verification.state = state;
  r.verification.finished_at = turn.now;
  const bool good = state == CheckState::Passed;
  for (Check& c : r.verification.checks)
    if (c.state == CheckState::Pending) c.state = CheckState::Skipped, c.message += " (not waited for)";
  std::string open;
  for (const Check& c : r.verification.checks)
    if (c.state != CheckState::Passed && c.state != CheckState::Skipped)
      open += fmt::format("; {}: {}", c.name, c.message);
  turn.log("rollback.verification", fmt::format("rollback verification: {}{}", to_text(state), open));
  turn.note(good ? control::Note::Kind::Normal : control::Note::Kind::Warning,
            good ? "RollbackVerified" : "RollbackNotVerified",
            fmt::format("verification of the rollback from revision {}: {}{}", r.from.number, to_text(state), open));
}

}  // namespace

void verify_rollback(Turn& turn) {
  Retreat& r = *turn.s.retreat;
  if (r.verification.state != CheckState::Pending) return;
  if (!r.verification.started_at) r.verification.started_at = turn.now;
  if (turn.routed()) {
    check_traffic(turn, r);
    check_quiet(turn, r);
    check_route(turn, r);
  }
  check_replicas(turn, r);
  if (rejects(r.cause)) check_metrics(turn, r);
  start_rollback_hooks(turn, plan::Hook::When::AfterRollback);
  check_rollback_hooks(turn, r);
  if (has_failed(r.verification)) return conclude(turn, r, CheckState::Failed);
  if (all_settled(r.verification)) return conclude(turn, r, outcome_of(r.verification));
  const base::Time limit = *r.verification.started_at + turn.plan.rollback.verify_timeout;
  if (turn.now < limit) return turn.wake_at(limit);
  if (rejects(r.cause)) excuse_silence(turn, r);
  if (all_settled(r.verification)) return conclude(turn, r, outcome_of(r.verification));
  for (Check& c : r.verification.checks)
    if (c.state == CheckState::Pending) c.state = CheckState::TimedOut;
  conclude(turn, r, CheckState::TimedOut);
}

}  // namespace slipway::delivery
