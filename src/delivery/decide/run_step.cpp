#include "delivery/decide/run_step.h"

#include <fmt/format.h>

#include <utility>

#include "api/meta.h"
#include "control/mutants.h"
#include "delivery/decide/analyses.h"
#include "delivery/decide/halt.h"
#include "delivery/decide/hooks.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/promote.h"
#include "delivery/decide/stable_size.h"
#include "delivery/decide/variants.h"
#include "delivery/decide/workload.h"

namespace slipway::delivery {

Reach pause_for(Turn& turn, std::string why) {
  turn.s.phase = Phase::Paused;
  turn.wait(std::move(why));
  return Reach::Waiting;
}

namespace {

using control::Mutant;
using control::mutant;
using plan::Step;

Reach run_wait(Turn& turn, const plan::Wait& wait) {
  const base::Time end = *turn.s.position.since + wait.duration;
  if (turn.now >= end || turn.s.position.full) return Reach::Done;
  turn.wake_at(end);
  turn.wait(fmt::format("waiting {} until {}", base::format_duration(wait.duration), stamp(end)));
  return Reach::Waiting;
}

Reach run_approve(Turn& turn) {
  if (candidate_is_stopped(turn))
    return pause_for(turn,
                     fmt::format("what the Deployment asks for is stopped: slipway promote {} --variant NAME, or abort",
                                 api::name_of(turn.o.release)));
  return turn.s.position.full
             ? Reach::Done
             : pause_for(turn, "waits for a person: slipway promote " + turn.o.release["metadata"]["name"].str());
}

Reach undecided(Turn& turn, const Evidence& evidence) {
  if (turn.plan.rollback.on_inconclusive == plan::OnInconclusive::Rollback) {
    turn_back(turn, Cause::AnalysisInconclusive, evidence.message, evidence);
    return Reach::Waiting;
  }
  return pause_for(turn, fmt::format("the analysis cannot tell ({}): promote, retry or abort", evidence.message));
}

// "; error-rate: 2 of 10 samples": metrics whose last measurement says nothing yet.
std::string lacking_text(const data::Value& run) {
  std::string out;
  for (const data::Value& metric : run["status"]["metricResults"].items()) {
    const data::Value& all = metric["measurements"];
    const data::Value& last = all.at(all.size() > 0 ? all.size() - 1 : 0);
    const std::string_view verdict = last["verdict"].as_string();
    if (metric["phase"].as_string() != "Running" || (verdict != "TooFew" && verdict != "NoData")) continue;
    out += fmt::format("; {}: {}", metric["name"].as_string(), last["message"].as_string("no data"));
  }
  return out;
}

Reach run_analyse(Turn& turn, const plan::Analyse& step) {
  if (turn.s.position.full) return Reach::Done;
  ensure_run(turn, RunKind::Step, step.analysis);
  const data::Value& run = turn.o.run(run_name(turn, RunKind::Step));
  switch (verdict_of(run)) {
    case Verdict::Missing:
    case Verdict::Running:
      turn.wait("analysis " + run_name(turn, RunKind::Step) + " is measuring" + lacking_text(run));
      return Reach::Waiting;
    case Verdict::Passed:
      return Reach::Done;
    case Verdict::Inconclusive:
      return undecided(turn, evidence_of(run));
    case Verdict::Failed:
      return analysis_broken(turn) ? Reach::Waiting : Reach::Done;
  }
  base::bug("unknown verdict", __FILE__, __LINE__);
}

// A newer version that is asked for need not wait for this one's way back.
Reach run_keep(Turn& turn, const plan::Keep& keep) {
  const base::Time end = *turn.s.position.since + keep.duration;
  if (turn.now >= end || !asks_for(turn.o, *turn.s.candidate)) return Reach::Done;
  turn.s.phase = Phase::Keeping;
  turn.wake_at(end);
  turn.wait(fmt::format("revision {} serves all users; revision {} keeps its pods until {}", turn.s.candidate->number,
                        turn.s.stable->number, stamp(end)));
  return Reach::Waiting;
}

Reach run_promote(Turn& turn) {
  turn.s.phase = Phase::Promoting;
  terminate_runs(turn);
  return turn.workload().promote(turn);
}

Reach run_traffic(Turn& turn, const plan::Traffic& step) {
  if (reach_traffic(turn, step) == Reach::Waiting) return Reach::Waiting;
  turn.s.traffic.reached = step.share.points;
  turn.s.traffic.given = step.grants;
  return fit_stable(turn);
}

}  // namespace

bool analysis_broken(Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  if (index >= turn.plan.steps.size() || turn.s.position.full || mutant(Mutant::PassFailedGate)) return false;
  if (!std::holds_alternative<plan::Analyse>(turn.plan.steps[index].action)) return false;
  const data::Value& run = turn.o.run(run_name(turn, RunKind::Step));
  if (verdict_of(run) != Verdict::Failed) return false;
  const Evidence evidence = evidence_of(run);
  turn_back(turn, Cause::AnalysisFailed, evidence.message, evidence);
  return true;
}

Reach run_step(Turn& turn, const Step& step) {
  return std::visit(plan::visit_step{
                        [&](const plan::Scale& s) { return turn.workload().reach_replicas(turn, s); },
                        [&](const plan::Preview& s) { return run_preview(turn, s); },
                        [&](const plan::EndPreview&) { return end_preview(turn); },
                        [&](const plan::Traffic& s) { return run_traffic(turn, s); },
                        [&](const plan::Wait& s) { return run_wait(turn, s); },
                        [&](const plan::Approve&) { return run_approve(turn); },
                        [&](const plan::Analyse& s) { return run_analyse(turn, s); },
                        [&](const plan::Keep& s) { return run_keep(turn, s); },
                        [&](const plan::Promote&) { return run_promote(turn); },
                        [&](const plan::Verify&) {
                          turn.s.phase = Phase::Promoting;
                          return verify_release(turn);
                        },
                        [&](const plan::Hook& s) { return run_hook(turn, s); },
                    },
                    step.action);
}

void show_step(Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  turn.s.user_steps = turn.plan.user_steps;
  if (index < turn.plan.steps.size() && turn.plan.steps[index].user_step >= 0)
    turn.s.user_step = turn.plan.steps[index].user_step;
}

void advance(Turn& turn) {
  Position& p = turn.s.position;
  const Step& done = turn.plan.steps[static_cast<std::size_t>(p.index)];
  data::Value inputs = data::Value::object({{"index", p.index}, {"step", done.user_step}});
  if (std::holds_alternative<plan::Analyse>(done.action))
    if (data::Value numbers = numbers_of(turn.o.run(run_name(turn, RunKind::Step))); numbers.size() > 0)
      inputs.set("metrics", std::move(numbers));
  turn.log("step.done", fmt::format("done: {}", plan::to_text(done.action)), std::move(inputs));
  ++p.index;
  p.since = turn.now;
  if (turn.s.phase == Phase::Paused) turn.s.phase = Phase::Progressing;
  show_step(turn);
}

}  // namespace slipway::delivery
