#include "rehearse/app.h"

#include "data/yaml.h"
#include "delivery/names.h"
#include "rehearse/app_router.h"
#include "rehearse/behaviour.h"

namespace slipway::rehearse::app {

using data::Value;

Version good_version(std::string tag) { return {.name = std::move(tag)}; }

Version drawn_version(runtime::Random& random, const std::string& tag) {
  struct Kind {
    std::string_view suffix, key, value;
  };
  static constexpr Kind kKinds[] = {{"-errors", "error-rate", "0.25"},
                                    {"-slow", "latency", "900ms"},
                                    {"-unready", "never-ready", "true"},
                                    {"-crashing", "crash-after", "4s"},
                                    {"-missing", "image-missing", "true"},
                                    {"", "start", "300ms"},
                                    {"", "start", "6s"}};
  const Kind& kind = kKinds[random.below(std::size(kKinds))];
  Version version{.name = tag + std::string(kind.suffix)};
  version.annotations.set(std::string(kAnnotationPrefix).append(kind.key), kind.value);
  return version;
}

bool is_good(std::string_view tag) { return !tag.contains('-'); }

bool never_gets_ready(std::string_view tag) { return tag.contains("-unready") || tag.contains("-missing"); }

std::string tag_of_images(const std::string& images) { return images.substr(images.rfind(':') + 1); }

std::string tag_of(const Value& workload) {
  return tag_of_images(workload["spec"]["template"]["spec"]["containers"].at(0)["image"].str());
}

namespace {

Value meta(std::string_view name) { return Value::object({{"name", name}, {"namespace", kSpace}}); }

Value metric(std::string_view name, Router router, std::string_view condition) {
  return Value::object({{"name", name},
                        {"interval", "2s"},
                        {"count", 5},
                        {"failureLimit", 1},
                        {"consecutiveErrorLimit", 20},
                        {"inconclusiveLimit", 20},
                        {"minSamples", 5},
                        {"successCondition", condition},
                        {"provider", provider_of(router, name)}});
}

Value templates() { return Value::object({{"templates", Value::array({Value::object({{"name", "health"}})})}}); }

Value canary_steps(bool approval) {
  const auto weight = [](int percent) { return Value::object({{"weight", percent}}); };
  const auto pause = [](Value how) { return Value::object({{"pause", std::move(how)}}); };
  const Value analysis = Value::object({{"analysis", templates()}});
  Value steps = Value::array({weight(5), analysis, weight(25), pause(Value::object({{"duration", "5s"}})), weight(50)});
  if (approval) steps.push_back(pause(Value::object()));
  steps.push_back(analysis);
  steps.push_back(weight(100));
  return steps;
}

Value opt_in_step() {
  const Value header = Value::object({{"name", "x-staff"}, {"value", "yes"}});
  const Value match = Value::object({{"headers", Value::array({header})}});
  return Value::object({{"name", "staff"}, {"match", Value::object({{"any", Value::array({match})}})}});
}

Value with_opt_in(const Value& steps) {
  const Value pause = Value::object({{"pause", Value::object({{"duration", "3s"}})}});
  Value out = Value::array({opt_in_step(), pause});
  for (const Value& step : steps.items()) out.push_back(step);
  return out;
}

Value batches(bool approval) {
  Value out = *data::parse_yaml("{batches: [{replicas: 1, bake: 3s}, {percent: 50, bake: 2s}], bake: 5s}");
  if (approval) out.set("batches", *data::parse_yaml("[{replicas: 1, bake: 3s}, {percent: 50, approve: true}]"));
  return out;
}

Value switch_steps(bool approval) {
  const Value pause = approval ? Value::object() : Value::object({{"duration", "5s"}});
  return Value::array({Value::object({{"weight", 100}}), Value::object({{"pause", pause}})});
}

// Routers that hash nothing are told each user's bucket.
Value key(Router router) {
  Value out = Value::object({{"header", "x-user-id"}});
  if (router != Router::HttpRoute) out.set("bucketHeader", "x-bucket");
  return out;
}

Value gray(const Choices& choices) {
  Value batches = *data::parse_yaml(R"yaml(
- {name: staff, cohorts: [{name: staff}], bake: 3s}
- {name: germany, cohorts: [{name: germany, share: 50}], replicas: 1}
- {name: more, cohorts: [{name: germany}], share: 30}
)yaml");
  Value out = Value::array();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    Value batch = batches.at(i);
    if (i > 0) batch.set("analysis", templates());
    if (i == 1 && choices.approval) batch.set("approve", true);
    out.push_back(std::move(batch));
  }
  return Value::object({{"key", key(choices.router)}, {"batches", out}});
}

// Their names end as checkers know candidates. Routers that hash nothing tell them apart by cohorts alone.
Value ab_test(const Choices& choices) {
  Value test = *data::parse_yaml(R"yaml(
duration: 45s
variants:
- {name: new-canary}
- {name: red-canary, cohorts: [{name: germany}], template: {metadata: {annotations: {example.com/variant: red}}}}
)yaml");
  Value variants = test["variants"], first = variants.at(0), second = variants.at(1);
  if (choices.router == Router::HttpRoute) {
    test.set("key", key(choices.router));
    first.set("share", 30), second.set("share", 20);
  } else {
    first.set("cohorts", *data::parse_yaml("[{name: staff}]"));
  }
  test.set("variants", Value::array({first, second}));
  return test;
}

// Kept for long enough that a version that crashes is found out.
Value blue_green(const Choices& choices) {
  Value out = Value::object({{"previewReplicas", 1}, {"keepPrevious", "2m"}});
  if (choices.preview) out.set("previewNamespace", kPreviewSpace);
  if (!choices.approval) out.set("autoSwitch", "5s");
  if (!choices.switched()) out.set("postSwitchAnalysis", templates());
  return out;
}

}  // namespace

