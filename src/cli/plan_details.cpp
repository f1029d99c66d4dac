#include "cli/plan_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/meta.h"
#include "api/windows.h"
#include "base/strings.h"
#include "data/json.h"
#include "delivery/analysis/resolve.h"
#include "delivery/observe_preview.h"
#include "delivery/plan/compile.h"
#include "delivery/state.h"
#include "delivery/traffic/router.h"
#include "install/rules.h"
#include "runtime/real/loop.h"
#include "view/view.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;
using delivery::plan::Capacity;
using delivery::plan::ReleasePlan;

constexpr base::Duration kMeasurePatience = base::seconds(30);

// --- rights -------------------------------------------------------------------------------------------------

bool measures(const ReleasePlan& plan) {
  return plan.guards.analysis || !plan.rollback_hooks.empty() ||
         std::ranges::any_of(plan.steps, [](const delivery::plan::Step& step) {
           return std::holds_alternative<delivery::plan::Analyse>(step.action) ||
                  std::holds_alternative<delivery::plan::Hook>(step.action);
         });
}

std::set<std::string> needed_resources(const ReleasePlan& plan) {
  std::set<std::string> out = {
      "releases.slipway.dev",      "releasepolicies.slipway.dev", "controllerrevisions.apps", "pods", "events",
      "leases.coordination.k8s.io"};
  out.insert(delivery::plan::resource_of(plan.workload).qualified());
  if (plan.capacity != Capacity::InPlace) out.insert("replicasets.apps");
  if (plan.versioned_config) out.insert("configmaps");
  if (measures(plan)) out.merge(std::set<std::string>{"analysisruns.slipway.dev", "analysistemplates.slipway.dev"});
  if (plan.strategy == delivery::plan::Strategy::Gray || plan.strategy == delivery::plan::Strategy::AbTest)
    out.insert("cohorts.slipway.dev");
  if (delivery::plan::preview_begin(plan)) out.insert("namespaces");
  if (!plan.routing) return out;
  const delivery::Router& router = delivery::router_of(plan.routing->kind);
  out.merge(std::set<std::string>{"services", "endpointslices.discovery.k8s.io", router.route_kind().qualified()});
  if (const auto second = router.companion(*plan.routing)) out.insert(second->kind.qualified());
  return out;
}

std::string qualified(const install::Right& right) {
  const std::string resource = right.resource.substr(0, right.resource.find('/'));
  return right.group.empty() ? resource : resource + "." + right.group;
}

// Pods are made and taken by metrics of provider job, taken where they are replaced in place, and changed and taken
// where some are kept after a rollback.
bool concerns(const install::Right& right, const ReleasePlan& plan) {
  if (right.resource != "pods") return true;
  const bool keeps = plan.rollback.keep_pods > 0;
  if (right.verbs.front() == "patch") return keeps;
  return right.verbs.front() != "create" || keeps || plan.capacity == Capacity::InPlace || measures(plan);
}

// --- metrics ------------------------------------------------------------------------------------------------

bool has_effects(const Value& metric) { return metric["provider"].has("job") || metric["provider"].has("process"); }

// Asked once, at once.
Value asked_once(const Value& metric) {
  Value out = metric.without("initialDelay").without("interval").without("consecutiveSuccessLimit").without("onNoData");
  out.set("count", 1);
  out.set("failureLimit", 0);
  out.set("dryRun", false);
  return out;
}

struct Asked {
  Value metrics = Value::array();
  std::vector<MetricToday> left_out = {};
};

base::Result<Asked> questions(Setting& s, const Value& analysis) {
  const auto resolved = resolve_analysis(s, analysis);
  if (!resolved) return std::unexpected(resolved.error());
  Asked out;
  for (const Value& metric : (*resolved)["metrics"].items())
    if (has_effects(metric))
      out.left_out.push_back(
          {.name = metric["name"].str(), .verdict = "not asked: it runs something of its own (job or process)"});
    else
      out.metrics.push_back(asked_once(metric));
  return out;
}

Value run_of(const Value& release, const ReleasePlan& plan, const std::string& hash, Value metrics) {
  Value stable = Value::object({{"hash", hash}});
  if (plan.routing) stable.set("service", plan.routing->service);
  Value spec = Value::object({{"kind", "Verification"},
                              {"candidate", stable},
                              {"stable", stable},
                              {"metrics", std::move(metrics)},
                              {"ttl", "1m"}});
  if (plan.routing && !plan.routing->route.empty()) spec.set("route", plan.routing->route);
  return Value::object({{"apiVersion", api::kAnalysisRuns.api_version()},
                        {"kind", "AnalysisRun"},
                        {"metadata", Value::object({{"generateName", fmt::format("{}-plan-", api::name_of(release))},
                                                    {"namespace", api::space_of(release)}})},
                        {"spec", std::move(spec)}});
}

