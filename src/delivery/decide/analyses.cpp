#include "delivery/decide/analyses.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "delivery/analysis/resolve.h"
#include "delivery/decide/preview.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

std::vector<Value> templates_of(const Turn& turn, const plan::Analysis& analysis, std::string& missing) {
  std::vector<Value> out;
  for (const std::string& name : analysis.templates) {
    const auto found = turn.o.templates.find(name);
    const auto why = turn.o.template_missing.find(name);
    if (found == turn.o.templates.end())
      missing =
          why != turn.o.template_missing.end() ? why->second : fmt::format("AnalysisTemplate {} does not exist", name);
    else
      out.push_back(found->second);
  }
  return out;
}

// What nobody in this cluster could answer, and what to use instead; empty: all metrics have a source.
std::string unanswerable(const Value& metrics, const MetricSources& sources) {
  std::vector<std::string> problems;
  for (const Value& m : metrics.items()) {
    const Value& provider = m["provider"];
    if (provider["gateway"].is_object() && !sources.gateway)
      problems.push_back(
          fmt::format("metric {} asks the built-in gateway, which this cluster does not have: use provider.prometheus "
                      "with query and address, or slipway install --gateway",
                      m["name"].as_string()));
    if (provider["prometheus"].is_object() && provider["prometheus"]["address"].as_string().empty() &&
        !sources.own_prometheus)
      problems.push_back(
          fmt::format("metric {} needs provider.prometheus.address: this cluster has no built-in Prometheus",
                      m["name"].as_string()));
    const std::string program = provider["process"]["name"].str();
    if (provider["process"].is_object() && sources.programs && !sources.programs->contains(program))
      problems.push_back(
          fmt::format("metric {0} asks the program {1}, which this cluster does not have: the administrator gives it "
                      "with --metric-process {1}=/path/to/program",
                      m["name"].as_string(), program));
  }
  return base::join(problems, "; ");
}

base::Result<Value> resolved(const Turn& turn, const plan::Analysis& analysis) {
  std::string missing;
  const auto templates = templates_of(turn, analysis, missing);
  if (!missing.empty()) return base::fail(base::Code::NotFound, missing);
  analysis::Values args;
  for (const plan::Arg& arg : analysis.args) args[arg.name] = arg.value;
  auto ready = analysis::resolve(templates, args);
  if (!ready) return ready;
  if (std::string problem = unanswerable((*ready)["metrics"], turn.o.sources); !problem.empty())
    return base::fail(base::Code::Invalid, std::move(problem));
  return ready;
}

Value subject(const std::string& service, const Revision& revision) {
  Value out = Value::object({{"hash", revision.hash}});
  if (!service.empty()) out.set("service", service);
  return out;
}

// The proof after a rollback is about the stable version.
const VariantState* measured(const Turn& turn, RunKind kind, std::size_t variant) {
  return kind == RunKind::Verification || turn.s.variants.empty() ? nullptr : &turn.s.variants[variant];
}

// After a rollback the same questions are put about the stable version.
Value spec_of(const Turn& turn, RunKind kind, const plan::Analysis& analysis, Value resolved, std::size_t variant) {
  Value spec = std::move(resolved);
  const Value about = subjects_of(turn, kind == RunKind::Verification);
  for (const data::Member& m : about.members()) spec.set(std::string(m.key.view()), m.value);
  if (const VariantState* of_test = measured(turn, kind, variant)) {
    spec.set("candidate", subject(of_test->service, *of_test));
    spec.set("variant", of_test->name);
  }
  if (!analysis.audience.empty()) spec.set("audience", analysis.audience);
  if (kind != RunKind::Verification && turn.s.position.measured_from)
    spec.set("since", stamp(*turn.s.position.measured_from));
  return spec;
}

// Proof needs a few measurements, not the whole analysis again.
constexpr std::int64_t kProofCount = 2;
void shorten(Value& spec) {
  Value metrics = Value::array();
  for (const Value& m : spec["metrics"].items()) {
    Value metric = m.with("count", kProofCount).without("consecutiveSuccessLimit");
    if (metric["failureLimit"].as_int() < 0) metric.set("failureLimit", 0);
    if (metric["interval"].as_string().empty()) metric.set("interval", "1s");
    metrics.push_back(metric.without("initialDelay"));
  }
  spec.set("metrics", metrics);
}

