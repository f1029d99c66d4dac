// What release_rules.cpp checks in code, as rules of the CustomResourceDefinitions: a real API server refuses the same
// objects.
#include <algorithm>

#include "api/crd_definition.h"

namespace slipway::api {
namespace {

using data::Value;

// A duration as base/time.h reads it, or nothing; not negative.
constexpr const char* kDuration = "^([0-9]+(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))*$|^0$";

// A JSON path without "..": a rule in CEL would cost a server too much.
constexpr const char* kNoRecursiveStep = "^([^.]|\\.[^.])*\\.?$";

std::vector<ValueRule> value_rules() {
  std::vector<ValueRule> all = {
      {"ReleaseTarget", "kind", "enum", Value::array({"Deployment", "StatefulSet", "DaemonSet"})},
      {"ReleaseTarget", "name", "minLength", 1},
      {"NamedTemplate", "name", "required", {}},
      {"NamedTemplate", "name", "minLength", 1},
      {"NamedTemplate", "name", "maxLength", 253},
      {"AnalysisArgument", "name", "required", {}},
      {"AnalysisArgument", "name", "minLength", 1},
      {"ReleaseStep", "weight", "minimum", 0},
      {"ReleaseStep", "weight", "maximum", 100},
      {"RequestCondition", "name", "required", {}},
      {"RequestCondition", "name", "minLength", 1},
      {"RequestCondition", "name", "maxLength", 256},
      {"RequestCondition", "value", "required", {}},
      {"RequestCondition", "value", "minLength", 1},
      {"RequestCondition", "value", "maxLength", 1024},
      {"ReleaseWindow", "from", "pattern", "^(([01][0-9]|2[0-3]):[0-5][0-9])?$"},
      {"ReleaseWindow", "to", "pattern", "^((([01][0-9]|2[0-3]):[0-5][0-9])|24:00)?$"},
      {"ReleaseWindow", "timeZone", "pattern", "^([A-Z][A-Za-z0-9/_+-]*)?$"},
      {"ReleaseWindow", "timeZone", "maxLength", 64},
      {"ReleaseWindow", "start", "format", "date-time"},
      {"ReleaseWindow", "start", "maxLength", 64},
      {"ReleaseWindow", "end", "format", "date-time"},
      {"ReleaseWindow", "end", "maxLength", 64},
      {"ReleaseStop", "reason", "required", {}},
      {"ReleaseStop", "reason", "minLength", 1},
      {"ReleaseMatch", "any", "required", {}},
      {"ReleaseMirror", "percent", "required", {}},
      {"GrayCohort", "name", "required", {}},
      {"GrayCohort", "name", "minLength", 1},
      {"GrayCohort", "name", "maxLength", 253},
      {"GrayBatch", "name", "maxLength", 63},
      {"GrayStrategy", "batches", "required", {}},
      {"ReleaseHook", "name", "required", {}},
      {"ReleaseHook", "at", "required", {}},
      {"ReleaseHook", "step", "minimum", 1},
      {"ReleaseHook", "retries", "minimum", 0},
      {"AbTestStrategy", "variants", "required", {}},
      {"AbTestStrategy", "variants", "minItems", 1},
      {"AbTestVariant", "name", "required", {}},
      {"AbTestVariant", "replicas", "minimum", 1},
      {"CohortReference", "name", "required", {}},
      {"GrayStrategy", "batches", "minItems", 1},
      {"CohortAttribute", "name", "required", {}},
      {"CohortAttribute", "name", "pattern", "^[A-Za-z_][A-Za-z0-9_]*$"},
      {"CohortAttribute", "name", "maxLength", 63},
      {"CohortSpec", "expected", "minimum", 0},
      {"CohortSpec", "expected", "maximum", 100},
      {"CanaryStrategy", "steps", "required", {}},
      {"CanaryStrategy", "steps", "minItems", 1},
      {"ReleaseTraffic", "service", "required", {}},
      {"ReleaseTraffic", "service", "minLength", 1},
      {"GatewayMetric", "query", "required", {}},
      {"GatewayMetric", "query", "minLength", 1},
      {"PrometheusMetric", "query", "required", {}},
      {"PrometheusMetric", "query", "minLength", 1},
      {"PrometheusMetric", "secret", "maxLength", 253},
      {"WebMetric", "url", "required", {}},
      {"WebMetric", "url", "pattern", "^(https?://|\\{\\{)"},
      {"WebMetric", "secret", "maxLength", 253},
      {"WebMetric", "url", "maxLength", 4096},
      {"WebMetric", "jsonPath", "pattern", kNoRecursiveStep},
      {"WebMetric", "samplesPath", "pattern", kNoRecursiveStep},
      {"WebMetric", "jsonPath", "maxLength", 1024},
      {"WebMetric", "samplesPath", "maxLength", 1024},
      {"JobMetric", "template", "required", {}},
      {"ProcessMetric", "name", "required", {}},
      {"ProcessMetric", "name", "minLength", 1},
      {"NotificationWebhook", "url", "pattern", "^(https?://.*)?$"},
      {"WebHeader", "name", "required", {}},
      {"WebHeader", "name", "minLength", 1},
      {"Metric", "name", "required", {}},
      {"Metric", "name", "minLength", 1},
      {"Metric", "name", "maxLength", 253},
      {"AnalysisTemplateSpec", "metrics", "required", {}},
      {"AnalysisTemplateSpec", "metrics", "minItems", 1},
  };
  for (const char* type : {"CohortKey", "CohortAttribute"})
    for (const char* field : {"header", "cookie", "query"}) all.push_back({type, field, "maxLength", 256});
  for (const char* type : {"ReleaseMirror", "ReleaseScale", "GrayBatch", "RollingBatch"}) {
    all.push_back({type, "percent", "minimum", 0});
    all.push_back({type, "percent", "maximum", 100});
  }
  for (const char* type : {"ReleaseAnalysis", "GuardAnalysis"}) {
    all.push_back({type, "templates", "required", {}});
    all.push_back({type, "templates", "minItems", 1});
  }
  for (const auto& [type, field] :
       std::vector<std::pair<const char*, const char*>>{{"ReleasePause", "duration"},
                                                        {"TroublePolicy", "after"},
                                                        {"RollingStrategy", "bake"},
                                                        {"GrayBatch", "bake"},
                                                        {"RollingBatch", "bake"},
                                                        {"AbTestStrategy", "duration"},
                                                        {"ReleaseHook", "timeout"},
                                                        {"BlueGreenStrategy", "autoSwitch"},
                                                        {"BlueGreenStrategy", "keepPrevious"},
                                                        {"ReleaseSpec", "deadline"},
                                                        {"ReleaseRollback", "verifyTimeout"},
                                                        {"ReleaseKeptPods", "duration"},
                                                        {"GatewayMetric", "window"},
                                                        {"PrometheusMetric", "window"},
                                                        {"WebMetric", "window"},
                                                        {"WebMetric", "timeout"},
                                                        {"ProcessMetric", "window"},
                                                        {"ProcessMetric", "timeout"},
                                                        {"Metric", "interval"},
                                                        {"Metric", "initialDelay"},
                                                        {"Metric", "timeout"},
                                                        {"AnalysisRunSpec", "ttl"},
                                                        {"NotificationWebhook", "timeout"},
                                                        {"NotificationSpec", "giveUpAfter"}})
    all.push_back({type, field, "pattern", kDuration});
  for (const char* type : {"AbTestVariant", "ReleaseHook"}) {
    all.push_back({type, "name", "pattern", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"});
    all.push_back({type, "name", "maxLength", 40});
  }
  all.push_back({"BlueGreenStrategy", "previewNamespace", "pattern", "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"});
  all.push_back({"BlueGreenStrategy", "previewNamespace", "maxLength", 63});
  for (const char* field : {"service", "stableService", "canaryService"})
    all.push_back({"ReleaseTraffic", field, "maxLength", 63});
  return all;
}

// Absent or empty, which mean the same.
std::string not_given(const std::string& field) { return "(!has(self." + field + ") || self." + field + " == '')"; }

std::vector<CelRule> cel_rules() {
  const std::string budget =
      "!(has(self.maxSurge) && has(self.maxUnavailable) && string(self.maxSurge) in ['0', '0%'] && "
      "string(self.maxUnavailable) in ['0', '0%'])";
  const std::string stable =
      "(has(self.stableService) && self.stableService != '' ? self.stableService : self.service + '-stable')";
  const std::string canary =
      "(has(self.canaryService) && self.canaryService != '' ? self.canaryService : self.service + '-canary')";
  const std::string one_part =
      "[has(self.header) && self.header != '', has(self.cookie) && self.cookie != '', has(self.query) && self.query != "
      "''].filter(x, x).size() == 1";
  const std::string part = "double(int(self.share * 100.0 + 0.5))";
  const std::string share = "!has(self.share) || (self.share > 0.0 && self.share <= 100.0 && " + part +
                            " - self.share * 100.0 < 0.000001 && self.share * 100.0 - " + part + " < 0.000001)";
  const std::string unique = "self.templates.all(t, self.templates.exists_one(u, u.name == t.name))";
  const std::string in_place = "(has(self.target.kind) && self.target.kind in ['StatefulSet', 'DaemonSet'])";
  // multipleOf is of no use: a server takes a whole number and the factor as integers.
  const std::string hundredths = "double(int(self.weight * 100.0 + 0.5))";
  const std::string weights = "self.steps.filter(s, has(s.weight)).map(s, s.weight)";
  return {
      {"ReleaseStep",
       "[has(self.weight), has(self.match), has(self.mirror), has(self.scale), has(self.pause), "
       "has(self.analysis)].filter(x, x).size() == 1",
       "a step is exactly one of weight, match, mirror, scale, pause and analysis"},
      {"RequestMatch",
       "(has(self.headers) && self.headers.size() > 0) || (has(self.cookies) && self.cookies.size() > 0) || "
       "(has(self.queryParams) && self.queryParams.size() > 0)",
       "at least one of headers, cookies and queryParams"},
      {"ReleaseWindow", "has(self.start) == has(self.end)", "start and end belong together"},
      {"ReleaseWindow", "!has(self.start) || !has(self.end) || self.start < self.end", "end must be after start"},
      {"ReleaseWindow",
       "(!has(self.start) && !has(self.end)) || ((!has(self.days) || self.days.size() == 0) && " + not_given("from") +
           " && " + not_given("to") + " && " + not_given("timeZone") + ")",
       "a window from start to end is no window by the week: no days, from, to or timeZone"},
      {"ReleaseWindow", "(" + not_given("from") + ") == (" + not_given("to") + ")",
       "from and to belong together; without both it lasts all day"},
      {"ReleaseWindow", not_given("from") + " || !has(self.to) || self.from != self.to",
       "to is the same as from: leave both out for the whole day"},
      {"ReleaseWindow", "!has(self.days) || self.days.all(d, self.days.exists_one(e, e == d))",
       "no day may be named twice"},
      // The API server has the database of Go; a zone that it does not know is an error of the rule.
      {"ReleaseWindow", not_given("timeZone") + " || timestamp('2026-01-01T00:00:00Z').getHours(self.timeZone) >= 0",
       "timeZone must be a name of the IANA time zone database, like Europe/Berlin"},
      {"ReleasePolicy", "self.metadata.name == 'cluster'", "there is one ReleasePolicy, and its name is cluster"},
      {"ReleaseScale", "has(self.replicas) != has(self.percent)", "exactly one of replicas and percent"},
      {"ReleaseStep",
       "!has(self.weight) || (" + hundredths + " - self.weight * 100.0 < 0.000001 && self.weight * 100.0 - " +
           hundredths + " < 0.000001)",
       "a weight has at most two decimals"},
      {"CanaryStrategy", weights + ".isSorted()", "weights may not fall: a canary only grows"},
      {"CanaryStrategy", weights + ".filter(w, double(w) == 100.0).size() <= 1",
       "no weight may follow a step of 100 %"},
      {"CanaryStrategy", budget, "maxUnavailable may not be 0 when maxSurge is 0 as well"},
      {"RollingStrategy", budget, "maxUnavailable may not be 0 when maxSurge is 0 as well"},
      {"RollingBatch", "has(self.replicas) != has(self.percent)", "exactly one of replicas and percent"},
      {"RollingStrategy", "!has(self.batches) || self.batches.filter(b, has(b.percent)).map(b, b.percent).isSorted()",
       "batches only grow: percentages may not fall"},
      {"RollingStrategy", "!has(self.batches) || self.batches.filter(b, has(b.replicas)).map(b, b.replicas).isSorted()",
       "batches only grow: numbers of pods may not fall"},
      {"ReleaseSpec",
       in_place + " == false || (has(self.strategy.rolling) || has(self.strategy.canary)) && !has(self.traffic)",
       "the pods of a StatefulSet or DaemonSet are replaced in place: rolling, or canary without traffic"},
      {"ReleaseSpec",
       in_place + " == false || !(has(self.strategy.rolling) && has(self.strategy.rolling.maxSurge)) && "
                  "!(has(self.strategy.canary) && has(self.strategy.canary.maxSurge))",
       "the pods of a StatefulSet or DaemonSet are replaced in place: there is no maxSurge"},
      {"ReleaseSpec",
       in_place + " == false || !has(self.config) || !has(self.config.configMaps) || self.config.configMaps == 'Live'",
       "the pods of a StatefulSet or DaemonSet are made from its own template: ConfigMaps are versioned for "
       "Deployments"},
      {"ReleaseSpec",
       "!has(self.target.kind) || self.target.kind != 'StatefulSet' || !(has(self.strategy.rolling) && "
       "has(self.strategy.rolling.maxUnavailable)) && !(has(self.strategy.canary) && "
       "has(self.strategy.canary.maxUnavailable))",
       "a StatefulSet replaces one pod at a time: there is no maxUnavailable"},
      {"ReleaseStrategy",
       "[has(self.rolling), has(self.canary), has(self.blueGreen), has(self.gray), has(self.abTest)].filter(x, "
       "x).size() == 1",
       "a strategy is exactly one of rolling, canary, blueGreen, gray and abTest"},
      {"ReleaseHook", "[has(self.web), has(self.job), has(self.process)].filter(x, x).size() == 1",
       "exactly one of web, job and process"},
      {"ReleaseHook", "(self.at in ['BeforeStep', 'AfterStep']) == has(self.step)",
       "step belongs to BeforeStep and AfterStep, and to no other time"},
      {"ReleaseSpec", "!has(self.hooks) || self.hooks.all(h, self.hooks.exists_one(i, i.name == h.name))",
       "no hook may be named twice"},
      {"AbTestVariant", share, "a share is over 0 and at most 100, with at most two decimals"},
      {"AbTestVariant", "has(self.share) || (has(self.cohorts) && self.cohorts.size() > 0)",
       "who gets the variant: a share of the users, or cohorts"},
      {"AbTestVariant", "!(self.name in ['stable', 'canary'])", "is the name of one of the Release's own Services"},
      {"AbTestStrategy", "self.variants.all(v, self.variants.exists_one(w, w.name == v.name))",
       "no variant may be named twice"},
      {"AbTestStrategy", "self.variants.filter(v, !has(v.template)).size() == 1",
       "exactly one variant has no template: what the Deployment asks for"},
      {"AbTestStrategy", "has(self.key) || self.variants.all(v, !has(v.share))",
       "key says who a user is, since a variant asks for a share"},
      {"AbTestStrategy", "self.variants.filter(v, has(v.share)).map(v, v.share).sum() <= 100.0001",
       "the shares are more than 100 % together"},
      {"AbTestStrategy", "!has(self.key) || !has(self.key.bucketHeader) || self.key.bucketHeader == ''",
       "the gateway computes the bucket; behind another router give each variant Cohorts that compare it"},
      {"ReleaseSpec", "has(self.traffic) || !has(self.strategy.abTest)",
       "a test shares users out between versions: traffic names the route that carries them"},
      {"ReleaseSpec",
       "!has(self.traffic) || !has(self.strategy.abTest) || ((!has(self.traffic.destinationRule) || "
       "self.traffic.destinationRule == '') && (!has(self.traffic.canaryService) || self.traffic.canaryService == ''))",
       "each variant of a test has a Service of its own: no destinationRule and no canaryService"},
      {"CohortKey", one_part, "exactly one of header, cookie and query"},
      {"CohortAttribute", one_part, "exactly one of header, cookie and query"},
      {"GrayCohort", share, "a share is over 0 and at most 100, with at most two decimals"},
      {"GrayBatch", share, "a share is over 0 and at most 100, with at most two decimals"},
      {"CohortSpec", share, "a share is over 0 and at most 100, with at most two decimals"},
      {"GrayBatch", "has(self.share) || (has(self.cohorts) && self.cohorts.size() > 0)",
       "a batch lets cohorts in, or a share of all users"},
      {"GrayBatch", "!has(self.replicas) || !has(self.percent)", "only one of replicas and percent may be given"},
      {"GrayStrategy", "has(self.key) || self.batches.all(b, !has(b.share))",
       "key says who a user is, since a batch asks for a share of all"},
      {"GrayStrategy", "self.batches.filter(b, has(b.share)).map(b, b.share).isSorted()",
       "a gray release only grows: shares of all users may not fall"},
      {"CohortSpec",
       "has(self.key) || !((has(self.users) && self.users.size() > 0) || (has(self.exceptUsers) && "
       "self.exceptUsers.size() > 0) || (has(self.share) && self.share != 100.0))",
       "key says who a user is, for lists of users and for a share of them"},
      {"CohortSpec",
       "(has(self.match) && self.match != '') || (has(self.users) && self.users.size() > 0) || (has(self.share) && "
       "self.share != 100.0)",
       "who is in it: match, users or share"},
      {"ReleaseSpec",
       "has(self.traffic) || !has(self.strategy.canary) || self.strategy.canary.steps.all(s, !has(s.match) && "
       "!has(s.mirror) && !has(s.scale))",
       "match, mirror and scale need spec.traffic"},
      {"ReleaseSpec",
       "self.target.name == oldSelf.target.name && (has(self.target.kind) ? self.target.kind : 'Deployment') == "
       "(has(oldSelf.target.kind) ? oldSelf.target.kind : 'Deployment')",
       "target may not change: a Release holds one workload; make another Release for another one"},
      {"ReleaseSpec",
       "has(self.traffic) || !has(self.strategy.canary) || !has(self.strategy.canary.dynamicStableScale) || "
       "!self.strategy.canary.dynamicStableScale",
       "dynamicStableScale needs spec.traffic"},
      {"ReleaseSpec", "has(self.traffic) || !has(self.rollback) || !has(self.rollback.keepPods)",
       "rollback.keepPods needs spec.traffic"},
      {"ReleaseSpec", "!has(self.traffic) || !has(self.strategy.rolling)",
       "a rolling update shifts pods, not traffic: use strategy.canary to split a route"},
      {"ReleaseSpec", "has(self.traffic) || !has(self.strategy.blueGreen)",
       "blueGreen moves traffic: traffic names what carries it, kind Service where there is no router"},
      {"ReleaseTraffic", "(has(self.kind) && self.kind == 'Service') != (has(self.route) && self.route != '')",
       "route names the object that carries the traffic; with kind Service there is none"},
      {"ReleaseSpec", "has(self.traffic) || !has(self.strategy.gray)",
       "gray lets users in by what their requests say: traffic names the route that carries them"},
      {"ReleaseTraffic",
       "!has(self.destinationRule) || self.destinationRule == '' || (has(self.kind) && self.kind == 'VirtualService')",
       "only a VirtualService can name subsets of a destinationRule"},
      {"ReleaseTraffic", stable + " != " + canary, "the canary service must differ from the stable service"},
      {"ReleaseTraffic", stable + " != self.service", "the stable service must differ from service"},
      {"ReleaseTraffic", canary + " != self.service", "the canary service must differ from service"},
      {"ReleaseAnalysis", unique, "no template may be named twice"},
      {"TroublePolicy", "!has(self.after) || !has(self.action) || self.action != 'Wait'",
       "with action Wait the deadline decides, and not `after`"},
      {"ReleaseGuards",
       "!has(self.troubles) || self.troubles.all(t, self.troubles.exists_one(u, u.trouble == t.trouble))",
       "no trouble may be named twice"},
      {"GuardAnalysis", unique, "no template may be named twice"},
      {"MetricProvider",
       "(has(self.gateway) ? 1 : 0) + (has(self.prometheus) ? 1 : 0) + (has(self.web) ? 1 : 0) + (has(self.job) ? 1 : "
       "0) + "
       "(has(self.process) ? 1 : 0) == 1",
       "a provider is exactly one of gateway, prometheus, web, job and process"},
      {"Metric",
       "!has(self.provider.job) || ((!has(self.successCondition) || self.successCondition == '') && "
       "(!has(self.failureCondition) || self.failureCondition == ''))",
       "the exit code of a job is its verdict"},
      {"WebMetric", "!has(self.body) || self.body == '' || (has(self.method) && self.method == 'POST')",
       "a GET has no body"},
      {"WebMetric", "!has(self.secret) || self.secret == '' || !self.url.startsWith('http://')",
       "url must begin with https:// where a secret is sent"},
      {"WebMetric",
       "!has(self.timeout) || self.timeout == '' || (duration(self.timeout) > duration('0s') && "
       "duration(self.timeout) <= duration('1m'))",
       "timeout must be more than 0s and at most 1m"},
      {"ProcessMetric",
       "!has(self.timeout) || self.timeout == '' || (duration(self.timeout) > duration('0s') && "
       "duration(self.timeout) <= duration('1m'))",
       "timeout must be more than 0s and at most 1m"},
      {"WebHeader", "!has(self.secretKey) || self.secretKey == '' || !has(self.value) || self.value == ''",
       "the value comes from secretKey, or stands in value"},
      {"NotificationWebhook", "(" + not_given("url") + ") != (" + not_given("urlKey") + ")",
       "exactly one of url and urlKey"},
      {"NotificationWebhook",
       "!(" + not_given("secret") + ") || ((" + not_given("urlKey") + ") && (" + not_given("signingKey") +
           ") && (!has(self.headers) || self.headers.all(h, !has(h.secretKey) || h.secretKey == '')))",
       "secret names the Secret with the keys that urlKey, signingKey and headers name"},
      {"NotificationWebhook",
       "!has(self.url) || !self.url.startsWith('http://') || !has(self.headers) || self.headers.all(h, "
       "!has(h.secretKey) || "
       "h.secretKey == '')",
       "url must begin with https:// where a secret is sent"},
      {"NotificationWebhook",
       "!has(self.timeout) || self.timeout == '' || (duration(self.timeout) > duration('0s') && "
       "duration(self.timeout) <= duration('1m'))",
       "timeout must be more than 0s and at most 1m"},
      {"NotificationSpec",
       "!has(self.giveUpAfter) || self.giveUpAfter == '' || (duration(self.giveUpAfter) > duration('0s') && "
       "duration(self.giveUpAfter) <= duration('168h'))",
       "giveUpAfter must be more than 0s and at most 168h"},
      {"NotificationReleases", "has(self.selector) || (has(self.names) && self.names.size() > 0)",
       "names or a selector; without releases all of the namespace are meant"},
      {"LabelSelectorRequirement", "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
       "values belong to In and NotIn, and only to them"},
      {"PrometheusMetric", "!has(self.secret) || self.secret == '' || (has(self.address) && self.address != '')",
       "a secret belongs to an address"},
      {"Metric", "!has(self.count) || self.count <= 1 || (has(self.interval) && self.interval != '')",
       "interval is needed when count is over 1"},
      {"Metric",
       "(has(self.successCondition) && self.successCondition != '') || (has(self.failureCondition) && "
       "self.failureCondition != '') || has(self.provider.job) || (has(self.provider.web) && "
       "(!has(self.provider.web.jsonPath) || "
       "self.provider.web.jsonPath == '') && (!has(self.provider.web.samplesPath) || "
       "self.provider.web.samplesPath == ''))",
       "a metric without a condition would accept anything"},
      {"Metric",
       "!has(self.failureLimit) || self.failureLimit >= 0 || (has(self.consecutiveSuccessLimit) && "
       "self.consecutiveSuccessLimit > 0)",
       "with any number of failures tolerated consecutiveSuccessLimit must say what a pass is"},
      {"Metric", "!has(self.count) || !has(self.consecutiveSuccessLimit) || self.consecutiveSuccessLimit <= self.count",
       "consecutiveSuccessLimit is more than count"},
      {"Metric",
       "!has(self.consecutiveSuccessLimit) || self.consecutiveSuccessLimit <= 1 || (has(self.interval) && "
       "self.interval != '')",
       "interval is needed when consecutiveSuccessLimit is over 1"},
      {"AnalysisTemplateSpec", "self.metrics.all(m, self.metrics.exists_one(n, n.name == m.name))",
       "no metric name may be used twice"},
  };
}

}  // namespace

std::vector<Value> slipway_definitions() {
  const DefinitionRules rules{value_rules(), cel_rules()};
  std::vector<Value> all;
  for (const auto& kind : Scheme::builtin()->kinds())
    if (kind->resource.group == "slipway.dev" && kind->stored) all.push_back(definition_of(*kind, rules));
  std::ranges::sort(all, {}, [](const Value& d) { return d["metadata"]["name"].str(); });
  return all;
}

}  // namespace slipway::api