MetricToday said(const Value& result) {
  MetricToday out{.name = result["name"].str(), .verdict = result["phase"].str()};
  const Value& one = result["measurements"].at(0);
  if (one["value"].is_number()) out.value = view::metric_text(one["value"].as_double(), result["unit"].as_string());
  if (one["samples"].is_number()) out.samples = one["samples"].as_int();
  const std::string why = one["message"].str(result["message"].str());
  out.verdict = one["verdict"].str(out.verdict);
  if (!why.empty() && out.verdict != "Passed") out.verdict += ": " + why;
  return out;
}

// Every metric has been asked. One without data is asked again and again by an analysis; here once is enough.
bool has_asked_all(const Value& run) {
  const Value& results = run["status"]["metricResults"];
  if (run["status"].has("completedAt")) return true;
  return results.size() == run["spec"]["metrics"].size() &&
         std::ranges::all_of(results.items(), [](const Value& r) { return r["measurements"].size() > 0; });
}

base::Result<Value> await_answers(Setting& s, const std::string& name) {
  for (const base::Time start = s.api.now(); s.api.now() - start < kMeasurePatience;) {
    auto run = s.api.get(api::kAnalysisRuns, name);
    if (!run || has_asked_all(*run)) return run;
    if (!s.api.pause(base::milliseconds(100))) return base::fail(Code::Canceled, "interrupted");
  }
  return base::fail(Code::Timeout, "AnalysisRun " + name + " has no answers yet: is a controller running?");
}

base::Result<std::vector<MetricToday>> answers(Setting& s, const Value& release, const ReleasePlan& plan,
                                               const std::string& hash, Value metrics) {
  const std::string space(api::space_of(release));
  const auto made = s.api.call({.verb = client::Verb::Create,
                                .resource = api::kAnalysisRuns,
                                .space = space,
                                .body = run_of(release, plan, hash, std::move(metrics))});
  if (!made) return std::unexpected(made.error());
  const std::string name(api::name_of(*made));
  const auto run = await_answers(s, name);
  (void)s.api.call({.verb = client::Verb::Delete, .resource = api::kAnalysisRuns, .space = space, .name = name});
  if (!run) return std::unexpected(run.error());
  std::vector<MetricToday> out;
  for (const Value& result : (*run)["status"]["metricResults"].items()) out.push_back(said(result));
  return out;
}

bool says_nothing(const MetricToday& m) { return m.value.empty(); }

// While its route is not split our gateway counts requests for no version in particular: what has no data is asked
// about all of them.
base::Result<std::vector<MetricToday>> ask(Setting& s, const Value& release, const ReleasePlan& plan,
                                           const delivery::State& state, const Value& analysis) {
  auto asked = questions(s, analysis);
  if (!asked) return std::unexpected(asked.error());
  std::vector<MetricToday> out = std::move(asked->left_out);
  if (asked->metrics.size() == 0) return out;
  auto of_version = answers(s, release, plan, state.stable->hash, asked->metrics);
  if (!of_version) return of_version;
  const bool at_rest = plan.routing && !state.candidate;
  if (at_rest && std::ranges::any_of(*of_version, says_nothing)) {
    auto of_all = answers(s, release, plan, "", asked->metrics);
    if (!of_all) return of_all;
    for (std::size_t i = 0; i < of_version->size() && i < of_all->size(); ++i)
      if (says_nothing((*of_version)[i]) && !says_nothing((*of_all)[i])) {
        (*of_version)[i] = (*of_all)[i];
        (*of_version)[i].verdict += " (of all requests: the route is not split now)";
      }
  }
  std::ranges::move(*of_version, std::back_inserter(out));
  return out;
}

}  // namespace

base::Result<Value> resolve_analysis(Setting& s, const Value& analysis) {
  std::vector<Value> templates;
  for (const Value& named : analysis["templates"].items()) {
    const bool cluster = named["clusterScope"].as_bool();
    auto found = s.api.get(cluster ? api::kClusterAnalysisTemplates : api::kAnalysisTemplates, named["name"].str());
    if (!found) return std::unexpected(found.error());
    templates.push_back(*std::move(found));
  }
  delivery::analysis::Values args;
  for (const Value& arg : analysis["args"].items()) args[arg["name"].str()] = arg["value"].str();
  return delivery::analysis::resolve(templates, args);
}

