#include "delivery/decide/guards.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "delivery/decide/halt.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/troubles.h"
#include "delivery/decide/variants.h"

namespace slipway::delivery {
namespace {

using plan::OnInconclusive;

// Hooks and analyses have times of their own.
bool waits_for_machines(const plan::Action& action) {
  return std::visit(plan::visit_step{
                        [](const plan::Scale&) { return true; },
                        [](const plan::Preview&) { return true; },
                        [](const plan::EndPreview&) { return true; },
                        [](const plan::Traffic&) { return true; },
                        [](const plan::Promote&) { return true; },
                        [](const plan::Verify&) { return true; },
                        [](const plan::Wait&) { return false; },
                        [](const plan::Approve&) { return false; },
                        [](const plan::Keep&) { return false; },
                        [](const plan::Analyse&) { return false; },
                        [](const plan::Hook&) { return false; },
                    },
                    action);
}

// Nobody is late who waits for a person, or for leave to go on.
bool rests(Phase phase) { return phase == Phase::Paused || phase == Phase::Waiting; }

bool turned(const Turn& turn) { return turn.s.retreat || turn.s.halt; }

// Several versions are tried, and nobody has decided between them yet: one that fails is at fault alone. Afterwards the
// candidate is what everybody is to get, and the others are on their way out.
bool tries_variants(const Turn& turn) { return !turn.s.variants.empty() && !is_decided(turn); }

bool is_watched(const Turn& turn, const Beside& v) {
  return !v.stopped && (tries_variants(turn) || v.revision->hash == turn.s.candidate->hash);
}

void give_up(Turn& turn, std::size_t i, Cause cause, std::string message, Evidence evidence = {}) {
  if (!tries_variants(turn)) return turn_back(turn, cause, std::move(message), std::move(evidence));
  stop_variant(turn, i, cause, std::move(message), std::move(evidence));
}

const char* whose(const Turn& turn) { return turn.s.variants.empty() ? "candidate " : ""; }

void background_broken(Turn& turn, std::size_t i) {
  const auto guard = background_of(turn, i);
  if (!guard || in_preview(turn)) return;
  ensure_run(turn, RunKind::Background, *guard, i);
  const data::Value& run = turn.o.run(run_name(turn, RunKind::Background, i));
  const Verdict verdict = verdict_of(run);
  const Evidence evidence = evidence_of(run);
  if (verdict == Verdict::Failed) give_up(turn, i, Cause::AnalysisFailed, evidence.message, evidence);
  if (verdict != Verdict::Inconclusive) return;
  if (turn.plan.rollback.on_inconclusive == OnInconclusive::Rollback)
    give_up(turn, i, Cause::AnalysisInconclusive, evidence.message, evidence);
  else
    halt(turn, Cause::AnalysisInconclusive,
         fmt::format("the background analysis {} cannot tell ({})", run_name(turn, RunKind::Background, i),
                     evidence.message),
         evidence);
}

GuardState& guard_of(Turn& turn, std::size_t i) {
  return turn.s.variants.empty() ? turn.s.guard : turn.s.variants[i].guard;
}

void count(GuardState& g, const Version& v) {
  const std::int64_t removed = std::max<std::int64_t>(g.pods - v.pods, 0);
  g.lost_readiness += std::max<std::int64_t>(g.ready - v.ready - removed, 0);
  g.restarts = std::max(g.restarts, v.restarts);
  g.pods = v.pods;
  g.ready = v.ready;
}

// In this decision, which ends with it: the next one goes by a plan without the variant.
bool just_stopped(const Turn& turn) {
  return std::ranges::any_of(turn.s.variants, [&](const VariantState& v) { return v.stopped_at == turn.now; });
}

// Variants without whose pods this step does not go on, while those of others are there.
std::vector<std::size_t> late_variants(const Turn& turn, const plan::Scale& scale) {
  std::vector<std::size_t> late;
  std::size_t all = 0;
  for (const Beside& v : versions_beside(turn)) {
    const auto wanted = pods_wanted_of(turn, scale, v.index);
    if (v.stopped || !wanted) continue;
    ++all;
    if (!v.version || v.version->staying() < *wanted) late.push_back(v.index);
  }
  return late.size() < all ? late : std::vector<std::size_t>{};
}

// True: the variants that hold the others up are stopped.
bool stop_late(Turn& turn, const plan::Action& action, const std::string& why) {
  const auto* scale = std::get_if<plan::Scale>(&action);
  if (!tries_variants(turn) || !scale || scale->parts.empty()) return false;
  const auto late = late_variants(turn, *scale);
  for (const std::size_t i : late) stop_variant(turn, i, Cause::Deadline, why);
  if (!late.empty()) turn.s.position.since = turn.now;
  return !late.empty();
}

// True: the variants without a ready pod are stopped, and the others go on.
bool stop_starved(Turn& turn, const std::string& why) {
  std::vector<std::size_t> starved;
  std::size_t all = 0;
  for (const Beside& v : versions_beside(turn)) {
    if (v.stopped) continue;
    ++all;
    if (!v.version || v.version->ready == 0) starved.push_back(v.index);
  }
  if (starved.empty() || starved.size() == all || !tries_variants(turn)) return false;
  for (const std::size_t i : starved) stop_variant(turn, i, Cause::Deadline, why);
  turn.s.traffic.disturbed_at.reset();
  return true;
}

std::string unbearable_text(const Turn& turn, const Trouble& trouble) {
  return fmt::format("{} (for {}, {})", to_text(trouble), base::human_duration(turn.now - *trouble.since),
                     trouble.cure == Cure::Time ? "and no longer borne" : "and it does not pass by itself");
}

// What is known of why it restarts or loses its readiness: "; Pod web-1: container web ends with exit code 2".
std::string known_reason(const Turn& turn, const std::string& hash) {
  const auto found = std::ranges::find(turn.s.troubles, hash, &Trouble::version);
  return found == turn.s.troubles.end() ? "" : "; " + to_text(*found);
}

// Of no version: traffic, metrics, configuration.
bool common_trouble(Turn& turn) {
  if (rests(turn.s.phase)) return false;
  const Trouble* trouble = unbearable(turn, "");
  if (trouble) turn_back(turn, Cause::Stuck, unbearable_text(turn, *trouble));
  return trouble != nullptr;
}

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
  const std::string why =
      fmt::format("no progress within {}: {}", base::format_duration(turn.plan.guards.deadline), s.message);
  if (!stop_late(turn, turn.plan.steps[index].action, why)) turn_back(turn, Cause::Deadline, why);
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
  const std::string why = fmt::format("the traffic was not as it should be for {}: {}",
                                      base::format_duration(turn.plan.guards.deadline), turn.s.message);
  if (!stop_starved(turn, why)) turn_back(turn, Cause::Deadline, why);
  return true;
}

}  // namespace