Value name_space() {
  return Value::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Value::object({{"name", kSpace}})}});
}

Value preview_space(bool lets_in) {
  const Value annotations = Value::object({{delivery::kPreviewForAnnotation, lets_in ? kSpace : "nobody"}});
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Namespace"},
                        {"metadata", Value::object({{"name", kPreviewSpace}, {"annotations", annotations}})}});
}

Value service() {
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Service"},
       {"metadata", meta(kName)},
       {"spec", Value::object({{"selector", Value::object({{"app", kName}})},
                               {"ports", Value::array({Value::object({{"name", "http"}, {"port", 80}})})}})}});
}

Value analysis_template(Router router) {
  return Value::object({{"apiVersion", "slipway.dev/v1alpha1"},
                        {"kind", "AnalysisTemplate"},
                        {"metadata", meta("health")},
                        {"spec", Value::object({{"metrics", Value::array({metric("error-rate", router, "result < 0.05"),
                                                                          metric("p99", router, "result < 0.5")})}})}});
}

std::vector<Value> cohorts(Router router, bool narrower) {
  const auto cohort = [](const char* name, Value spec) {
    return Value::object({{"apiVersion", "slipway.dev/v1alpha1"},
                          {"kind", "Cohort"},
                          {"metadata", meta(name)},
                          {"spec", std::move(spec)}});
  };
  Value germany = *data::parse_yaml(R"yaml(
attributes: [{name: region, header: x-region}, {name: level, header: x-level}]
match: 'region in ["DE", "AT"] && level != "trial"'
users: ["42"]
expected: 20
)yaml");
  germany.set("key", key(router));
  if (narrower) germany.set("match", "region == \"AT\"");
  return {cohort("staff", Value::object({{"match", "header[\"x-staff\"] == \"yes\""}})), cohort("germany", germany)};
}

Value update_strategy(const Choices& choices) {
  if (choices.workload == delivery::plan::WorkloadKind::DaemonSet)
    return *data::parse_yaml("{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}");
  return *data::parse_yaml("{type: RollingUpdate, rollingUpdate: {partition: 0}}");
}

