#include "api/kinds/release_rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "api/jsonpath.h"
#include "api/kinds/rule_problems.h"
#include "api/meta.h"
#include "api/windows.h"
#include "base/strings.h"
#include "base/time.h"
#include "data/json.h"

namespace slipway::api {
namespace {

using base::Cause;
using data::Value;
using namespace rules;

// All analyses of a Release, where they stand.
std::vector<std::pair<Value, std::string>> analyses_in(const Value& spec) {
  std::vector<std::pair<Value, std::string>> out;
  const auto add = [&](const Value& analysis, std::string path) {
    if (analysis.is_object()) out.emplace_back(analysis, std::move(path));
  };
  const Value& steps = spec["strategy"]["canary"]["steps"];
  for (std::size_t i = 0; i < steps.size(); ++i)
    add(steps.at(i)["analysis"], fmt::format("spec.strategy.canary.steps[{}].analysis", i));
  const Value& batches = spec["strategy"]["gray"]["batches"];
  for (std::size_t i = 0; i < batches.size(); ++i)
    add(batches.at(i)["analysis"], fmt::format("spec.strategy.gray.batches[{}].analysis", i));
  for (const char* key : {"preSwitchAnalysis", "postSwitchAnalysis"})
    add(spec["strategy"]["blueGreen"][key], fmt::format("spec.strategy.blueGreen.{}", key));
  const Value& rolling = spec["strategy"]["rolling"]["batches"];
  for (std::size_t i = 0; i < rolling.size(); ++i)
    add(rolling.at(i)["analysis"], fmt::format("spec.strategy.rolling.batches[{}].analysis", i));
  const Value& variants = spec["strategy"]["abTest"]["variants"];
  for (std::size_t i = 0; i < variants.size(); ++i)
    add(variants.at(i)["analysis"], fmt::format("spec.strategy.abTest.variants[{}].analysis", i));
  add(spec["guards"]["analysis"], "spec.guards.analysis");
  return out;
}

void check_scopes(Problems& out, const Value& spec) {
  std::map<std::string, bool> scope;
  for (const auto& [analysis, path] : analyses_in(spec))
    for (std::size_t i = 0; i < analysis["templates"].size(); ++i) {
      const Value& named = analysis["templates"].at(i);
      const bool cluster = named["clusterScope"].as_bool();
      const auto [known, fresh] = scope.emplace(named["name"].str(), cluster);
      if (!fresh && known->second != cluster)
        out.invalid(fmt::format("{}.templates[{}].clusterScope", path, i), Value(cluster),
                    "this Release names the template in the other scope, too");
    }
}

// Weights may stand still or rise; nothing may follow the whole.
void check_weight(Problems& out, const Value& weight, const std::string& path, BasisPoints& highest) {
  const auto share = weight_of(weight);
  if (!share) return out.invalid(path, weight, "must be a percentage from 0 to 100 with at most two decimals");
  if (highest == kWholeTraffic)
    out.invalid(path, weight, "comes after a step of 100 %: nothing is left to shift");
  else if (*share < highest)
    out.invalid(path, weight,
                fmt::format("falls below the {} % of an earlier step; a canary only grows", highest / 100.0));
  highest = std::max(highest, *share);
}

// An expression has to be one; an exact value has to be there.
void check_condition(Problems& out, const Value& c, const std::string& path, std::set<std::string>& names) {
  if (c["name"].as_string().empty()) return out.required(path + ".name", "what is compared");
  if (!names.insert(base::to_lower(c["name"].as_string())).second)
    out.invalid(path + ".name", c["name"], "is compared twice; one expression can hold both values");
  if (c["value"].as_string().empty()) return out.required(path + ".value", "what it has to be");
  if (c["value"].as_string().size() > 1024) return out.invalid(path + ".value", "...", "is longer than 1024 bytes");
  const std::string_view type = c["type"].as_string("Exact");
  if (type != "Exact" && type != "RegularExpression")
    return out.invalid(path + ".type", c["type"], "must be Exact or RegularExpression");
  if (type == "Exact") return;
  const re2::RE2 expression(c["value"].as_string(), re2::RE2::Quiet);
  if (!expression.ok()) out.invalid(path + ".value", c["value"], "is no expression (RE2): " + expression.error());
}

void check_match(Problems& out, const Value& match, const std::string& path) {
  if (!match["any"].is_array())
    return out.required(path + ".any", "which requests go to the candidate; [] takes an earlier step's away");
  for (std::size_t i = 0; i < match["any"].size(); ++i) {
    const std::string at = fmt::format("{}.any[{}]", path, i);
    std::size_t conditions = 0;
    std::set<std::string> of_headers, of_query;  // cookies are a header
    if (match["any"].at(i)["cookies"].size() > 0) of_headers.insert("cookie");
    for (const char* key : {"headers", "cookies", "queryParams"}) {
      std::set<std::string> of_cookies;
      std::set<std::string>& names = key == std::string_view("headers")   ? of_headers
                                     : key == std::string_view("cookies") ? of_cookies
                                                                          : of_query;
      const Value& list = match["any"].at(i)[key];
      for (std::size_t k = 0; k < list.size(); ++k)
        check_condition(out, list.at(k), fmt::format("{}.{}[{}]", at, key, k), names);
      conditions += list.size();
    }
    if (conditions == 0) out.required(at, "at least one of headers, cookies and queryParams");
  }
}

void check_scale(Problems& out, const Value& scale, const std::string& path) {
  if (scale.has("replicas") == scale.has("percent")) return out.required(path, "one of replicas and percent");
  check_count(out, scale, "replicas", path, 0);
  check_percent(out, scale, path);
}

constexpr std::array kStepKinds = {"weight", "match", "mirror", "scale", "pause", "analysis"};

// The schema keeps what it does not know of a step, so that a step of a later version is refused here, by its name.
void check_fields_of_step(Problems& out, const Value& step, const std::string& path) {
  for (const data::Member& m : step.members())
    if (m.key != "name" && std::ranges::find(kStepKinds, m.key.view()) == kStepKinds.end())
      out.invalid(fmt::format("{}.{}", path, m.key.view()), m.value,
                  "no such field: a step is one of weight, match, mirror, scale, pause or analysis");
}

void check_step(Problems& out, const Value& step, const std::string& path, BasisPoints& highest) {
  check_fields_of_step(out, step, path);
  const auto kinds = std::ranges::count_if(kStepKinds, [&](const char* kind) { return step.has(kind); });
  if (kinds == 0) return out.required(path, "a step is one of weight, match, mirror, scale, pause or analysis");
  if (kinds > 1)
    return out.forbidden(path, "a step may hold only one of weight, match, mirror, scale, pause and analysis");
  if (step.has("match")) check_match(out, step["match"], path + ".match");
  if (step.has("mirror")) {
    if (!step["mirror"].has("percent")) out.required(path + ".mirror.percent", "how many of the requests are copied");
    check_percent(out, step["mirror"], path + ".mirror");
  }
  if (step.has("scale")) check_scale(out, step["scale"], path + ".scale");
  if (highest == kWholeTraffic && (step.has("match") || step.has("mirror")))
    out.invalid(path, step, "comes after a step of 100 %: everybody is on the candidate");
  if (step.has("weight")) check_weight(out, step["weight"], path + ".weight", highest);
  if (step.has("pause")) check_duration(out, step["pause"], "duration", path + ".pause");
  if (step.has("analysis")) check_analysis(out, step["analysis"], path + ".analysis");
}

void check_canary(Problems& out, const Value& canary, const std::string& path) {
  if (canary["steps"].size() == 0) out.required(path + ".steps", "a canary needs at least one step");
  BasisPoints highest = 0;
  for (std::size_t i = 0; i < canary["steps"].size(); ++i)
    check_step(out, canary["steps"].at(i), fmt::format("{}.steps[{}]", path, i), highest);
  check_budget(out, canary, path);
}

// A namespace, and another one than the Release's: there is no environment of its own beside the stable version.
void check_preview_space(Problems& out, const Value& release) {
  const std::string space = release["spec"]["strategy"]["blueGreen"]["previewNamespace"].str();
  const std::string field = "spec.strategy.blueGreen.previewNamespace";
  if (space.empty()) return;
  if (space.size() > 63 || !is_label(space))
    return out.invalid(field, space,
                       "must be at most 63 lower case letters, digits and -, with a letter or digit at both ends");
  if (space == space_of(release))
    out.invalid(field, space, "is the Release's own namespace: without previewNamespace the preview is there");
}

void check_blue_green(Problems& out, const Value& blue_green, const std::string& path) {
  check_count(out, blue_green, "previewReplicas", path, 1);
  for (const char* key : {"preSwitchAnalysis", "postSwitchAnalysis"})
    if (blue_green.has(key)) check_analysis(out, blue_green[key], path + "." + key);
  for (const char* key : {"autoSwitch", "keepPrevious"}) check_duration(out, blue_green, key, path);
}

void check_strategy(Problems& out, const Value& spec) {
  const Value& strategy = spec["strategy"];
  constexpr std::array kKinds = {"rolling", "canary", "blueGreen", "gray", "abTest"};
  const auto kinds = std::ranges::count_if(kKinds, [&](const char* kind) { return strategy.has(kind); });
  if (kinds == 0) return out.required("spec.strategy", "one of rolling, canary, blueGreen, gray or abTest");
  if (kinds > 1)
    return out.forbidden("spec.strategy", "only one of rolling, canary, blueGreen, gray and abTest may be given");
  if (strategy.has("abTest")) check_ab_test(out, strategy["abTest"], spec["traffic"], "spec.strategy.abTest");
  if (strategy.has("gray")) check_gray(out, strategy["gray"], "spec.strategy.gray");
  if (strategy.has("canary")) check_canary(out, strategy["canary"], "spec.strategy.canary");
  if (strategy.has("blueGreen")) check_blue_green(out, strategy["blueGreen"], "spec.strategy.blueGreen");
  if (strategy.has("rolling")) check_rolling(out, strategy["rolling"], "spec.strategy.rolling");
}

void check_versions(Problems& out, const Value& traffic, const Value& strategy) {
  if (!strategy.has("abTest")) return;
  for (const char* key : {"destinationRule", "canaryService"})
    if (!traffic[key].as_string().empty())
      out.forbidden(std::string("spec.traffic.") + key,
                    "each variant of a test has a Service of its own, SERVICE-NAME");
}

void check_subsets(Problems& out, const Value& traffic, std::string_view kind) {
  const bool by_subset = !traffic["destinationRule"].as_string().empty();
  if (by_subset && kind != "VirtualService")
    out.forbidden("spec.traffic.destinationRule", "only a VirtualService can name subsets of a DestinationRule");
  for (const char* key : {"stableSubset", "canarySubset"})
    if (!by_subset && !traffic[key].as_string().empty())
      out.forbidden(std::string("spec.traffic.") + key, "subsets need spec.traffic.destinationRule");
  if (by_subset && traffic["stableSubset"].as_string("stable") == traffic["canarySubset"].as_string("canary"))
    out.invalid("spec.traffic.canarySubset", traffic["canarySubset"], "must differ from the stable subset");
}

// Without a router pods are the only weight, and their numbers follow it.
void check_needs_traffic(Problems& out, const Value& strategy) {
  const Value& steps = strategy["canary"]["steps"];
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (const char* kind : {"match", "mirror", "scale"})
      if (steps.at(i).has(kind))
        out.forbidden(fmt::format("spec.strategy.canary.steps[{}].{}", i, kind),
                      "needs spec.traffic: without a router the numbers of pods are the weights");
  if (strategy["canary"]["dynamicStableScale"].as_bool())
    out.forbidden("spec.strategy.canary.dynamicStableScale",
                  "needs spec.traffic: without a router the candidate's pods replace stable ones anyway");
}

void check_traffic(Problems& out, const Value& spec) {
  const Value &traffic = spec["traffic"], &strategy = spec["strategy"];
  if (traffic.is_null()) check_needs_traffic(out, strategy);
  if (traffic.is_null() && spec["rollback"].has("keepPods"))
    out.forbidden("spec.rollback.keepPods",
                  "needs spec.traffic: without a router every pod of the rejected version is replaced by a stable one");
  if (traffic.is_null() && strategy.has("blueGreen"))
    out.required("spec.traffic",
                 "blueGreen moves traffic: name the route that carries it, or kind Service where there is none");
  if (traffic.is_null() && strategy.has("gray"))
    out.required("spec.traffic", "gray lets users in by what their requests say: name the route that carries them");
  if (traffic.is_null() && strategy.has("abTest"))
    out.required("spec.traffic", "a test shares users out between versions: name the route that carries them");
  if (traffic.is_null()) return;
  const std::string_view kind = traffic["kind"].as_string("HTTPRoute");
  const bool switched = kind == "Service";
  constexpr std::array kKinds = {"HTTPRoute", "Service", "VirtualService", "Ingress", "TraefikService", "IngressRoute"};
  if (std::ranges::find(kKinds, kind) == kKinds.end())
    return out.invalid("spec.traffic.kind", traffic["kind"],
                       "must be HTTPRoute, Service, VirtualService, Ingress, TraefikService or IngressRoute");
  if (!switched && traffic["route"].as_string().empty())
    out.required("spec.traffic.route", fmt::format("traffic needs the {} that names the Service", kind));
  if (switched && !traffic["route"].as_string().empty())
    out.forbidden("spec.traffic.route", "with kind Service nothing but the Service carries the traffic");
  if (traffic["service"].as_string().empty())
    out.required("spec.traffic.service", "traffic needs the Service whose requests are split");
  check_subsets(out, traffic, kind);
  check_versions(out, traffic, strategy);
  const std::string service = traffic["service"].str();
  const auto& [stable, canary] = owned_services(spec);
  if (stable == canary) out.invalid("spec.traffic.canaryService", canary, "must differ from the stable service");
  if (stable == service) out.invalid("spec.traffic.stableService", stable, "must differ from spec.traffic.service");
  if (canary == service) out.invalid("spec.traffic.canaryService", canary, "must differ from spec.traffic.service");
  if (strategy.has("rolling"))
    out.forbidden("spec.traffic", "a rolling update shifts pods, not traffic; use strategy.canary to split a route");
}

void check_troubles(Problems& out, const Value& policies) {
  std::set<std::string_view> named;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const Value& policy = policies.at(i);
    const std::string at = fmt::format("spec.guards.troubles[{}]", i);
    check_duration(out, policy, "after", at);
    if (policy["action"].as_string() == "Wait" && policy.has("after"))
      out.forbidden(at + ".after", "with action Wait the deadline decides");
    if (policy["trouble"].as_string().empty())
      out.required(at + ".trouble", "which trouble is borne; docs/troubles.md has the list");
    else if (!named.insert(policy["trouble"].as_string()).second)
      out.invalid(at + ".trouble", policy["trouble"], "is named twice");
  }
}

void check_guards(Problems& out, const Value& guards) {
  check_count(out, guards, "maxRestarts", "spec.guards", 0);
  check_count(out, guards, "maxProbeFailures", "spec.guards", 0);
  check_troubles(out, guards["troubles"]);
  if (guards["analysis"].is_object()) {
    check_analysis(out, guards["analysis"], "spec.guards.analysis");
    check_count(out, guards["analysis"], "fromStep", "spec.guards.analysis", 0);
  }
}

void check_config(Problems& out, const Value& config) {
  const std::string_view how = config["configMaps"].as_string("Live");
  if (how != "Live" && how != "Versioned")
    out.invalid("spec.config.configMaps", config["configMaps"], "must be Live or Versioned");
}

constexpr std::int64_t kMostKeptPods = 10;

void check_rollback(Problems& out, const Value& rollback) {
  check_duration(out, rollback, "verifyTimeout", "spec.rollback");
  check_count(out, rollback["window"], "revisions", "spec.rollback.window", 1);
  check_count(out, rollback["keepPods"], "count", "spec.rollback.keepPods", 1);
  check_duration(out, rollback["keepPods"], "duration", "spec.rollback.keepPods");
  if (const Value& count = rollback["keepPods"]["count"]; count.as_int() > kMostKeptPods)
    out.invalid("spec.rollback.keepPods.count", count, fmt::format("must be at most {}", kMostKeptPods));
  const std::string_view what = rollback["onInconclusive"].as_string("Pause");
  if (what != "Pause" && what != "Rollback")
    out.invalid("spec.rollback.onInconclusive", rollback["onInconclusive"], "must be Pause or Rollback");
  const std::string_view failed = rollback["onFailure"].as_string("Rollback");
  if (failed != "Rollback" && failed != "Pause" && failed != "Freeze")
    out.invalid("spec.rollback.onFailure", rollback["onFailure"], "must be Rollback, Pause or Freeze");
}

// --- AnalysisTemplate -------------------------------------------------------------------------------------

constexpr base::Duration kLongestAnswer = base::minutes(1);

void check_answer_time(Problems& out, const Value& provider, const std::string& path) {
  check_duration(out, provider, "timeout", path);
  const auto time = base::parse_duration(provider["timeout"].as_string());
  if (time && !provider["timeout"].as_string().empty() && (*time == base::Duration(0) || *time > kLongestAnswer))
    out.invalid(path + ".timeout", provider["timeout"], "must be more than 0s and at most 1m");
}

void check_query(Problems& out, const Value& provider, const std::string& path) {
  if (provider["query"].as_string().empty()) out.required(path + ".query", "what to measure");
  if (!provider["secret"].as_string().empty() && provider["address"].as_string().empty())
    out.required(path + ".address", "a secret belongs to an address");
}

void check_header(Problems& out, const Value& header, bool has_secret, const std::string& path) {
  const bool by_key = !header["secretKey"].as_string().empty();
  if (header["name"].as_string().empty()) out.required(path + ".name", "the name of a header field");
  if (by_key && !header["value"].as_string().empty()) out.forbidden(path + ".value", "the value comes from secretKey");
  if (by_key && !has_secret) out.forbidden(path + ".secretKey", "provider.web.secret names the Secret with that key");
}

void check_path(Problems& out, const Value& web, const char* key, const std::string& path) {
  const std::string_view text = web[key].as_string();
  if (text.contains("..") || !find_all(Value(), text))
    out.invalid(path + "." + key, web[key],
                "is no path like $.data.ratio, $.items[0].value, $.items[*].value or $.items[?(@.name==\"x\")].value");
}

void check_web(Problems& out, const Value& web, const std::string& path) {
  const std::string_view url = web["url"].as_string(), method = web["method"].as_string("GET");
  const bool by_placeholder = url.starts_with("{{");
  if (url.empty())
    out.required(path + ".url", "the address that is asked");
  else if (!url.starts_with("http://") && !url.starts_with("https://") && !by_placeholder)
    out.invalid(path + ".url", web["url"], "must begin with http:// or https://");
  if (method != "GET" && method != "POST") out.invalid(path + ".method", web["method"], "must be GET or POST");
  if (method == "GET" && !web["body"].as_string().empty())
    out.forbidden(path + ".body", "a GET has none: say method POST");
  const bool has_secret = !web["secret"].as_string().empty();
  if (has_secret && url.starts_with("http://"))
    out.invalid(path + ".url", web["url"], "must begin with https:// where a secret is sent");
  for (std::size_t i = 0; i < web["headers"].size(); ++i)
    check_header(out, web["headers"].at(i), has_secret, fmt::format("{}.headers[{}]", path, i));
  for (const char* key : {"jsonPath", "samplesPath"}) check_path(out, web, key, path);
  check_answer_time(out, web, path);
}

void check_job(Problems& out, const Value& job, const std::string& path) {
  const Value& made = job["template"];
  const std::string spec = path + ".template.spec";
  if (made["spec"]["containers"].size() == 0) out.required(spec + ".containers", "the containers that measure");
  if (made["spec"]["restartPolicy"].as_string("Never") != "Never")
    out.invalid(spec + ".restartPolicy", made["spec"]["restartPolicy"],
                "must be Never: each measurement is one run, and the metric's limits say how many may fail");
  for (const char* key : {"name", "namespace", "ownerReferences"})
    if (made["metadata"].has(key))
      out.forbidden(path + ".template.metadata." + key, "the pod belongs to its AnalysisRun and is named after it");
}

void check_process(Problems& out, const Value& process, const std::string& path) {
  if (process["name"].as_string().empty())
    out.required(path + ".name", "the name under which the administrator gave the program");
  check_answer_time(out, process, path);
}

// Whether an address answers with 2xx needs no condition, nor does an exit code.
bool says_itself(const Value& provider) {
  if (provider.has("job")) return true;
  const Value& web = provider["web"];
  return web.is_object() && web["jsonPath"].as_string().empty() && web["samplesPath"].as_string().empty();
}

// As Argo Rollouts has them: something must be able to end a metric, and the count must leave room for the limits.
void check_limits(Problems& out, const Value& metric, const std::string& path) {
  const std::int64_t in_row = metric["consecutiveSuccessLimit"].as_int(), failures = metric["failureLimit"].as_int();
  check_count(out, metric, "failureLimit", path, -1);
  if (failures == -1 && in_row == 0)
    out.invalid(path + ".failureLimit", metric["failureLimit"],
                "with any number of failures tolerated consecutiveSuccessLimit must say what a pass is");
  if (metric.has("count") && in_row > metric["count"].as_int())
    out.invalid(path + ".consecutiveSuccessLimit", metric["consecutiveSuccessLimit"], "is more than count");
  if (in_row > 1 && metric["interval"].as_string().empty())
    out.required(path + ".interval", "how far apart the measurements are when consecutiveSuccessLimit is over 1");
  const std::string_view policy = metric["onNoData"].as_string("Wait");
  if (policy != "Wait" && policy != "Inconclusive" && policy != "Fail")
    out.invalid(path + ".onNoData", metric["onNoData"], "must be Wait, Inconclusive or Fail");
}

void check_metric(Problems& out, const Value& metric, const std::string& path) {
  check_provider(out, metric["provider"], path + ".provider");
  if (metric["provider"].has("job"))
    for (const char* key : {"successCondition", "failureCondition"})
      if (!metric[key].as_string().empty()) out.forbidden(path + "." + key, "the exit code of a job is its verdict");
  for (const char* key : {"interval", "initialDelay", "timeout"}) check_duration(out, metric, key, path);
  for (const char* key : {"minSamples", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit"})
    check_count(out, metric, key, path, 0);
  check_languages(out, metric, path);
  check_limits(out, metric, path);
  check_count(out, metric, "count", path, 1);
  if (metric["count"].as_int(1) > 1 && metric["interval"].as_string().empty())
    out.required(path + ".interval", "how far apart the measurements are when count is over 1");
  if (metric["successCondition"].as_string().empty() && metric["failureCondition"].as_string().empty() &&
      !says_itself(metric["provider"]))
    out.required(path + ".successCondition", "a metric without a condition would accept anything");
}

}  // namespace

namespace rules {

void check_provider(Problems& out, const Value& provider, const std::string& path) {
  constexpr std::array kKinds = {"gateway", "prometheus", "web", "job", "process"};
  const auto given = [&](const char* kind) { return provider.has(kind); };
  const auto kinds = std::ranges::count_if(kKinds, given);
  const std::string all = "gateway, prometheus, web, job and process";
  if (kinds == 0) return out.required(path, "one of " + all);
  if (kinds > 1) return out.forbidden(path, fmt::format("only one of {} may be given", all));
  const std::string kind = *std::ranges::find_if(kKinds, given);
  const std::string inside = path + "." + kind;
  check_duration(out, provider[kind], "window", inside);
  if (kind == "web") return check_web(out, provider[kind], inside);
  if (kind == "job") return check_job(out, provider[kind], inside);
  if (kind == "process") return check_process(out, provider[kind], inside);
  check_query(out, provider[kind], inside);
}

}  // namespace rules

std::optional<BasisPoints> weight_of(const Value& percent) {
  if (!percent.is_number()) return std::nullopt;
  const double exact = percent.as_double() * 100;
  const double rounded = std::round(exact);
  if (!(exact >= 0 && exact <= kWholeTraffic) || std::abs(exact - rounded) > 1e-6) return std::nullopt;
  return static_cast<BasisPoints>(rounded);
}

OwnedServices owned_services(const Value& spec) {
  const Value& traffic = spec["traffic"];
  const auto named = [&traffic](const char* field, std::string_view suffix) {
    const std::string_view name = traffic[field].as_string();
    return name.empty() ? traffic["service"].str().append(suffix) : std::string(name);
  };
  return {named("stableService", "-stable"),
          named("canaryService", spec["strategy"].has("blueGreen") ? "-preview" : "-canary")};
}

namespace {

bool same_target(const Value& a, const Value& b) {
  return a["name"].as_string() == b["name"].as_string() &&
         a["kind"].as_string("Deployment") == b["kind"].as_string("Deployment");
}

}  // namespace

void check_release(const Value& release, const Value& old, std::vector<Cause>& problems) {
  Problems out{problems};
  const Value& spec = release["spec"];
  if (old.is_object() && !same_target(old["spec"]["target"], spec["target"]))
    out.invalid("spec.target", spec["target"]["name"],
                "may not change: a Release holds one workload; make another Release for another one");
  if (spec["target"]["name"].as_string().empty())
    out.required("spec.target.name", "the workload that this Release watches over");
  check_target(out, spec);
  check_strategy(out, spec);
  check_preview_space(out, release);
  check_traffic(out, spec);
  check_guards(out, spec["guards"]);
  check_scopes(out, spec);
  check_hooks(out, spec["hooks"]);
  check_duration(out, spec, "deadline", "spec");
  if (base::parse_duration(spec["deadline"].as_string()) == base::Duration(0))
    out.invalid("spec.deadline", spec["deadline"], "must be more than 0s: nothing gets ready in no time");
  check_rollback(out, spec["rollback"]);
  check_config(out, spec["config"]);
  check_count(out, spec, "revisionHistoryLimit", "spec", 1);
  check_windows(spec["windows"], "spec.windows", problems);
}

void check_release_policy(const Value& policy, const Value&, std::vector<Cause>& problems) {
  Problems out{problems};
  const Value& spec = policy["spec"];
  if (policy["metadata"]["name"].as_string() != kPolicyName)
    out.invalid("metadata.name", policy["metadata"]["name"], "there is one ReleasePolicy, and its name is cluster");
  for (const char* key : {"maxConcurrent", "maxConcurrentPerNamespace"}) check_count(out, spec, key, "spec", 1);
  if (spec["stop"].is_object() && spec["stop"]["reason"].as_string().empty())
    out.required("spec.stop.reason", "why everything stops: it is told to everybody who waits");
  check_windows(spec["windows"], "spec.windows", problems);
}

void check_analysis_run(const Value& object, const Value&, std::vector<Cause>& problems) {
  Problems out{problems};
  check_duration(out, object["spec"], "ttl", "spec");
}

void check_analysis_template(const Value& object, const Value&, std::vector<Cause>& problems) {
  Problems out{problems};
  const Value& metrics = object["spec"]["metrics"];
  if (metrics.size() == 0) out.required("spec.metrics", "a template needs at least one metric");
  std::set<std::string> names;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const std::string path = fmt::format("spec.metrics[{}]", i);
    const std::string name = metrics.at(i)["name"].str();
    if (name.empty())
      out.required(path + ".name", "a name that reports can use");
    else if (!names.insert(name).second)
      out.invalid(path + ".name", name, "is used twice");
    check_metric(out, metrics.at(i), path);
  }
}

}  // namespace slipway::api