void count_guards(Turn& turn) {
  for (const Beside& v : versions_beside(turn)) {
    const Version* there = preview_version(turn);
    const Version* seen = there ? there : v.version;
    if (seen && !v.stopped) count(guard_of(turn, v.index), *seen);
  }
}

bool guard_broken(Turn& turn) {
  for (const Beside& v : versions_beside(turn)) {
    if (!is_watched(turn, v)) continue;
    const GuardState& g = guard_of(turn, v.index);
    const plan::Guards& limits = turn.plan.guards;
    const std::int64_t restarts = g.restarts - g.overruled_restarts;
    if (limits.max_restarts && restarts > *limits.max_restarts)
      give_up(turn, v.index, Cause::Restarts,
              fmt::format("{}containers restarted {}, {} tolerated{}", whose(turn), base::times(restarts),
                          *limits.max_restarts, known_reason(turn, v.revision->hash)));
    else if (limits.max_probe_failures && g.lost_readiness > *limits.max_probe_failures)
      give_up(turn, v.index, Cause::ProbeFailures,
              fmt::format("{}pods lost their readiness {}, {} tolerated{}", whose(turn), base::times(g.lost_readiness),
                          *limits.max_probe_failures, known_reason(turn, v.revision->hash)));
    else if (const Trouble* trouble = unbearable(turn, v.revision->hash))
      give_up(turn, v.index, Cause::Stuck, unbearable_text(turn, *trouble));
    else
      background_broken(turn, v.index);
    if (turned(turn)) return true;
  }
  return just_stopped(turn) || common_trouble(turn) || deadline_broken(turn) || disturbed_too_long(turn);
}

}  // namespace slipway::delivery