// A guard watches until the end of the release.
void watch_on(Value& spec) {
  Value metrics = Value::array();
  for (const Value& m : spec["metrics"].items()) {
    Value metric = m.without("count").without("consecutiveSuccessLimit");
    if (metric["failureLimit"].as_int() < 0) metric.set("failureLimit", 0);
    if (metric["interval"].as_string().empty()) metric.set("interval", "10s");
    metrics.push_back(metric);
  }
  spec.set("metrics", metrics);
}

const char* text_of(RunKind kind) {
  switch (kind) {
    case RunKind::Step:
      return "Step";
    case RunKind::Background:
      return "Background";
    case RunKind::Verification:
      return "Verification";
  }
  base::bug("unknown kind of run", __FILE__, __LINE__);
}

bool is_over(const Value& run) { return run["status"].has("completedAt"); }

AnalysisSummary summary_of(const Value& run) {
  AnalysisSummary out{.run = std::string(api::name_of(run)), .phase = run["status"]["phase"].str("Running")};
  out.user_step = run["spec"]["step"].as_int(-1);
  out.variant = run["spec"]["variant"].str();
  out.metrics = Value::array();
  for (const Value& m : run["status"]["metricResults"].items()) {
    const Value& last = m["measurements"].at(m["measurements"].size() ? m["measurements"].size() - 1 : 0);
    Value row = Value::object(
        {{"name", m["name"]}, {"phase", m["phase"]}, {"successful", m["successful"]}, {"failed", m["failed"]}});
    for (const char* key : {"value", "stable", "samples", "stableSamples"})
      if (last.has(key)) row.set(key, last[key]);
    for (const char* key : {"limit", "count", "unit", "dryRun"})
      if (m.has(key)) row.set(key, m[key]);
    out.metrics.push_back(row);
  }
  return out;
}

}  // namespace

Verdict verdict_of(const Value& run) {
  if (run.is_null()) return Verdict::Missing;
  const std::string_view phase = run["status"]["phase"].as_string();
  if (phase == "Successful") return Verdict::Passed;
  if (phase == "Failed") return Verdict::Failed;
  // Without measurements nobody knows: a person, or spec.rollback.onInconclusive, decides.
  return phase == "Inconclusive" || phase == "Error" ? Verdict::Inconclusive : Verdict::Running;
}

Value subjects_of(const Turn& turn, bool of_stable) {
  const auto routing = turn.plan.routing.value_or(plan::Routing{});
  // Before the route is split the user's own Service has the stable version's pods, and no other.
  const Value stable = subject(in_preview(turn) ? routing.service : routing.stable_service, *turn.s.stable);
  Value out = Value::object({{"release", api::name_of(turn.o.release)}, {"stable", stable}});
  out.set("candidate", of_stable ? stable : subject(routing.canary_service, *turn.s.candidate));
  if (const std::string apart = previewed_in(turn); !apart.empty() && !of_stable)
    out.set({"candidate", "namespace"}, apart);
  if (!routing.route.empty()) out.set("route", routing.route);
  return out;
}

std::int64_t fresh_attempt(const Turn& turn) {
  std::int64_t newest = turn.s.position.attempt;
  const std::string prefix = fmt::format("{}-{}-", api::name_of(turn.o.release), turn.s.candidate->number);
  for (const Value& run : turn.o.runs) {
    const std::string_view name = api::name_of(run);
    if (!name.starts_with(prefix)) continue;
    const std::string_view rest = name.substr(prefix.size());
    newest = std::max(newest, base::parse_int(rest.substr(0, rest.find('-'))).value_or(0));
  }
  return newest + 1;
}

std::string run_prefix(const Turn& turn) {
  const Revision& revision = turn.s.retreat ? turn.s.retreat->from : *turn.s.candidate;
  return fmt::format("{}-{}-{}", api::name_of(turn.o.release), revision.number, turn.s.position.attempt);
}

