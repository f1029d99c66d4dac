// plan: what a Release means, before anything moves.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "base/strings.h"
#include "cli/cohort.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/manifest.h"
#include "cli/plan_details.h"
#include "cli/print.h"
#include "cli/release_text.h"
#include "cli/target.h"
#include "delivery/forecast.h"
#include "delivery/observe_preview.h"
#include "delivery/plan/compile.h"
#include "view/render.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

// What a plan is printed from; null: not known.
struct Subject {
  Value release, workload = {}, policy = {};
  delivery::plan::CohortSpecs cohorts = {};
  std::optional<Value> preview_space = {};
  std::vector<std::string> missing = {};  // what its spec names and the cluster does not have
  std::vector<std::string> wrong = {};    // analyses that cannot be made, and why
};

struct Details {
  delivery::Forecast forecast;
  Gates gates;
  std::vector<NeededRight> rights;
  PreviewPlace preview = {};
  std::vector<std::string> missing = {}, wrong = {};
  std::optional<std::vector<MetricToday>> metrics = {};
};

Value gates_object(const Gates& gates) {
  Value windows = Value::array();
  for (const std::string& w : gates.windows) windows.push_back(w);
  Value caps = Value::array();
  for (const std::string& c : gates.caps) caps.push_back(c);
  return Value::object({{"windows", windows}, {"caps", caps}, {"open", gates.closed.empty()}, {"why", gates.closed}});
}

Value rights_object(const std::vector<NeededRight>& rights) {
  Value out = Value::array();
  for (const NeededRight& right : rights) {
    Value verbs = Value::array();
    for (const std::string& verb : right.verbs) verbs.push_back(verb);
    out.push_back(Value::object({{"resource", right.resource}, {"verbs", verbs}}));
  }
  return out;
}

Value metrics_object(const std::vector<MetricToday>& metrics) {
  Value out = Value::array();
  for (const MetricToday& m : metrics) {
    Value v = Value::object({{"name", m.name}, {"verdict", m.verdict}});
    if (!m.value.empty()) v.set("value", m.value);
    if (m.samples >= 0) v.set("samples", m.samples);
    out.push_back(std::move(v));
  }
  return out;
}

Value preview_object(const PreviewPlace& preview) {
  Value out = Value::object({{"namespace", preview.space}, {"why", preview.text}});
  if (preview.let_in) out.set("letIn", *preview.let_in);
  return out;
}

Value plan_object(const delivery::plan::ReleasePlan& plan, const Details& details) {
  Value steps = Value::array();
  for (const auto& step : plan.steps) {
    Value v = Value::object({{"action", to_text(step.action)}});
    if (step.user_step >= 0) v.set("step", step.user_step + 1);
    if (!step.field.empty()) v.set("field", step.field);
    steps.push_back(std::move(v));
  }
  Value out = Value::object({{"target", plan.target},
                             {"kind", to_text(plan.workload)},
                             {"strategy", to_text(plan.strategy)},
                             {"fingerprint", fingerprint(plan)},
                             {"steps", steps},
                             {"forecast", to_value(details.forecast)},
                             {"gates", gates_object(details.gates)},
                             {"versionedConfig", plan.versioned_config},
                             {"dynamicStableScale", plan.dynamic_stable},
                             {"rights", rights_object(details.rights)}});
  if (!details.preview.space.empty()) out.set("preview", preview_object(details.preview));
  if (details.metrics) out.set("metrics", metrics_object(*details.metrics));
  Value missing = Value::array();
  for (const std::string& name : details.missing) missing.push_back(name);
  if (missing.size() > 0) out.set("missing", missing);
  Value wrong = Value::array();
  for (const std::string& problem : details.wrong) wrong.push_back(problem);
  if (wrong.size() > 0) out.set("wrong", wrong);
  return out;
}

// In the columns of a printed plan.
std::string details_text(const delivery::plan::ReleasePlan& plan, const Details& details) {
  std::string out = to_text(details.forecast);
  if (plan.versioned_config) out += "config    a version is its template and what is in the ConfigMaps that it names\n";
  for (const std::string& w : details.gates.windows) out += fmt::format("window    {}\n", w);
  for (const std::string& c : details.gates.caps) out += fmt::format("cap       {}\n", c);
  for (const std::string& name : details.missing)
    out += fmt::format("missing   {}: no release begins without it\n", name);
  for (const std::string& problem : details.wrong)
    out += fmt::format("wrong     {}: no release begins with it\n", problem);
  if (!details.gates.closed.empty()) out += fmt::format("gate      {}\n", details.gates.closed);
  if (!details.preview.space.empty()) out += fmt::format("preview   {}\n", details.preview.text);
  for (const NeededRight& right : details.rights)
    out += fmt::format("{:<10}{}: {}\n", &right == details.rights.data() ? "rights" : "", right.resource,
                       base::join(right.verbs, ", "));
  if (!details.metrics) return out;
  TextTable table({"METRIC", "TODAY", "SAMPLES", "VERDICT"});
  for (const MetricToday& m : *details.metrics)
    table.add({m.name, m.value.empty() ? "-" : m.value, m.samples < 0 ? "-" : std::to_string(m.samples), m.verdict});
  return out + "\n" + (table.is_empty() ? "the plan has no metrics\n" : table.text());
}

