#include "delivery/plan/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "base/strings.h"
#include "delivery/config.h"
#include "delivery/plan/compile_gray.h"
#include "delivery/plan/compile_hooks.h"
#include "delivery/plan/compile_rolling.h"
#include "delivery/plan/compile_variants.h"
#include "delivery/plan/step_writer.h"

namespace slipway::delivery::plan {
namespace {

using base::Cause;
using data::Value;

Guards guards_of(const Value& spec) {
  const Value& guards = spec["guards"];
  Guards out;
  out.max_restarts = limit_of(guards["maxRestarts"]);
  out.max_probe_failures = limit_of(guards["maxProbeFailures"]);
  if (guards["analysis"].is_object()) out.analysis = analysis_of(guards["analysis"]);
  out.analysis_from = static_cast<int>(guards["analysis"]["fromStep"].as_int());
  out.deadline = duration_or(spec["deadline"], out.deadline);
  for (const Value& each : guards["troubles"].items())
    if (const auto kind = trouble_named(each["trouble"].as_string()))
      out.troubles[*kind] =
          each["action"].as_string() == "Wait" ? std::nullopt : std::optional(duration_or(each["after"], kHopeless));
  return out;
}

Rollback rollback_of(const Value& v) {
  Rollback out;
  out.verify_timeout = duration_or(v["verifyTimeout"], out.verify_timeout);
  if (v["window"].is_object()) out.fast_revisions = v["window"]["revisions"].as_int(1);
  if (v["keepPods"].is_object()) {
    out.keep_pods = v["keepPods"]["count"].as_int(1);
    out.keep_for = duration_or(v["keepPods"]["duration"], out.keep_for);
  }
  if (v["onInconclusive"].as_string() == "Rollback") out.on_inconclusive = OnInconclusive::Rollback;
  const std::string_view failed = v["onFailure"].as_string();
  if (failed == "Pause" || failed == "Freeze")
    out.on_failure = failed == "Pause" ? OnFailure::Pause : OnFailure::Freeze;
  return out;
}

void add_match(StepWriter& out, const Value& step, int index, const std::string& field) {
  Audience audience{.name = audience_name(step["name"].str("opt-in")), .any = {}};
  for (const Value& match : step["match"]["any"].items()) audience.any.push_back(conditions_of(match));
  out.now.audiences.clear();
  if (!audience.any.empty()) out.now.audiences.push_back(std::move(audience));
  out.move(index, field);
}

void add_scale(StepWriter& out, const Value& scale, int index, const std::string& field) {
  out.pods = limit_of(scale["replicas"]).value_or(0);
  out.pods_share = {api::weight_of(scale["percent"]).value_or(0)};
  out.scale(index, field);
}

void add_user_step(StepWriter& out, const Value& step, int index, const std::string& field) {
  if (step.has("weight")) return out.shift({api::weight_of(step["weight"]).value_or(0)}, index, field);
  if (step.has("match")) return add_match(out, step, index, field);
  if (step.has("mirror")) {
    out.now.mirror = {api::weight_of(step["mirror"]["percent"]).value_or(0)};
    return out.move(index, field);
  }
  if (step.has("scale")) return add_scale(out, step["scale"], index, field);
  if (step.has("analysis")) return out.add(Analyse{analysis_of(step["analysis"])}, index, field);
  const Value& duration = step["pause"]["duration"];
  if (duration.is_string())
    out.add(Wait{duration_or(duration, {})}, index, field);
  else
    out.add(Approve{}, index, field);
}

void compile_canary(const Value& spec, ReleasePlan& plan) {
  const Value& canary = spec["strategy"]["canary"];
  plan.strategy = Strategy::Canary;
  plan.max_surge = canary["maxSurge"];
  plan.max_unavailable = canary["maxUnavailable"];
  plan.dynamic_stable = plan.routing && canary["dynamicStableScale"].as_bool();
  StepWriter out{plan};
  if (plan.routing) out.add(Traffic{kNone}, -1, "spec.traffic");
  plan.user_steps = static_cast<int>(canary["steps"].size());
  for (int i = 0; i < plan.user_steps; ++i)
    add_user_step(out, canary["steps"].at(static_cast<std::size_t>(i)), i,
                  fmt::format("spec.strategy.canary.steps[{}]", i));
  if (share_before(plan, plan.steps.size()) < kWhole) out.shift(kWhole, -1, "spec.strategy.canary");
}

// --- blue-green -------------------------------------------------------------------------------------------

// What the Release says about a change of colours, as a list of its own steps.
struct Stage {
  enum class Kind { Preview, Analysis, Countdown, Approval, Switch, Keep };
  Kind kind;
  std::string key;  // field of spec.strategy.blueGreen; empty: the strategy itself
};

std::vector<Stage> stages_of(const Value& blue_green) {
  using enum Stage::Kind;
  std::vector<Stage> out = {{Preview, "previewReplicas"}};
  if (blue_green.has("preSwitchAnalysis")) out.push_back({Analysis, "preSwitchAnalysis"});
  out.push_back({blue_green["autoSwitch"].is_string() ? Countdown : Approval, "autoSwitch"});
  out.push_back({Switch, ""});
  if (blue_green.has("postSwitchAnalysis")) out.push_back({Analysis, "postSwitchAnalysis"});
  out.push_back({Keep, "keepPrevious"});
  return out;
}

constexpr base::Duration kKeepPrevious = base::seconds(30);

void add_stage(StepWriter& out, const Stage& stage, const Value& blue_green, int index) {
  const std::string field = "spec.strategy.blueGreen" + (stage.key.empty() ? "" : "." + stage.key);
  const std::string apart = "spec.strategy.blueGreen.previewNamespace", space = blue_green["previewNamespace"].str();
  const Value& value = blue_green[stage.key];
  switch (stage.kind) {
    case Stage::Kind::Preview:
      return space.empty() ? out.add(Scale{kWhole, limit_of(value)}, index, field)
                           : out.add(Preview{space, limit_of(value)}, index, apart);
    case Stage::Kind::Analysis:
      return out.add(Analyse{analysis_of(value)}, index, field);
    case Stage::Kind::Countdown:
      return out.add(Wait{duration_or(value, {})}, index, field);
    case Stage::Kind::Approval:
      return out.add(Approve{}, index, field);
    case Stage::Kind::Switch:
      if (!space.empty()) {
        out.add(EndPreview{space}, index, apart);
        out.add(Traffic{kNone}, index, "spec.traffic");
      }
      return out.shift(kWhole, index, field);
    case Stage::Kind::Keep:
      return out.add(Keep{duration_or(value, kKeepPrevious)}, index, field);
  }
}

void compile_blue_green(const Value& spec, ReleasePlan& plan) {
  const Value& blue_green = spec["strategy"]["blueGreen"];
  plan.strategy = Strategy::BlueGreen;
  StepWriter out{plan};
  // Before a preview in another namespace is gone nothing of the users' namespace is touched.
  if (blue_green["previewNamespace"].str().empty()) out.add(Traffic{kNone}, -1, "spec.traffic");
  for (const Stage& stage : stages_of(blue_green)) add_stage(out, stage, blue_green, plan.user_steps++);
}

// --- texts ------------------------------------------------------------------------------------------------

std::string analysis_name(const Value& analysis) {
  return "analysis " + base::join(analysis_of(analysis).templates, ", ");
}

std::string scale_name(const Value& scale) {
  if (scale.has("percent")) return fmt::format("scale {:g} %", scale["percent"].as_double());
  return fmt::format("scale {} pods", scale["replicas"].as_int());
}

std::string canary_step_name(const Value& step) {
  if (!step["name"].as_string().empty()) return step["name"].str();
  if (step.has("weight")) return fmt::format("weight {:g} %", step["weight"].as_double());
  if (step.has("match")) return step["match"]["any"].size() > 0 ? "opt-in" : "no opt-in";
  if (step.has("mirror")) return fmt::format("mirror {:g} %", step["mirror"]["percent"].as_double());
  if (step.has("scale")) return scale_name(step["scale"]);
  if (step.has("analysis")) return analysis_name(step["analysis"]);
  const Value& duration = step["pause"]["duration"];
  return duration.is_string() ? "pause " + duration.str() : "approval";
}

std::string stage_name(const Stage& stage, const Value& blue_green) {
  const Value& value = blue_green[stage.key];
  const std::string space = blue_green["previewNamespace"].str();
  switch (stage.kind) {
    case Stage::Kind::Preview:
      return space.empty() ? "preview" : "preview in " + space;
    case Stage::Kind::Analysis:
      return analysis_name(value);
    case Stage::Kind::Countdown:
      return "countdown " + value.str();
    case Stage::Kind::Approval:
      return "approval";
    case Stage::Kind::Switch:
      return "switch";
    case Stage::Kind::Keep:
      return "keep previous " + base::human_duration(duration_or(value, kKeepPrevious));
  }
  base::bug("unknown stage", __FILE__, __LINE__);
}

// --- what routers can do ----------------------------------------------------------------------------------

// What of the audiences and the mirror this router cannot do; empty when it can.
std::string missing_capability(const Traffic& traffic, const RouterCapabilities& router) {
  if (!traffic.parts.empty() && !router.several_versions)
    return router.name + " splits between two versions, and a test has more";
  if (traffic.mirror > kNone && !router.mirror) return router.name + " cannot mirror requests";
  if (traffic.key && router.stickiness != Stickiness::Bucket)
    return fmt::format(
        "{} draws anew for every request, so that a part of the users would be others each time: let whole cohorts in, "
        "or name the header that carries each user's bucket (bucketHeader beside the key; in a test, Cohorts that "
        "compare "
        "it)",
        router.name);
  const auto is_simple = [](const Audience& a) {
    return a.share == kWhole && std::ranges::all_of(a.any, [](const Conditions& all) { return all.size() == 1; });
  };
  if (router.one_condition && !std::ranges::all_of(traffic.audiences, is_simple))
    return fmt::format("{} matches one condition at a time, and sends what it matches to the candidate as a whole",
                       router.name);
  for (const Audience& audience : traffic.audiences)
    for (const Conditions& conditions : audience.any)
      for (const Condition& c : conditions) {
        const bool can = c.of == Condition::Of::Header   ? router.header_match
                         : c.of == Condition::Of::Cookie ? router.cookie_match
                                                         : router.query_match;
        if (!can) return fmt::format("{} cannot send requests to a version by {}", router.name, to_text(c));
      }
  return "";
}

void check_capabilities(const ReleasePlan& plan, const RouterCapabilities& router, std::vector<Cause>& problems) {
  if (!plan.routing) return;
  const auto refuse = [&](const std::string& field, std::string message) {
    problems.push_back({"FieldValueForbidden", "Forbidden: " + std::move(message), field});
  };
  if (router.read_back == ReadBack::None)
    refuse("spec.traffic", fmt::format("{} cannot tell what it routes, so no weight could be verified", router.name));
  for (const Step& step : plan.steps) {
    const auto* traffic = std::get_if<Traffic>(&step.action);
    if (!traffic) continue;
    if (const std::string why = missing_capability(*traffic, router); !why.empty())
      refuse(step.field + (!traffic->grants.empty() || !traffic->parts.empty() ? ""
                           : traffic->mirror > kNone && !router.mirror         ? ".mirror"
                                                                               : ".match"),
             why);
    if (traffic->share.points % router.granularity != 0)
      refuse(step.field + ".weight",
             router.granularity == kWhole.points
                 ? fmt::format("{} gives all the traffic to one version or to the other, never {}", router.name,
                               to_text(traffic->share))
                 : fmt::format("{} splits traffic in steps of {}, not {}", router.name,
                               to_text(Share{router.granularity}), to_text(traffic->share)));
  }
}

base::Error refusal(const Value& release, std::vector<Cause> problems) {
  std::string message = fmt::format("Release {}/{} is invalid", api::space_of(release), api::name_of(release));
  for (const Cause& cause : problems)
    message += fmt::format("{} {}: {}", message.ends_with("invalid") ? ":" : ";", cause.field, cause.message);
  return {.code = base::Code::Invalid,
          .message = std::move(message),
          .causes = std::move(problems),
          .subject = {"slipway.dev", "Release", std::string(api::name_of(release)), std::string(api::uid_of(release))}};
}

}  // namespace

std::vector<std::string> step_names(const Value& spec) {
  const Value& strategy = spec["strategy"];
  std::vector<std::string> out;
  for (std::string& name : rolling_step_names(strategy["rolling"])) out.push_back(std::move(name));
  for (const Value& step : strategy["canary"]["steps"].items()) out.push_back(canary_step_name(step));
  for (std::string& name : gray_step_names(strategy["gray"])) out.push_back(std::move(name));
  for (std::string& name : ab_test_step_names(strategy["abTest"])) out.push_back(std::move(name));
  if (const Value& blue_green = strategy["blueGreen"]; blue_green.is_object())
    for (const Stage& stage : stages_of(blue_green)) out.push_back(stage_name(stage, blue_green));
  return out;
}

std::vector<Value> analyses_of(const Value& spec) {
  const Value& strategy = spec["strategy"];
  std::vector<Value> out;
  for (const Value& step : strategy["canary"]["steps"].items()) out.push_back(step["analysis"]);
  for (const char* in_batches : {"rolling", "gray"})
    for (const Value& batch : strategy[in_batches]["batches"].items()) out.push_back(batch["analysis"]);
  for (const char* field : {"preSwitchAnalysis", "postSwitchAnalysis"}) out.push_back(strategy["blueGreen"][field]);
  for (const Value& variant : strategy["abTest"]["variants"].items()) out.push_back(variant["analysis"]);
  out.push_back(spec["guards"]["analysis"]);
  std::erase_if(out, [](const Value& analysis) { return !analysis.is_object(); });
  return out;
}

Routing routing_of(const Value& release) {
  const Value &spec = release["spec"], &traffic = spec["traffic"];
  const std::string service = traffic["service"].str();
  const api::OwnedServices owned = api::owned_services(spec);
  Routing out{traffic["route"].str(), service, owned.stable, owned.canary};
  out.kind = router_kind_of(traffic["kind"].as_string("HTTPRoute")).value_or(RouterKind::HttpRoute);
  if (out.kind == RouterKind::Service) out.route = service;
  out.destination_rule = traffic["destinationRule"].str();
  out.stable_subset = traffic["stableSubset"].str(out.stable_subset);
  out.canary_subset = traffic["canarySubset"].str(out.canary_subset);
  out.namespace_ = api::space_of(release);
  read_variants(release, out);
  return out;
}

namespace {

// Programs the route of this Release.
RouterCapabilities capabilities_for(const ReleasePlan& plan, const RouterCapabilities& of_http_routes) {
  const bool gateway = !plan.routing || plan.routing->kind == RouterKind::HttpRoute;
  return gateway ? of_http_routes : capabilities_of(plan.routing->kind);
}

}  // namespace

ReleasePlan way_back(const Value& release, const RouterCapabilities& router) {
  const Value& spec = release["spec"];
  ReleasePlan plan;
  plan.target = spec["target"]["name"].str();
  plan.workload = target_kind_of(release);
  plan.guards = guards_of(spec);
  plan.rollback = rollback_of(spec["rollback"]);
  plan.windows = api::windows_of(spec["windows"]);
  plan.versioned_config = has_versioned_config(release);
  plan.rollback_hooks = rollback_hooks_of(spec);
  if (spec["traffic"].is_object()) plan.routing = routing_of(release);
  if (plan.routing) plan.routing->headless = capabilities_for(plan, router).headless;
  plan.capacity = is_in_place(plan.workload) ? Capacity::InPlace : plan.routing ? Capacity::Extra : Capacity::Shared;
  return plan;
}

base::Result<ReleasePlan> compile(const Value& release, const RouterCapabilities& router, const CohortSpecs& cohorts) {
  std::vector<Cause> problems;
  api::check_release(release, data::kNull, problems);
  if (!problems.empty()) return base::fail(refusal(release, std::move(problems)));
  check_test_under_way(release, problems);
  check_gray_under_way(release, problems);
  if (!problems.empty()) return base::fail(refusal(release, std::move(problems)));
  const Value& strategy = release["spec"]["strategy"];
  ReleasePlan plan = way_back(release, router);
  if (strategy.has("canary"))
    compile_canary(release["spec"], plan);
  else if (strategy.has("blueGreen"))
    compile_blue_green(release["spec"], plan);
  else if (strategy.has("gray"))
    compile_gray(release, cohorts, plan, problems);
  else if (strategy.has("abTest"))
    compile_ab_test(release, cohorts, plan, problems);
  else
    compile_rolling(release["spec"], plan);
  plan.steps.push_back({Promote{}, -1, "spec.strategy"});
  plan.steps.push_back({Verify{}, -1, "spec.strategy"});
  add_hooks(release["spec"], plan, problems);
  check_capabilities(plan, capabilities_for(plan, router), problems);
  if (!problems.empty()) return base::fail(refusal(release, std::move(problems)));
  return plan;
}

}  // namespace slipway::delivery::plan