std::string run_name(const Turn& turn, RunKind kind, std::size_t variant) {
  const std::string base = run_prefix(turn);
  switch (kind) {
    case RunKind::Step:
      return fmt::format("{}-{}", base, turn.s.user_step + 1);
    case RunKind::Background:
      return base + "-background" + (turn.s.variants.empty() ? "" : "-" + turn.s.variants[variant].name);
    case RunKind::Verification:
      return base + "-verification";
  }
  base::bug("unknown kind of run", __FILE__, __LINE__);
}

void ensure_run(Turn& turn, RunKind kind, const plan::Analysis& analysis, std::size_t variant) {
  const std::string name = run_name(turn, kind, variant);
  if (!turn.o.run(name).is_null()) return;
  auto ready = resolved(turn, analysis);
  if (!ready) return turn.wait(ready.error().message);
  Value spec = spec_of(turn, kind, analysis, std::move(*ready), variant);
  if (kind == RunKind::Verification) shorten(spec);
  if (kind == RunKind::Background) watch_on(spec);
  if (kind == RunKind::Step) spec.set("step", turn.s.user_step);
  spec.set("kind", text_of(kind));
  create_run(turn, name, std::move(spec), "analysis.start", "analysis " + name);
}

void create_run(Turn& turn, const std::string& name, Value spec, std::string rule, const std::string& what) {
  turn.act(control::Create{
      api::kAnalysisRuns,
      Value::object(
          {{"apiVersion", api::kAnalysisRuns.api_version()},
           {"kind", "AnalysisRun"},
           {"metadata", Value::object({{"name", name},
                                       {"namespace", api::space_of(turn.o.release)},
                                       {"labels", Value::object({{kReleaseLabel, api::name_of(turn.o.release)}})},
                                       {"ownerReferences",
                                        Value::array({api::controller_reference(turn.o.release, api::kReleases)})}})},
           {"spec", std::move(spec)}})});
  turn.log(std::move(rule), what + " starts");
}

namespace {

// A hook whose time comes last: of the way back, or when all is done. One that is under way was begun by a decision
// whose status got lost, and the next one is about to come to it again.
bool is_last_hook(const Turn& turn, const Value& run) {
  const std::string prefix = run_prefix(turn) + "-hook-";
  if (run["spec"]["kind"].as_string() != "Hook" || !api::name_of(run).starts_with(prefix)) return false;
  const std::string_view name = api::name_of(run).substr(prefix.size());
  return std::ranges::find(turn.plan.rollback_hooks, name, &plan::Hook::name) != turn.plan.rollback_hooks.end() ||
         std::ranges::any_of(turn.plan.steps, [&](const plan::Step& step) {
           const auto* hook = std::get_if<plan::Hook>(&step.action);
           return hook && hook->name == name && hook->when == plan::Hook::When::AfterRelease;
         });
}

}  // namespace

void terminate_runs(Turn& turn, bool also_proof) {
  for (const Value& run : turn.o.runs)
    if (!is_over(run) && !run["spec"]["terminate"].as_bool() &&
        (also_proof || (run["spec"]["kind"].as_string() != "Verification" && !is_last_hook(turn, run))))
      turn.act(patch_of(api::kAnalysisRuns, run, Value::object({{"spec", Value::object({{"terminate", true}})}})));
}

Value numbers_of(const Value& run) {
  constexpr std::size_t kMost = 10, kLongest = 100;  // the log is part of the Release
  Value out = Value::array();
  const Value metrics = summary_of(run).metrics;
  for (const Value& metric : metrics.items()) {
    if (out.size() == kMost) break;
    Value numbers = Value::object({{"name", metric["name"]}});
    for (const char* key : {"value", "unit", "limit", "samples", "stable", "stableSamples"})
      if (metric.has(key) && metric[key].as_string().size() <= kLongest) numbers.set(key, metric[key]);
    out.push_back(std::move(numbers));
  }
  return out;
}