ExitCode print_plan(Setting& s, const Subject& subject, const Plan& options) {
  const auto plan = delivery::plan::compile(subject.release, delivery::plan::gateway_capabilities(), subject.cohorts);
  if (!plan) return tell(s, plan.error());
  Details details{.forecast = delivery::forecast(*plan, subject.workload),
                  .gates = gates_of(*plan, subject.release, subject.policy, s.api.now()),
                  .rights = rights_of(*plan),
                  .preview = preview_place_of(*plan, subject.release, subject.preview_space),
                  .missing = subject.missing,
                  .wrong = subject.wrong};
  if (options.measure) {
    auto measured = measure_today(s, subject.release, *plan);
    if (!measured) return tell(s, measured.error());
    details.metrics = *std::move(measured);
  }
  const bool whole = options.format == Format::Json || options.format == Format::Yaml;
  s.terminal.data(whole ? print_object(plan_object(*plan, details), options.format)
                        : joined(view::render_plan(*plan)) + details_text(*plan, details));
  return ExitCode::Reached;
}

// An object among the documents; null: it is not there.
Value among(const Manifests& manifests, std::string_view kind, std::string_view name, std::string_view space) {
  for (const Manifest& m : manifests.documents) {
    const Value& v = m.content.value;
    if (v["kind"].as_string() == kind && api::name_of(v) == name && api::space_of(v) == space) return v;
  }
  return {};
}

std::optional<Value> known(Value object) { return object.is_null() ? std::nullopt : std::optional(std::move(object)); }

// Not everybody may read Namespaces.
std::optional<Value> preview_space_in(Setting& s, const Value& release) {
  const std::string name = delivery::preview_space_of(release);
  if (name.empty()) return std::nullopt;
  auto found = s.api.call({.verb = client::Verb::Get, .resource = api::kNamespaces, .name = name});
  if (found) return *std::move(found);
  return found.error().code == Code::NotFound ? std::optional(Value()) : std::nullopt;
}

// AnalysisTemplates that are not there; what may not be read counts as there.
std::vector<std::string> missing_templates(Setting& s, const Value& release) {
  std::set<std::string> out;
  for (const Value& analysis : delivery::plan::analyses_of(release["spec"]))
    for (const Value& t : analysis["templates"].items()) {
      const bool cluster = t["clusterScope"].as_bool();
      const auto found = s.api.get(cluster ? api::kClusterAnalysisTemplates : api::kAnalysisTemplates, t["name"].str());
      if (!found && found.error().code == Code::NotFound)
        out.insert(
            fmt::format("{} {}", cluster ? "ClusterAnalysisTemplate" : "AnalysisTemplate", t["name"].as_string()));
    }
  return {out.begin(), out.end()};
}

// Arguments, placeholders and conditions of analyses whose templates can be read.
std::vector<std::string> wrong_analyses(Setting& s, const Value& release) {
  std::set<std::string> out;
  for (const Value& analysis : delivery::plan::analyses_of(release["spec"]))
    if (const auto made = resolve_analysis(s, analysis); !made && made.error().code == Code::Invalid)
      out.insert(made.error().message);
  return {out.begin(), out.end()};
}

ExitCode plan_files(Setting& s, const Plan& plan) {
  const Manifests manifests = load_manifests(plan.files);
  std::vector<Problem> problems = manifests.problems;
  int releases = 0;
  ExitCode code = ExitCode::Reached;
  for (const Manifest& m : manifests.documents) {
    const Value& v = m.content.value;
    if (v["kind"].as_string() != "Release" || (!plan.name.empty() && api::name_of(v) != plan.name)) continue;
    ++releases;
    if (auto wrong = problems_of(m); !wrong.empty()) {
      std::ranges::move(wrong, std::back_inserter(problems));
      continue;
    }
    const Subject subject{.release = v,
                          .workload = among(manifests, resource_of_target(v).kind, name_of_target(v), api::space_of(v)),
                          .policy = among(manifests, "ReleasePolicy", api::kPolicyName, ""),
                          .cohorts = cohorts_among(manifests, api::space_of(v)),
                          .preview_space = known(among(manifests, "Namespace", delivery::preview_space_of(v), ""))};
    const auto compiled = delivery::plan::compile(v, delivery::plan::gateway_capabilities(), subject.cohorts);
    if (compiled)
      code = print_plan(s, subject, plan);
    else
      std::ranges::move(problems_of(m, compiled.error()), std::back_inserter(problems));
  }
  for (const Problem& problem : problems) s.terminal.talk("error: " + to_text(problem));
  if (!problems.empty()) return ExitCode::Usage;
  return releases > 0 ? code : tell(s, {.code = Code::BadRequest, .message = "no Release among the documents"});
}

}  // namespace

ExitCode run(Setting& s, const Plan& plan) {
  if (!plan.files.empty() && plan.measure)
    return tell(s, {.code = Code::BadRequest, .message = "--measure asks about a Release of the cluster: plan NAME"});
  if (!plan.files.empty()) return plan_files(s, plan);
  if (plan.name.empty()) return tell(s, {.code = Code::BadRequest, .message = "plan needs a NAME or -f"});
  const auto release = s.api.get(api::kReleases, plan.name);
  if (!release) return tell(s, release.error());
  const auto cohorts = cohorts_in(s);
  if (!cohorts) return tell(s, cohorts.error());
  const auto workload = s.api.get(resource_of_target(*release), name_of_target(*release));
  // Not everybody may read it, and not every cluster has it.
  const auto policy =
      s.api.call({.verb = client::Verb::Get, .resource = api::kReleasePolicies, .name = std::string(api::kPolicyName)});
  return print_plan(s,
                    {.release = *release,
                     .workload = workload.value_or(Value()),
                     .policy = policy.value_or(Value()),
                     .cohorts = *cohorts,
                     .preview_space = preview_space_in(s, *release),
                     .missing = missing_templates(s, *release),
                     .wrong = wrong_analyses(s, *release)},
                    plan);
}

}  // namespace slipway::cli
