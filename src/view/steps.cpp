#include "view/steps.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/meta.h"
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

// By its run when it has begun, else by its templates, as far as they could be read.
std::optional<base::Duration> length_of_analysis(const Objects& objects, const plan::Analysis& analysis) {
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

// What a step of the plan adds to that of the Release which it belongs to.
void add_action(const Objects& objects, const plan::Step& step, plan::Strategy strategy, StepView& out) {
  out.kind = std::max(out.kind, kind_of(step, strategy));
  const auto add = [&](base::Duration length) { out.length = out.length.value_or(base::Duration{}) + length; };
  if (const auto* wait = std::get_if<plan::Wait>(&step.action)) add(wait->duration);
  if (const auto* keep = std::get_if<plan::Keep>(&step.action)) add(keep->duration);
  if (const auto* analyse = std::get_if<plan::Analyse>(&step.action))
    if (const auto length = length_of_analysis(objects, analyse->analysis)) add(*length);
}

// The current step: a wait by the plan's clock, an analysis by that of its run.
void add_end(const Objects& objects, const State& s, StepView& step) {
  if (const Value& run = run_of(objects, s, step.number - 1); step.kind == StepKind::Analysis && run.is_object()) {
    step.length = length_of_metrics(run["spec"]["metrics"]);
    const auto started = base::parse_time(run["status"]["startedAt"].as_string());
    if (step.length && started) step.ends = *started + *step.length;
    return;
  }
  const bool by_clock = step.kind == StepKind::Wait || step.kind == StepKind::Countdown || step.kind == StepKind::Keep;
  if (by_clock && step.length && s.position.since) step.ends = *s.position.since + *step.length;
}

void add_left(ReleaseView& view) {
  TimeLeft left;
  for (const StepView& step : view.steps) {
    if (step.state != StepState::Current && step.state != StepState::Waiting) continue;
    left.approvals += step.kind == StepKind::Approval;
    left.complete = left.complete && (step.kind != StepKind::Analysis || step.length.has_value());
    if (step.state == StepState::Waiting && step.length) left.time += *step.length;
    if (step.ends && *step.ends > view.now) left.time += *step.ends - view.now;
  }
  view.left = left;
}

}  // namespace

void add_lengths(const Objects& objects, const State& s, ReleaseView& view) {
  if (!s.candidate || s.retreat) return;
  if (!s.step_names.empty() && s.step_names != plan::step_names(objects.release["spec"])) return;  // not followed yet
  plan::CohortSpecs cohorts;
  for (const data::Member& m : s.cohorts.members()) cohorts[std::string(m.key.view())] = m.value;
  const auto compiled = plan::compile(objects.release, plan::gateway_capabilities(), cohorts);
  if (!compiled) return;
  for (const plan::Step& step : compiled->steps)
    if (step.user_step >= 0 && step.user_step < std::ssize(view.steps))
      add_action(objects, step, compiled->strategy, view.steps[static_cast<std::size_t>(step.user_step)]);
  // Where waits and analyses are skipped nothing of that is left.
  if (s.position.full || s.position.fast || s.phase == delivery::Phase::Promoting) return;
  for (StepView& step : view.steps)
    if (step.state == StepState::Current) add_end(objects, s, step);
  add_left(view);
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