namespace {

// One that holds pods back is not applied again and again by a user who knows that a Release does.
Value placed_workload(const Choices& choices, const Value& labels, const Value& pod) {
  Value spec = Value::object({{"minReadySeconds", choices.min_ready_seconds},
                              {"selector", Value::object({{"matchLabels", labels}})},
                              {"template", pod}});
  if (choices.workload == delivery::plan::WorkloadKind::StatefulSet) {
    spec.set("replicas", choices.replicas);
    spec.set("serviceName", kName);
  }
  return Value::object({{"apiVersion", "apps/v1"},
                        {"kind", delivery::plan::to_text(choices.workload)},
                        {"metadata", meta(kName)},
                        {"spec", spec}});
}

}  // namespace

Value workload(const Choices& choices, const Version& version) {
  const Value labels = Value::object({{"app", kName}});
  Value container = Value::object({{"name", kName}, {"image", "shop/web:" + version.name}});
  if (choices.config) container.set("envFrom", *data::parse_yaml("[{configMapRef: {name: web-config}}]"));
  const Value pod =
      Value::object({{"metadata", Value::object({{"labels", labels}, {"annotations", version.annotations}})},
                     {"spec", Value::object({{"containers", Value::array({container})}})}});
  if (choices.in_place()) return placed_workload(choices, labels, pod);
  return Value::object({{"apiVersion", "apps/v1"},
                        {"kind", "Deployment"},
                        {"metadata", meta(kName)},
                        {"spec", Value::object({{"replicas", choices.replicas},
                                                {"minReadySeconds", choices.min_ready_seconds},
                                                {"progressDeadlineSeconds", 120},
                                                {"selector", Value::object({{"matchLabels", labels}})},
                                                {"template", pod}})}});
}

Value config_map(std::string_view mode) {
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"metadata", meta(kConfig)},
                        {"data", Value::object({{"mode", mode}})}});
}

Value release(const Choices& choices) {
  const Value target = Value::object({{"kind", delivery::plan::to_text(choices.workload)}, {"name", kName}});
  Value spec = Value::object({{"target", target},
                              {"deadline", "2m"},
                              {"rollback", Value::object({{"verifyTimeout", "2m"}, {"onInconclusive", "Rollback"}})},
                              {"guards", Value::object({{"maxRestarts", 3}, {"maxProbeFailures", 6}})}});
  if (choices.config) spec.set({"config", "configMaps"}, "Versioned");
  if (choices.in_place()) {
    spec.set({"strategy", "rolling"},
             choices.manner == Manner::Rolling ? Value::object({{"bake", "5s"}}) : batches(choices.approval));
  } else if (choices.manner == Manner::Rolling) {
    spec.set({"strategy", "rolling"}, Value::object({{"maxSurge", "25%"}, {"maxUnavailable", "25%"}}));
  } else {
    spec.set("traffic", traffic_of(choices.router));
    if (choices.blue_green) {
      spec.set({"traffic", "canaryService"}, std::string(kName) + "-canary");  // as checkers know it
      spec.set({"strategy", "blueGreen"}, blue_green(choices));
    } else if (choices.ab_test) {
      spec.set({"strategy", "abTest"}, ab_test(choices));
    } else if (choices.gray) {
      spec.set({"strategy", "gray"}, gray(choices));
    } else {
      spec.set({"strategy", "canary", "steps"}, choices.switched() ? switch_steps(choices.approval)
                                                : choices.opt_in   ? with_opt_in(canary_steps(choices.approval))
                                                                   : canary_steps(choices.approval));
      if (choices.dynamic_stable) spec.set({"strategy", "canary", "dynamicStableScale"}, true);
    }
    if (choices.background) spec.set({"guards", "analysis"}, templates());
  }
  if (!choices.hooks.empty()) spec.set("hooks", spec_of(choices.hooks));
  if (choices.keep_pods) spec.set({"rollback", "keepPods"}, Value::object({{"count", 2}, {"duration", "40s"}}));
  if (choices.failures_halt) spec.set({"rollback", "onFailure"}, "Pause");
  return Value::object(
      {{"apiVersion", "slipway.dev/v1alpha1"}, {"kind", "Release"}, {"metadata", meta(kName)}, {"spec", spec}});
}

}  // namespace slipway::rehearse::app