namespace {

struct Cap {
  std::int64_t most = 0;           // 0: none
  std::string_view where;          // " in the cluster"
  std::vector<std::string> taken;  // by others: "shop/api"
  std::int64_t waiting = 0;        // that are known of
  bool is_full() const { return most > 0 && static_cast<std::int64_t>(taken.size()) >= most; }
};

Cap cap_of(const Value& policy, const char* field, std::string_view where, const Value& release, bool of_namespace) {
  Cap out{.most = policy["spec"][field].as_int(), .where = where};
  for (const Value& place : policy["status"]["places"].items()) {
    const bool here = place["namespace"].as_string() == api::space_of(release);
    const bool own = here && place["name"].as_string() == api::name_of(release);
    if (!own && (here || !of_namespace))
      out.taken.push_back(fmt::format("{}/{}", place["namespace"].as_string(), place["name"].as_string()));
  }
  out.waiting = !of_namespace ? policy["status"]["waiting"].as_int()
                              : std::ranges::count_if(policy["status"]["queue"].items(), [&](const Value& entry) {
                                  return entry["namespace"].as_string() == api::space_of(release);
                                });
  return out;
}

std::string to_text(const Cap& cap) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> named = cap.taken;
  if (named.size() > kNamed) named.resize(kNamed);
  std::string under_way = named.empty() ? "none is under way" : base::join(named, ", ");
  if (cap.taken.size() > kNamed) under_way += fmt::format(" and {} more", cap.taken.size() - kNamed);
  if (!named.empty()) under_way += cap.taken.size() == 1 ? " is under way" : " are under way";
  return fmt::format(
      "{} release{} at once{}: {}{}", cap.most, cap.most == 1 ? "" : "s", cap.where, under_way,
      cap.waiting > 0 ? fmt::format(", {} waiting for {} turn", cap.waiting, cap.waiting == 1 ? "its" : "their") : "");
}

}  // namespace

Gates gates_of(const ReleasePlan& plan, const Value& release, const Value& policy, base::Time now) {
  Gates out;
  bool full = false;
  for (const Cap& cap : {cap_of(policy, "maxConcurrent", " in the cluster", release, false),
                         cap_of(policy, "maxConcurrentPerNamespace", " in this namespace", release, true)}) {
    if (cap.most <= 0) continue;
    out.caps.push_back(to_text(cap));
    full = full || cap.is_full();
  }
  const std::vector<api::Window> theirs = api::windows_of(policy["spec"]["windows"]);
  for (const api::Window& w : plan.windows) out.windows.push_back(api::to_text(w));
  for (const api::Window& w : theirs) out.windows.push_back(api::to_text(w) + ", of the administrator");
  const auto check = [&](const std::vector<api::Window>& windows) {
    const api::Opening opening = api::opening_at(windows, now);
    if (opening.open || !out.closed.empty()) return;
    out.closed =
        opening.opens ? "closed now; opens " + base::format_time(*opening.opens) : "closed now, and does not open";
    if (!opening.window.empty()) out.closed += ": " + opening.window;
  };
  if (policy["spec"]["stop"].is_object())
    out.closed = "all releases are stopped: " + policy["spec"]["stop"]["reason"].str();
  check(theirs);
  check(plan.windows);
  if (full && out.closed.empty()) out.closed = "no place is free: it would wait for its turn";
  return out;
}

std::vector<NeededRight> rights_of(const ReleasePlan& plan) {
  const std::set<std::string> needed = needed_resources(plan);
  std::vector<NeededRight> out;
  for (const install::Right& right : install::controller_rights()) {
    if (!needed.contains(qualified(right)) || !concerns(right, plan)) continue;
    const std::size_t part = right.resource.find('/');
    const std::string name = qualified(right) + (part == std::string::npos ? "" : right.resource.substr(part));
    const auto known = std::ranges::find(out, name, &NeededRight::resource);
    NeededRight& entry = known != out.end() ? *known : out.emplace_back(NeededRight{.resource = name});
    for (const std::string& verb : right.verbs)
      if (std::ranges::find(entry.verbs, verb) == entry.verbs.end()) entry.verbs.push_back(verb);
  }
  return out;
}

PreviewPlace preview_place_of(const ReleasePlan& plan, const Value& release, const std::optional<Value>& space) {
  const auto begin = delivery::plan::preview_begin(plan);
  if (!begin) return {};
  PreviewPlace out{.space = std::get<delivery::plan::Preview>(plan.steps[*begin].action).space};
  if (!space) {
    out.text = fmt::format("namespace {} has to let it in: {}", out.space,
                           delivery::preview_grant_command({}, out.space, release));
    return out;
  }
  const std::string refusal = delivery::preview_refusal(*space, out.space, release);
  out.let_in = refusal.empty();
  out.text = refusal.empty() ? fmt::format("namespace {} lets it in", out.space) : refusal;
  return out;
}

base::Result<std::vector<MetricToday>> measure_today(Setting& s, const Value& release, const ReleasePlan& plan) {
  const delivery::State state = delivery::read_state(release["status"]);
  if (!state.stable)
    return base::fail(Code::Conflict, fmt::format("release/{} has no stable version yet to measure: {}",
                                                  api::name_of(release), state.message));
  std::vector<MetricToday> out;
  std::set<std::string> asked;
  for (const Value& analysis : delivery::plan::analyses_of(release["spec"])) {
    if (!asked.insert(data::to_json(analysis["templates"]) + data::to_json(analysis["args"])).second) continue;
    auto more = ask(s, release, plan, state, analysis);
    if (!more) return more;
    for (MetricToday& metric : *more) out.push_back(std::move(metric));
  }
  return out;
}

}  // namespace slipway::cli
