#include "view/ahead.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace slipway::view {
namespace {

bool is_under_way(const ReleaseView& v) {
  return v.candidate && v.stable && !v.rollback && v.phase != delivery::Phase::Promoting;
}

bool has_everybody(const ReleaseView& v) { return v.routed && v.wanted >= 100; }

// The switch of a blue-green release, as long as it has not been made.
const StepView* switch_ahead(const ReleaseView& v) {
  const auto found = std::ranges::find(v.steps, StepKind::Switch, &StepView::kind);
  return found == v.steps.end() || found->state == StepState::Done || v.switched.written_at ? nullptr : &*found;
}

bool comes_to(const StepView& change, const StepView& current, const Forward& forward) {
  if (forward.step) return *forward.step >= change.number;
  if (current.number == change.number) return forward.now;  // it waits for a window only
  return current.number + 1 == change.number;
}

bool gives_everybody_all(const ReleaseView& v, const Forward& forward) {
  if (!is_under_way(v) || has_everybody(v) || v.phase == delivery::Phase::Keeping) return false;
  if (forward.full) return true;
  const StepView *change = switch_ahead(v), *current = current_step(v);
  return change && current && comes_to(*change, *current, forward);
}

std::string change_text(const ReleaseView& v) {
  const auto numbered = [](const delivery::Revision& r) { return fmt::format("{} ({})", r.number, to_text(r)); };
  if (v.routed)
    return fmt::format("switch 100 % of the traffic from {} to {}?", numbered(*v.stable), numbered(*v.candidate));
  return fmt::format("replace all pods of {} by those of {}?", numbered(*v.stable), numbered(*v.candidate));
}

// How long everybody can go back at once.
std::string keep_text(const ReleaseView& v) {
  for (const StepView& step : v.steps)
    if (step.kind == StepKind::Keep && step.length && *step.length > base::Duration::zero())
      return fmt::format(" Going back is instant for {}.", base::human_duration(*step.length));
  return "";
}

std::string counted(int n, std::string_view one, std::string_view more) {
  return fmt::format("{} {}", n, n == 1 ? one : more);
}

}  // namespace

const StepView* current_step(const ReleaseView& v) {
  const auto found = std::ranges::find(v.steps, StepState::Current, &StepView::state);
  return found == v.steps.end() ? nullptr : &*found;
}

std::string next_step_text(const ReleaseView& v) {
  const StepView* current = current_step(v);
  const auto next = current ? static_cast<std::size_t>(current->number) : v.steps.size();
  return next < v.steps.size() ? fmt::format("step {}, {}", v.steps[next].number, v.steps[next].text) : "";
}

std::string switch_question(const ReleaseView& v, const Forward& forward) {
  return gives_everybody_all(v, forward) ? change_text(v) + keep_text(v) : "";
}

std::string skipped_text(const ReleaseView& v) {
  if (!is_under_way(v)) return "";
  int waits = 0, approvals = 0, analyses = 0;
  for (const StepView& step : v.steps) {
    if (step.state != StepState::Current && step.state != StepState::Waiting) continue;
    waits += step.kind == StepKind::Wait || step.kind == StepKind::Countdown;
    approvals += step.kind == StepKind::Approval;
    analyses += step.kind == StepKind::Analysis;
  }
  std::vector<std::string> parts;
  if (waits > 0) parts.push_back(counted(waits, "wait", "waits"));
  if (approvals > 0) parts.push_back(counted(approvals, "approval", "approvals"));
  if (analyses > 0) parts.push_back(counted(analyses, "analysis", "analyses"));
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return out;
}

}  // namespace slipway::view
