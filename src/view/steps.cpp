#include "view/steps.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/meta.h"
#include "delivery/begun.h"
#include "delivery/plan/compile.h"

namespace slipway::view {
namespace {

using data::Value;
using delivery::State;
namespace plan = delivery::plan;

// --- how long -----------------------------------------------------------------------------------------------------

base::Duration duration_of(const Value& v) {
  return base::parse_duration(v.as_string()).value_or(base::Duration::zero());
}

// From its beginning to the last measurement that makes a pass; nothing for one without an end of its own.
std::optional<base::Duration> length_of_metric(const Value& metric) {
  const base::Duration delay = duration_of(metric["initialDelay"]), interval = duration_of(metric["interval"]);
  if (interval == base::Duration::zero()) return delay;
  const std::int64_t times = std::max(metric["count"].as_int(), metric["consecutiveSuccessLimit"].as_int());
  if (times <= 0) return std::nullopt;
  return delay + interval * (times - 1);
}

std::optional<base::Duration> length_of_metrics(const Value& metrics) {
  base::Duration longest{};
  for (const Value& metric : metrics.items()) {
    const auto length = length_of_metric(metric);
    if (!length) return std::nullopt;
    longest = std::max(longest, *length);
  }
  return longest;
}

// By its templates, as far as they could be read.
std::optional<base::Duration> length_by_templates(const Objects& objects, const plan::Analysis& analysis) {
  base::Duration longest{};
  for (const std::string& name : analysis.templates) {
    const auto found =
        std::ranges::find_if(objects.templates, [&](const Value& one) { return api::name_of(one) == name; });
    if (found == objects.templates.end()) return std::nullopt;
    const auto length = length_of_metrics((*found)["spec"]["metrics"]);
    if (!length) return std::nullopt;
    longest = std::max(longest, *length);
  }
  return longest;
}

// The run of a step; null: it has none yet.
const Value& run_of(const Objects& objects, const State& s, int user_step) {
  const Value* last = &data::kNull;
  const std::string prefix =
      std::string(api::name_of(objects.release)) + "-" + std::to_string(s.candidate->number) + "-";
  for (const Value& run : objects.runs)
    if (run["spec"]["kind"].as_string() == "Step" && run["spec"]["step"].as_int(-1) == user_step &&
        api::name_of(run).starts_with(prefix) &&
        run["status"]["startedAt"].as_string() >= (*last)["status"]["startedAt"].as_string())
      last = &run;
  return *last;
}

StepKind kind_of(const plan::Step& step, plan::Strategy strategy) {
  if (std::holds_alternative<plan::Approve>(step.action)) return StepKind::Approval;
  if (std::holds_alternative<plan::Analyse>(step.action)) return StepKind::Analysis;
  if (std::holds_alternative<plan::Keep>(step.action)) return StepKind::Keep;
  const bool blue_green = strategy == plan::Strategy::BlueGreen;
  if (std::holds_alternative<plan::Wait>(step.action)) return blue_green ? StepKind::Countdown : StepKind::Wait;
  if (const auto* traffic = std::get_if<plan::Traffic>(&step.action); traffic && blue_green)
    return traffic->share == plan::kWhole ? StepKind::Switch : StepKind::Other;
  if (std::holds_alternative<plan::Preview>(step.action)) return StepKind::Preview;
  if (std::holds_alternative<plan::Scale>(step.action) && blue_green) return StepKind::Preview;
  return StepKind::Other;
}

// Zero: it does not last; nothing: nobody knows. An analysis that has begun goes by its run.
std::optional<base::Duration> length_of(const Objects& objects, const State& s, const plan::Step& step) {
  if (const auto* wait = std::get_if<plan::Wait>(&step.action)) return wait->duration;
  if (const auto* keep = std::get_if<plan::Keep>(&step.action)) return keep->duration;
  const auto* analyse = std::get_if<plan::Analyse>(&step.action);
  if (!analyse) return base::Duration{};
  const Value& run = run_of(objects, s, step.user_step);
  return run.is_object() ? length_of_metrics(run["spec"]["metrics"]) : length_by_templates(objects, analyse->analysis);
}

// What a step of the plan adds to that of the Release which it belongs to.
void add_action(const Objects& objects, const State& s, const plan::Step& step, plan::Strategy strategy,
                StepView& out) {
  out.kind = std::max(out.kind, kind_of(step, strategy));
  const bool lasts = std::holds_alternative<plan::Wait>(step.action) ||
                     std::holds_alternative<plan::Keep>(step.action) ||
                     std::holds_alternative<plan::Analyse>(step.action);
  if (const auto length = length_of(objects, s, step); lasts && length)
    out.length = out.length.value_or(base::Duration{}) + *length;
}

// --- where it stands ----------------------------------------------------------------------------------------------

// By which the release goes on; nothing: it has none, or none that it has followed already.
std::optional<plan::ReleasePlan> plan_under_way(const Objects& objects, const State& s) {
  if (!s.candidate || s.retreat) return std::nullopt;
  if (!s.step_names.empty() && s.step_names != plan::step_names(objects.release["spec"])) return std::nullopt;
  plan::CohortSpecs cohorts;
  for (const data::Member& m : s.cohorts.members()) cohorts[std::string(m.key.view())] = m.value;
  auto compiled = plan::compile(delivery::as_begun(objects.release), plan::gateway_capabilities(), cohorts);
  return compiled ? std::optional(*std::move(compiled)) : std::nullopt;
}

// What it does now: a batch is pods, traffic, a wait, an analysis and an approval. Null: it is at its end.
const plan::Step* present_step(const plan::ReleasePlan& plan, const State& s) {
  const auto index = static_cast<std::size_t>(s.position.index);
  return index < plan.steps.size() ? &plan.steps[index] : nullptr;
}

// Held waits begin anew when they go on.
bool stands_still(delivery::Phase phase) {
  using delivery::Phase;
  return phase == Phase::Paused || phase == Phase::Waiting || phase == Phase::Invalid;
}

// When the present step began; nothing: it does not last, or has not begun.
std::optional<Time> began_at(const Objects& objects, const State& s, const plan::Step& present) {
  if (std::holds_alternative<plan::Analyse>(present.action))
    return base::parse_time(run_of(objects, s, present.user_step)["status"]["startedAt"].as_string());
  const bool by_clock =
      std::holds_alternative<plan::Wait>(present.action) || std::holds_alternative<plan::Keep>(present.action);
  return by_clock && !stands_still(s.phase) ? s.position.since : std::nullopt;
}

void add_present(const Objects& objects, const State& s, const plan::Step& present, ReleaseView& view) {
  if (present.user_step < 0 || present.user_step >= std::ssize(view.steps)) return;
  StepView& shown = view.steps[static_cast<std::size_t>(present.user_step)];
  const auto began = began_at(objects, s, present);
  const auto length = length_of(objects, s, present);
  if (shown.state != StepState::Current || !began || !length) return;
  shown.since = began;
  shown.ends = *began + *length;
}

TimeLeft left_of(const Objects& objects, const State& s, const plan::ReleasePlan& plan, Time now) {
  TimeLeft left;
  const plan::Step* present = present_step(plan, s);
  for (const plan::Step* step = present; step && step != plan.steps.data() + plan.steps.size(); ++step) {
    left.approvals += std::holds_alternative<plan::Approve>(step->action);
    const auto length = length_of(objects, s, *step);
    const auto began = step == present ? began_at(objects, s, *step) : std::nullopt;
    left.complete = left.complete && length;
    if (length) left.time += began ? std::max(*began + *length - now, base::Duration{}) : *length;
  }
  return left;
}

// As delivery/decide/forward_commands.h answers.
bool takes_promote(const State& s, const plan::ReleasePlan& plan) {
  for (const delivery::VariantState& v : s.variants)
    if (v.stopped_at && v.hash == s.candidate->hash) return false;
  if (s.halt || (s.position.back_to >= 0 && s.position.index > s.position.back_to)) return true;
  const plan::Step* present = present_step(plan, s);
  if (!present) return false;
  if (std::holds_alternative<plan::Analyse>(present->action)) return s.phase == delivery::Phase::Paused;
  return std::holds_alternative<plan::Wait>(present->action) || std::holds_alternative<plan::Keep>(present->action) ||
         std::holds_alternative<plan::Approve>(present->action);
}

}  // namespace

void add_plan(const Objects& objects, const State& s, ReleaseView& view) {
  const auto plan = plan_under_way(objects, s);
  if (!plan) return;
  for (const plan::Step& step : plan->steps)
    if (step.user_step >= 0 && step.user_step < std::ssize(view.steps))
      add_action(objects, s, step, plan->strategy, view.steps[static_cast<std::size_t>(step.user_step)]);
  view.takes_promote = takes_promote(s, s.position.fast ? plan::without_steps(*plan) : *plan);
  if (s.position.fast) return;  // its steps are none of the Release's
  if (const plan::Step* present = present_step(*plan, s)) add_present(objects, s, *present, view);
  // Where waits and analyses are skipped nothing of that is left.
  if (!s.position.full && s.phase != delivery::Phase::Promoting) view.left = left_of(objects, s, *plan, view.now);
}

// --- who ----------------------------------------------------------------------------------------------------------

namespace {

std::optional<CommandView> command_of(const LogEntry& entry) {
  if (entry.rule != "command" || !entry.inputs["accepted"].as_bool()) return std::nullopt;
  return CommandView{entry.time, entry.inputs["verb"].str(), entry.inputs["by"].str(), entry.inputs["reason"].str()};
}

// Who changed the pod template last, by the record that the API server keeps.
std::string manager_of(const Value& workload) {
  std::string_view manager, newest;
  for (const Value& entry : workload["metadata"]["managedFields"].items()) {
    const bool wrote = entry["fieldsV1"]["f:spec"]["f:template"].is_object();
    if (!wrote || !entry["subresource"].as_string().empty() || entry["time"].as_string() < newest) continue;
    manager = entry["manager"].as_string(), newest = entry["time"].as_string();
  }
  return std::string(manager.substr(manager.starts_with(kPersonManager) ? kPersonManager.size() : 0));
}

// The command that kubectl's field managers stand for; empty: it is none of them. They do not say who typed it.
std::string_view tool_of(std::string_view manager) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTools = {{
      {"kubectl", "kubectl apply"},
      {"kubectl-client-side-apply", "kubectl apply"},
      {"kubectl-create", "kubectl create"},
      {"kubectl-edit", "kubectl edit"},
      {"kubectl-patch", "kubectl patch"},
      {"kubectl-replace", "kubectl replace"},
      {"kubectl-rollout", "kubectl rollout"},
      {"kubectl-set", "kubectl set"},
  }};
  const auto found = std::ranges::find(kTools, manager, &std::pair<std::string_view, std::string_view>::first);
  if (found != kTools.end()) return found->second;
  return manager.starts_with("kubectl-") ? "kubectl" : "";
}

}  // namespace

