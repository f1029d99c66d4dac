#include "delivery/decide/forward_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "delivery/decide/analyses.h"
#include "delivery/decide/back.h"
#include "delivery/decide/halt.h"
#include "delivery/decide/run_step.h"

namespace slipway::delivery {

namespace {

// Of the step itself, and not of what watches in the background.
bool step_has_failed(const Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  if (index >= turn.plan.steps.size()) return false;
  const plan::Action& action = turn.plan.steps[index].action;
  if (std::holds_alternative<plan::Hook>(action)) return turn.s.halt->cause == Cause::HookFailed;
  if (!std::holds_alternative<plan::Analyse>(action)) return false;
  const Verdict verdict = verdict_of(turn.o.run(run_name(turn, RunKind::Step)));
  return verdict == Verdict::Failed || verdict == Verdict::Inconclusive;
}

// The step that failed counts as done. What a decision whose status got lost has begun, to try it again, has no say.
void go_on_in_spite(Turn& turn) {
  const bool done = step_has_failed(turn);
  const std::int64_t attempt = fresh_attempt(turn);
  overrule_halt(turn);
  turn.s.position.attempt = attempt;
  if (done) advance(turn);
}

}  // namespace

std::string promote_command(Turn& turn, bool full) {
  State& s = turn.s;
  if (s.phase == Phase::Waiting && !s.candidate) return fmt::format("refused: no person is waited for: {}", s.message);
  if (s.retreat)
    return fmt::format("refused: revision {} is on its way back: {}", s.retreat->from.number, s.retreat->message);
  if (!s.candidate && s.phase == Phase::Invalid) return "refused: " + s.message;
  if (!s.candidate) return "refused: nothing is being released";
  if (!turn.invalid.empty()) return "refused: " + turn.invalid;
  for (const VariantState& v : s.variants)
    if (v.stopped_at && v.hash == s.candidate->hash)
      return fmt::format("refused: {}; slipway promote {} --variant NAME chooses another one", v.message,
                         api::name_of(turn.o.release));
  const auto index = static_cast<std::size_t>(s.position.index);
  if (s.halt) {
    go_on_in_spite(turn);
    if (!full) return "accepted: it goes on in spite of the failure";
  }
  if (waits_after_back(turn) && !full) return go_on_after_back(turn);
  if (full) {
    s.position.back_to = -1;
    s.position.full = true;
    return "accepted: waits, approvals and analyses are skipped";
  }
  if (index >= turn.plan.steps.size()) return "refused: the release is at its end";
  const bool skippable = std::visit(plan::visit_step{
                                        [](const plan::Wait&) { return true; },
                                        [](const plan::Approve&) { return true; },
                                        [&](const plan::Analyse&) { return s.phase == Phase::Paused; },
                                        [](const plan::Keep&) { return true; },
                                        [](const plan::Scale&) { return false; },
                                        [](const plan::Preview&) { return false; },
                                        [](const plan::EndPreview&) { return false; },
                                        [](const plan::Traffic&) { return false; },
                                        [](const plan::Promote&) { return false; },
                                        [](const plan::Verify&) { return false; },
                                        [](const plan::Hook&) { return false; },
                                    },
                                    turn.plan.steps[index].action);
  if (!skippable && s.phase == Phase::Waiting) return fmt::format("refused: no person is waited for: {}", s.message);
  if (!skippable) return "refused: the current step waits for no person";
  s.phase = Phase::Progressing;
  advance(turn);
  return turn.o.release["spec"]["paused"].as_bool()
             ? "accepted; spec.paused holds the release all the same: slipway resume"
             : "accepted";
}

namespace {

// A step that gives users nothing new stands on what the one before it has given: pods and traffic are not skipped.
std::int64_t begin_of_what_is_given(const Turn& turn, std::int64_t target) {
  const auto& steps = turn.plan.steps;
  const int user_step = steps[static_cast<std::size_t>(target)].user_step;
  const auto gives = [&](std::int64_t i) {
    const plan::Action& action = steps[static_cast<std::size_t>(i)].action;
    return std::holds_alternative<plan::Traffic>(action) || std::holds_alternative<plan::Scale>(action) ||
           std::holds_alternative<plan::Preview>(action);
  };
  for (auto i = target; i < std::ssize(steps) && steps[static_cast<std::size_t>(i)].user_step == user_step; ++i)
    if (gives(i)) return target;
  std::int64_t begin = target;
  while (begin > turn.s.position.index + 1 && !gives(begin)) --begin;
  if (!gives(begin)) return target;
  while (begin > turn.s.position.index + 1 && gives(begin - 1)) --begin;
  return begin;
}

}  // namespace

std::string jump_command(Turn& turn, std::int64_t step) {
  State& s = turn.s;
  Position& p = s.position;
  if (s.retreat)
    return fmt::format("refused: revision {} is on its way back: {}", s.retreat->from.number, s.retreat->message);
  if (!s.candidate && s.phase == Phase::Invalid) return "refused: " + s.message;
  if (!s.candidate) return "refused: nothing is being released";
  if (!turn.invalid.empty()) return "refused: " + turn.invalid;
  if (p.handed_over) return "refused: the candidate already belongs to the workload";
  const auto& steps = turn.plan.steps;
  const auto found = std::ranges::find_if(steps, [&](const plan::Step& one) { return one.user_step == step - 1; });
  if (step < 1 || found == steps.end()) return fmt::format("refused: there are steps 1 to {}", turn.plan.user_steps);
  if (found - steps.begin() <= p.index)
    return fmt::format("refused: step {} has begun already; slipway back goes back", step);
  const std::int64_t index = begin_of_what_is_given(turn, found - steps.begin());
  p.attempt = fresh_attempt(turn);
  terminate_runs(turn);
  s.halt.reset();
  p.index = index;
  p.since = turn.now;
  p.back_to = -1;
  s.phase = Phase::Progressing;
  show_step(turn);
  const plan::Step& next = steps[static_cast<std::size_t>(index)];
  return fmt::format("accepted: on with step {}, \"{}\"", next.user_step + 1, plan::to_text(next.action));
}

}  // namespace slipway::delivery
