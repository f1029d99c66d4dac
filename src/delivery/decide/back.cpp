#include "delivery/decide/back.h"

#include <fmt/format.h>

#include <optional>

#include "delivery/decide/analyses.h"

namespace slipway::delivery {
namespace {

// Steps that decide what users get: traffic, or pods where there is no router.
bool gives(const Turn& turn, std::size_t index) {
  const plan::Action& action = turn.plan.steps[index].action;
  return turn.routed() ? std::holds_alternative<plan::Traffic>(action) : std::holds_alternative<plan::Scale>(action);
}

std::optional<std::size_t> last_giving(const Turn& turn, std::size_t end) {
  for (std::size_t i = end; i-- > 0;)
    if (gives(turn, i)) return i;
  return std::nullopt;
}

// Behind the last step of the same origin: a batch is pods, traffic and more.
std::size_t end_of_user_step(const Turn& turn, std::size_t index) {
  const int user = turn.plan.steps[index].user_step;
  while (index < turn.plan.steps.size() && turn.plan.steps[index].user_step == user) ++index;
  return index;
}

}  // namespace

std::string back_command(Turn& turn) {
  State& s = turn.s;
  if (!s.candidate || s.retreat) return "refused: nothing is being released";
  if (!turn.invalid.empty()) return "refused: " + turn.invalid;
  if (s.position.handed_over) return "refused: the candidate already belongs to the workload; use undo";
  if (turn.o.kind == plan::WorkloadKind::DaemonSet)
    return "refused: a DaemonSet makes pods of one version only, so they go back all together: abort";
  const auto index = static_cast<std::size_t>(s.position.index);
  if (index >= turn.plan.steps.size()) return "refused: the release is at its end";
  const auto present = s.position.back_to >= 0 ? std::optional(static_cast<std::size_t>(s.position.back_to))
                                               : last_giving(turn, end_of_user_step(turn, index));
  const auto before = present ? last_giving(turn, *present) : std::nullopt;
  if (!before) return "refused: there is no step to go back to; abort takes the candidate away";
  s.halt.reset();
  terminate_runs(turn);
  const plan::Step& step = turn.plan.steps[*before];
  s.position.index = s.position.back_to = static_cast<std::int64_t>(*before);
  s.position.since = turn.now;
  s.position.full = false;
  ++s.position.attempt;
  s.user_step = step.user_step;
  s.phase = Phase::Progressing;
  return fmt::format("accepted: back to \"{}\"", plan::to_text(step.action));
}

bool waits_after_back(const Turn& turn) {
  const Position& p = turn.s.position;
  return p.back_to >= 0 && p.index > p.back_to;
}

std::string go_on_after_back(Turn& turn) {
  turn.s.position.back_to = -1;
  turn.s.position.since = turn.now;
  turn.s.phase = Phase::Progressing;
  return "accepted: the steps from here on again";
}

}  // namespace slipway::delivery
