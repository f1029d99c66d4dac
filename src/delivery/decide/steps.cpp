#include "delivery/decide/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/meta.h"
#include "control/pod_template.h"
#include "delivery/begun.h"
#include "delivery/decide/back.h"
#include "delivery/decide/config.h"
#include "delivery/decide/finish.h"
#include "delivery/decide/gate.h"
#include "delivery/decide/guards.h"
#include "delivery/decide/halt.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/replicas.h"
#include "delivery/decide/retreat.h"
#include "delivery/decide/run_step.h"
#include "delivery/decide/stable_size.h"
#include "delivery/decide/steady.h"
#include "delivery/decide/switch.h"
#include "delivery/decide/variants.h"
#include "delivery/decide/workload.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery {
namespace {

using control::Note;
using plan::Step;

// Whoever has been let in is in with `traffic` as well.
bool takes_nobody_back(const plan::Traffic& traffic, const std::vector<plan::Grant>& given) {
  return traffic.share == plan::kWhole ||
         std::ranges::all_of(given, [&](const plan::Grant& in) { return plan::covers(traffic.grants, in); });
}

// The release keeps to them as they are when it begins, or when its spec names them for the first time: an edit must
// not take users back in the middle of it.
void keep_cohorts(Turn& turn) {
  for (const auto& [name, spec] : turn.o.cohorts)
    if (!turn.s.cohorts.has(name)) turn.s.cohorts.set(name, spec);
}

// Nobody has passed the gates that stand before a step that gives more than the candidate has: they come behind the
// last step before it that gives something. (Batches of users have theirs behind them.)
std::size_t first_gate(const Turn& turn, std::size_t index, std::int64_t share) {
  const auto* step = std::get_if<plan::Traffic>(&turn.plan.steps[index].action);
  if (!step || !turn.s.traffic.given.empty() || step->share.points <= share) return index;
  while (index > 0 && !std::holds_alternative<plan::Traffic>(turn.plan.steps[index - 1].action)) --index;
  return index;
}

// The spec's steps changed under way: go on at the first step that does not lower what the candidate has, or at the
// gates before it when it gives more. The traffic stays as it is until they are passed.
void follow_changed_plan(Turn& turn) {
  Position& p = turn.s.position;
  const std::string& now = turn.plan_id;
  if (p.plan == now || p.handed_over) return;
  const std::int64_t share = turn.routed() ? std::max<std::int64_t>(turn.s.traffic.verified, 0) : 0;
  std::size_t index = 0;
  const auto lowers = [&](std::size_t end) {
    if (turn.plan.strategy != plan::Strategy::Gray || turn.s.traffic.given.empty())
      return share > 0 && plan::share_before(turn.plan, end).points < share;
    return !takes_nobody_back(plan::traffic_before(turn.plan, end).value_or(plan::Traffic{}), turn.s.traffic.given);
  };
  while (index + 1 < turn.plan.steps.size() && lowers(index + 1)) ++index;
  index = first_gate(turn, index, share);
  if (p.back_to >= 0) p.back_to = static_cast<std::int64_t>(index);
  keep_cohorts(turn);
  p.plan = now;
  turn.s.step_names = plan::step_names(turn.o.release["spec"]);
  p.index = static_cast<std::int64_t>(index);
  p.since = turn.now;
  ++p.attempt;
  show_step(turn);
  turn.log("plan.changed",
           fmt::format("the steps changed: going on with \"{}\"", plan::to_text(turn.plan.steps[index].action)));
}

// A crash between giving the candidate away and writing that down: what the ReplicaSet says counts. True: just found
// out, and to be written before anything is done about it, since the invariants go by what is written.
bool note_handover(Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  if (turn.s.position.handed_over || index >= turn.plan.steps.size()) return false;
  if (!std::holds_alternative<plan::Promote>(turn.plan.steps[index].action)) return false;
  turn.s.position.handed_over = turn.workload().was_handed_over(turn);
  if (turn.s.position.handed_over) turn.wait("the candidate belongs to the Deployment");
  return turn.s.position.handed_over;
}

// Every gate is passed, and all users are on the candidate.
bool has_arrived(const Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  if (index >= turn.plan.steps.size()) return true;
  const plan::Action& action = turn.plan.steps[index].action;
  return std::holds_alternative<plan::Keep>(action) || std::holds_alternative<plan::Promote>(action);
}

// Somebody has deleted the candidate's ReplicaSet when it was already the Deployment's, which is paused and makes no
// other: it is made again as before, and promoted once more. True when that was just found out.
bool lost_after_handover(Turn& turn) {
  Position& p = turn.s.position;
  if (!p.handed_over || !turn.workload().lost_candidate(turn)) return false;
  const auto is_promote = [](const Step& step) { return std::holds_alternative<plan::Promote>(step.action); };
  p.index = std::ranges::find_if(turn.plan.steps, is_promote) - turn.plan.steps.begin();
  p.since = turn.now;
  p.handed_over = false;
  turn.log("promote.again", "the candidate's ReplicaSet is gone after it was given to the Deployment");
  turn.wait("the candidate's ReplicaSet is gone: it is made again");
  return true;
}

// Nothing takes this release back (onFailure: Freeze): another version that is asked for waits, and is told once.
void note_next(Turn& turn) {
  const std::string asked = control::template_hash(turn.o.asked_template());
  if (turn.s.asking.identity == asked) return;
  turn.s.asking = {.identity = asked, .since = turn.now};
  const std::string text = fmt::format(
      "another version is asked for ({}): it waits until this release has ended, which nothing takes back "
      "(onFailure: Freeze)",
      images_of(turn.o.asked_template()));
  turn.log("next.waits", text);
  turn.note(Note::Kind::Normal, "NextWaits", text);
}

// The template is no longer the candidate's; true when the release turned around.
bool target_changed(Turn& turn) {
  if (note_decision(turn)) return true;
  if (decision_waits(turn)) return false;
  if (turn.s.position.handed_over || is_config_missing(turn) || asks_for(turn.o, *turn.s.candidate)) return false;
  if (never_turns_back(turn) && (turn.candidate() || turn.o.kept.contains(turn.s.candidate->hash))) {
    note_next(turn);
    return false;
  }
  if (turn.s.stable && asks_for(turn.o, *turn.s.stable))
    begin_retreat(turn, Cause::Reverted,
                  fmt::format("the {} asks for the stable version again", plan::to_text(turn.o.kind)));
  else if (has_arrived(turn) && turn.workload().may_begin_from_candidate(turn) &&
           (turn.candidate() || turn.o.kept.contains(turn.s.candidate->hash)))
    return false;  // the newer one begins from here, not from the version before
  else
    begin_retreat(turn, Cause::Superseded, fmt::format("the {} asks for a newer version", plan::to_text(turn.o.kind)));
  return true;
}

bool held_by_spec(const Turn& turn) {
  return turn.o.release["spec"]["paused"].as_bool() && !turn.s.position.handed_over;
}

bool is_scale(const Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  return index < turn.plan.steps.size() && std::holds_alternative<plan::Scale>(turn.plan.steps[index].action);
}

Reach keep_capacity_of_variants(Turn& turn, std::size_t index) {
  const auto traffic = plan::traffic_before(turn.plan, index);
  const auto scale = plan::scale_before(turn.plan, index);
  const plan::Share given = std::max(plan::Share{turn.s.traffic.verified}, plan::Share{turn.s.traffic.wanted});
  for (const Beside& v : versions_beside(turn)) {
    if (v.stopped || !v.version) continue;
    std::int64_t needed = traffic ? pods_needed_of(turn, *traffic, v.index) : 0;
    if (scale) needed = std::max(needed, pods_wanted_of(turn, *scale, v.index).value_or(0));
    if (given == plan::kWhole) needed = std::max(needed, pods_needed_of(turn, {given}, v.index));
    scale_to(turn, *v.version, std::max(v.version->spec, needed));
  }
  if (!turn.acts()) return Reach::Done;
  turn.wait("the variants get the pods for what they have been given again");
  return Reach::Waiting;
}

// The candidate keeps the pods for what it has been given already, whatever the step waits for: in the middle of it
// somebody may scale the Deployment, or delete the ReplicaSet, which then is made again without pods. (Where pods are
// the weight, a step that moves them sees to it.)
Reach keep_capacity(Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  const Version* candidate = turn.candidate();
  if (!turn.s.variants.empty()) return keep_capacity_of_variants(turn, index);
  if (!candidate || index >= turn.plan.steps.size() || (!turn.routed() && is_scale(turn))) return Reach::Done;
  plan::Share given = plan::share_before(turn.plan, index);
  if (!turn.routed()) {
    turn.workload().reach_replicas(turn, plan::scale_before(turn.plan, index).value_or(plan::Scale{plan::kNone}));
  } else {
    given = std::max({given, plan::Share{turn.s.traffic.verified}, plan::Share{turn.s.traffic.wanted}});
    const auto scale = plan::scale_before(turn.plan, index);
    const std::int64_t n = turn.o.replicas();
    const std::int64_t needed = std::max(pods_for(given, n), scale ? candidate_pods(*scale, n) : 0);
    if (needed > candidate->spec || (!is_scale(turn) && may_shrink_candidate(turn))) scale_to(turn, *candidate, needed);
  }
  if (!turn.acts()) return Reach::Done;
  turn.wait(fmt::format("the candidate gets the pods for {} again", plan::to_text(given)));
  return Reach::Waiting;
}

// The candidate's pods, here or in its preview.
Reach keep_versions(Turn& turn) {
  if (turn.s.position.handed_over) return Reach::Done;
  if (only_previewed(turn)) return keep_preview(turn);
  if (turn.workload().ensure_versions(turn) == Reach::Waiting) return Reach::Waiting;
  return in_preview(turn) ? keep_preview(turn) : Reach::Done;
}

// Not handed over, and not in its preview.
bool has_pods_here(const Turn& turn) {
  return !turn.s.position.handed_over && !only_previewed(turn) && !in_preview(turn);
}

// Time spent in a pause does not count against the deadline.
void resume_clock(Turn& turn, Phase before) {
  const auto stood_still = [](Phase phase) {
    return phase == Phase::Paused || phase == Phase::Waiting || phase == Phase::Invalid;
  };
  if (stood_still(before) && !stood_still(turn.s.phase)) turn.s.position.since = turn.now;
}

// The step itself moves the weight: what the step before had reached need not be kept any more.
bool next_is_traffic(const Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  return index < turn.plan.steps.size() && std::holds_alternative<plan::Traffic>(turn.plan.steps[index].action);
}

void walk(Turn& turn) {
  while (static_cast<std::size_t>(turn.s.position.index) < turn.plan.steps.size()) {
    const Step& step = turn.plan.steps[static_cast<std::size_t>(turn.s.position.index)];
    show_step(turn);
    if (waits_after_back(turn)) {
      pause_for(turn, fmt::format("a person went back to here: slipway promote {} goes on, abort ends it",
                                  turn.o.release["metadata"]["name"].as_string()));
      return;
    }
    if (goes_forward(turn, step.action) && !may_go_forward(turn)) return hold_ratio(turn);
    if (run_step(turn, step) == Reach::Waiting) return;
    advance(turn);
  }
  finish_release(turn);
}

// The candidate was released before, not longer ago than the window reaches.
bool is_way_back(const Turn& turn) {
  std::set<std::string> passed = {turn.s.stable->hash};
  for (const data::Value& entry : turn.s.history.items()) {
    if (!served(entry)) continue;
    if (entry["hash"].as_string() == turn.s.candidate->hash)
      return std::ssize(passed) <= turn.plan.rollback.fast_revisions;
    passed.insert(entry["hash"].str());
  }
  return false;
}

// The spec has become one that cannot be carried out: everything stays as it is, and the ways back are open.
void stand_still(Turn& turn) {
  count_guards(turn);
  if (!turn.s.position.handed_over && !turn.s.halt && guard_broken(turn)) return;
  if (turn.s.phase != Phase::Invalid) turn.note(Note::Kind::Warning, "Invalid", turn.invalid);
  turn.s.phase = Phase::Invalid;
  turn.wait(turn.invalid);
  summarise_runs(turn);
}

// The spec names another route, or other Services, since this release has begun.
void tell_edited_traffic(Turn& turn) {
  if (!turn.o.traffic_edited || turn.s.observed_generation >= api::generation_of(turn.o.release)) return;
  const std::string text =
      fmt::format("spec.traffic was edited: this release goes on {}, and the next one by what the spec says then",
                  turn.routed() ? "over " + turn.route_name() : "without a router");
  turn.log("traffic.edited", text);
  turn.note(Note::Kind::Warning, "TrafficEdited", text);
}

void go_on(Turn& turn) {
  tell_edited_traffic(turn);
  const Phase before = turn.s.phase;
  if (note_handover(turn) || lost_after_handover(turn)) return;
  if (target_changed(turn)) return;
  if (preview_withdrawn(turn)) return;
  if (!turn.invalid.empty()) return stand_still(turn);
  follow_changed_plan(turn);
  count_guards(turn);
  if (!turn.s.position.handed_over && !turn.s.halt && (guard_broken(turn) || analysis_broken(turn))) return;
  const bool held = held_by_spec(turn) || turn.s.halt;
  turn.s.phase = held ? Phase::Paused : Phase::Progressing;
  const Reach traffic = keep_traffic(turn, next_is_traffic(turn));
  // Where a size is written nothing is waited for: who waits for a person goes on waiting.
  const auto resized = [&] { turn.s.phase = before; };
  if (fit_stable(turn) == Reach::Waiting) return resized();
  if (turn.acts()) return;
  if (preview_is_stray(turn) && end_preview(turn) == Reach::Waiting) return;
  if (keep_versions(turn) == Reach::Waiting) return;
  if (has_pods_here(turn) && keep_capacity(turn) == Reach::Waiting) return resized();
  if (turn.s.halt) return stay_halted(turn);
  if (held) return turn.wait("paused by spec.paused");
  if (traffic == Reach::Waiting) return summarise_runs(turn);
  retire_stopped(turn);
  walk(turn);
  watch_requests(turn);
  count_switch(turn);
  summarise_runs(turn);
}

// Why it cannot begin by steps; empty: it can.
std::string problem_of_candidate(Turn& turn) {
  return turn.plan.strategy == plan::Strategy::AbTest ? begin_variants(turn) : preview_problem(turn);
}

}  // namespace