namespace {

void forget_commands(ReleaseView& view, std::int64_t from) {
  for (std::size_t i = 0; i < view.steps.size(); ++i)
    if (static_cast<std::int64_t>(i) >= from) view.steps[i].commands.clear();
}

}  // namespace

void add_people(const Objects& objects, ReleaseView& view) {
  const std::string hash = view.candidate ? view.candidate->hash : view.rollback ? view.rollback->from.hash : "";
  std::optional<CommandView> asked;
  for (const LogEntry& entry : view.log) {
    if (entry.rule == "release.start") {
      view.asked = std::exchange(asked, std::nullopt);
      forget_commands(view, 0);
    }
    if (entry.rule == "plan.changed") forget_commands(view, 0);  // they were said at other steps
    const auto command = command_of(entry);
    if (!command) continue;
    if (command->verb == "back") {
      forget_commands(view, entry.inputs["step"].as_int() - 1);  // these steps are passed anew
      continue;
    }
    if (!hash.empty() && entry.inputs["hash"] == Value(hash)) asked = command;  // undo, retry: of this version
    const std::int64_t step = entry.inputs["step"].as_int(-1);
    if (step >= 0 && step < std::ssize(view.steps))
      view.steps[static_cast<std::size_t>(step)].commands.push_back(*command);
  }
  if (!view.candidate || view.asked) return;
  const std::string by = manager_of(objects.deployment);
  const std::string cause(api::annotation(objects.deployment, "kubernetes.io/change-cause"));
  const std::string tool(tool_of(by));
  if (!by.empty() || !cause.empty())
    view.asked = CommandView{.by = tool.empty() ? by : "", .reason = cause, .tool = tool};
}

}  // namespace slipway::view