void trim_runs(Turn& turn) {
  std::vector<Value> over;
  for (const Value& run : turn.o.runs)
    if (is_over(run) && !api::is_deleting(run)) over.push_back(run);
  std::ranges::sort(
      over, {}, [](const Value& r) { return std::pair(r["metadata"]["creationTimestamp"].str(), api::name_of(r)); });
  for (std::size_t i = 0; i + kRunsKept < over.size(); ++i) turn.act(control::delete_of(api::kAnalysisRuns, over[i]));
}

void summarise_runs(Turn& turn) {
  if (!turn.s.candidate && !turn.s.retreat) return;
  const Revision& revision = turn.s.retreat ? turn.s.retreat->from : *turn.s.candidate;
  const std::string prefix = fmt::format("{}-{}-", api::name_of(turn.o.release), revision.number);
  turn.s.analysis.clear();
  for (const Value& run : turn.o.runs)
    if (api::name_of(run).starts_with(prefix)) turn.s.analysis.push_back(summary_of(run));
}

void add_analysis(plan::Analysis& all, const plan::Analysis& more) {
  for (const std::string& t : more.templates)
    if (std::ranges::find(all.templates, t) == all.templates.end()) all.templates.push_back(t);
  for (const plan::Arg& arg : more.args)
    if (std::ranges::find(all.args, arg.name, &plan::Arg::name) == all.args.end()) all.args.push_back(arg);
}

std::optional<plan::Analysis> background_of(const Turn& turn, std::size_t variant) {
  std::optional<plan::Analysis> out;
  if (turn.plan.routing && variant < turn.plan.routing->variants.size())
    out = turn.plan.routing->variants[variant].analysis;
  const plan::Guards& guards = turn.plan.guards;
  if (!guards.analysis || turn.s.user_step < guards.analysis_from) return out;
  if (!out) return guards.analysis;
  add_analysis(*out, *guards.analysis);
  return out;
}

namespace {

// Of a test: what each variant is measured by, with what all are.
std::vector<plan::Analysis> analyses_of_variants(const Turn& turn) {
  std::vector<plan::Analysis> out;
  if (!turn.plan.routing) return out;
  for (const plan::Variant& v : turn.plan.routing->variants) {
    if (!v.analysis) continue;
    out.push_back(*v.analysis);
    if (turn.plan.guards.analysis) add_analysis(out.back(), *turn.plan.guards.analysis);
  }
  return out;
}

}  // namespace

std::string analysis_problem(const Turn& turn) {
  std::vector<plan::Analysis> all;
  for (const plan::Step& step : turn.plan.steps)
    if (const auto* analyse = std::get_if<plan::Analyse>(&step.action)) all.push_back(analyse->analysis);
  if (turn.plan.guards.analysis) all.push_back(*turn.plan.guards.analysis);
  for (plan::Analysis& of_variant : analyses_of_variants(turn)) all.push_back(std::move(of_variant));
  for (const plan::Analysis& analysis : all)
    if (const auto ok = resolved(turn, analysis); !ok) return ok.error().message;
  Value hooks = Value::array();
  const auto add = [&](const plan::Hook& hook) {
    hooks.push_back(Value::object({{"name", "of hook " + hook.name}, {"provider", hook.provider}}));
  };
  for (const plan::Step& step : turn.plan.steps)
    if (const auto* hook = std::get_if<plan::Hook>(&step.action)) add(*hook);
  for (const plan::Hook& hook : turn.plan.rollback_hooks) add(hook);
  return unanswerable(hooks, turn.o.sources);
}

Evidence evidence_of(const Value& run) {
  Evidence out{.metric = std::string(api::name_of(run)), .message = run["status"]["message"].str()};
  for (const Value& m : run["status"]["metricResults"].items()) {
    const std::string_view phase = m["phase"].as_string();
    if (m["dryRun"].as_bool()) continue;
    if (phase != "Failed" && phase != "Error" && phase != "Inconclusive") continue;
    out.metric = m["name"].str();
    out.measurements = m["measurements"];
    for (const Value& one : m["measurements"].items())
      if (one["countedAs"].as_string(one["verdict"].as_string()) == "Failed")
        out.failing_at = base::parse_time(one["finishedAt"].as_string());
    break;
  }
  return out;
}

}  // namespace slipway::delivery