void start(Turn& turn) {
  State& s = turn.s;
  if (!turn.invalid.empty()) {
    if (s.phase != Phase::Invalid) turn.note(Note::Kind::Warning, "Invalid", turn.invalid);
    s.phase = Phase::Invalid;
    return turn.wait(turn.invalid);
  }
  if (const std::string problem = analysis_problem(turn); !problem.empty()) {
    s.phase = Phase::Invalid;
    return turn.wait(problem);
  }
  if (const std::string problem = traffic_problem(turn); !problem.empty()) {
    s.phase = Phase::Invalid;
    return turn.wait(problem);
  }
  s.candidate = turn.workload().asked_revision(turn);
  s.candidate->started_at = turn.now;
  const bool fast = is_way_back(turn);
  if (const std::string problem = fast ? "" : problem_of_candidate(turn); !problem.empty()) {
    s.candidate.reset();
    s.variants.clear();
    s.phase = Phase::Invalid;
    return turn.wait(problem);
  }
  s.begun = traffic_of_begin(turn.o.release);
  s.cohorts = {};
  keep_cohorts(turn);
  s.rejected.reset();
  s.asking = {};
  s.ticket.since.reset();
  s.position = {.plan = plan::fingerprint(fast ? plan::without_steps(turn.plan) : turn.plan),
                .index = 0,
                .since = turn.now,
                .attempt = s.position.attempt + 1,
                .fast = fast,
                .measured_from = turn.now};
  s.user_step = -1;
  s.step_names = plan::step_names(turn.o.release["spec"]);
  s.guard = {};
  s.analysis.clear();
  s.phase = Phase::Progressing;
  show_step(turn);
  turn.log("release.start",
           fmt::format("revision {} ({}) is to replace revision {}{}", s.candidate->number, to_text(*s.candidate),
                       s.stable->number, fast ? ", without steps: it was released before" : ""));
  turn.note(Note::Kind::Normal, "ReleaseStarted",
            fmt::format("revision {}: {}", s.candidate->number, to_text(*s.candidate)));
  turn.wait("starting");
}

void progress(Turn& turn) {
  const Phase before = turn.s.phase;
  go_on(turn);
  resume_clock(turn, before);
}

}  // namespace slipway::delivery
