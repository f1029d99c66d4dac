// What an AnalysisTemplate may say, and what the refusal names.
#include "api/kinds/release_rules.h"

#include <gtest/gtest.h>

#include "api/testing.h"
#include "base/strings.h"

namespace slipway::api {
namespace {

using data::Value;
using testing::yaml;

std::vector<base::Cause> problems_of(const std::string& metric) {
  std::vector<base::Cause> problems;
  check_analysis_template(yaml("spec: {metrics: [" + metric + "]}"), data::kNull, problems);
  return problems;
}

std::string web(const std::string& fields, const std::string& condition = "result < 1") {
  return "{name: a, successCondition: '" + condition + "', provider: {web: {" + fields + "}}}";
}

std::string limits(const std::string& fields) {
  return "{name: a, interval: 1s, successCondition: x, provider: {prometheus: {query: up}}, " + fields + "}";
}

TEST(AnalysisTemplateRules, good_metrics_are_taken) {
  for (const std::string& good :
       {web("url: 'https://m.example/x', jsonPath: '$.a', samplesPath: '{$.n}', secret: m, timeout: 1m"),
        web("url: 'http://m.example/{{service}}', method: POST, body: '{}'"),
        web("url: '{{args.url}}', secret: m, headers: [{name: X, secretKey: k}, {name: X-B, value: z}]"),
        web("url: 'https://m.example/', jsonPath: \"$.i[?(@.name==''b'')].v\""), web("url: 'https://m.example/'", ""),
        std::string("{name: a, provider: {job: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "
                    "i}]}}}}}"),
        std::string("{name: a, successCondition: x, provider: {process: {name: p, args: {a: b}, timeout: 30s}}}"),
        limits("failureLimit: -1, consecutiveSuccessLimit: 3"),
        limits("count: 5, consecutiveSuccessLimit: 5, onNoData: Fail"),
        std::string("{name: a, failureCondition: result == 0, provider: {prometheus: {query: up}}}")})
    for (const base::Cause& problem : problems_of(good))
      ADD_FAILURE() << good << ": " << problem.field << ": " << problem.message;
}

TEST(AnalysisTemplateRules, what_cannot_work_is_refused_with_its_field) {
  const std::string provider = "spec.metrics[0].provider";
  for (const auto& [bad, field] : std::vector<std::pair<std::string, std::string>>{
           {"{name: a, successCondition: x, provider: {}}", provider},
           {"{name: a, successCondition: x, provider: {web: {url: 'http://m/'}, gateway: {query: p50}}}", provider},
           {web("method: GET"), provider + ".web.url"},
           {web("url: 'ftp://m.example'"), provider + ".web.url"},
           {web("url: 'http://m.example', secret: m"), provider + ".web.url"},
           {web("url: 'http://m.example', method: PUT"), provider + ".web.method"},
           {web("url: 'http://m.example', body: x"), provider + ".web.body"},
           {web("url: 'http://m.example', jsonPath: '$..a'"), provider + ".web.jsonPath"},
           {web("url: 'http://m.example', samplesPath: '$.a[?('"), provider + ".web.samplesPath"},
           {web("url: 'http://m.example', timeout: 0s"), provider + ".web.timeout"},
           {web("url: 'http://m.example', timeout: 61s"), provider + ".web.timeout"},
           {web("url: 'http://m.example', timeout: soon"), provider + ".web.timeout"},
           {web("url: 'http://m.example', headers: [{name: X, secretKey: k}]"), provider + ".web.headers[0].secretKey"},
           {web("url: 'https://m.example', secret: m, headers: [{name: X, value: v, secretKey: k}]"),
            provider + ".web.headers[0].value"},
           {web("url: 'http://m.example', headers: [{value: v}]"), provider + ".web.headers[0].name"},
           {"{name: a, successCondition: x, provider: {process: {}}}", provider + ".process.name"},
           {"{name: a, successCondition: x, provider: {process: {name: p, timeout: 2m}}}",
            provider + ".process.timeout"},
           {"{name: a, provider: {process: {name: p}}}", "spec.metrics[0].successCondition"},
           {limits("failureLimit: -1"), "spec.metrics[0].failureLimit"},
           {limits("failureLimit: -2, consecutiveSuccessLimit: 2"), "spec.metrics[0].failureLimit"},
           {limits("count: 2, consecutiveSuccessLimit: 3"), "spec.metrics[0].consecutiveSuccessLimit"},
           {limits("consecutiveSuccessLimit: -1"), "spec.metrics[0].consecutiveSuccessLimit"},
           {limits("onNoData: Pass"), "spec.metrics[0].onNoData"},
           {"{name: a, consecutiveSuccessLimit: 2, successCondition: x, provider: {prometheus: {query: up}}}",
            "spec.metrics[0].interval"},
           {"{name: a, provider: {job: {}}}", provider + ".job.template.spec.containers"},
           {"{name: a, provider: {job: {template: {spec: {restartPolicy: Always, containers: [{name: c}]}}}}}",
            provider + ".job.template.spec.restartPolicy"},
           {"{name: a, provider: {job: {template: {metadata: {name: b}, spec: {containers: [{name: c}]}}}}}",
            provider + ".job.template.metadata.name"},
           {"{name: a, successCondition: x, provider: {job: {template: {spec: {containers: [{name: c}]}}}}}",
            "spec.metrics[0].successCondition"},
           {web("url: 'http://m.example', jsonPath: '$.a'", ""), "spec.metrics[0].successCondition"}}) {
    const auto problems = problems_of(bad);
    ASSERT_EQ(problems.size(), 1u) << bad;
    EXPECT_EQ(problems[0].field, field) << bad << ": " << problems[0].message;
  }
}

TEST(ReleaseRules, a_template_name_is_used_in_one_scope) {
  const auto fields_of = [](const char* in_step, const char* in_guard) {
    const Value release =
        yaml(std::string("spec: {target: {name: web}, strategy: {canary: {steps: [{analysis: {templates: [{name: a, ") +
             "clusterScope: " + in_step +
             "}]}}]}}, guards: {analysis: {templates: [{name: a, clusterScope: " + in_guard + "}]}}}");
    std::vector<base::Cause> problems;
    check_release(release, data::kNull, problems);
    std::vector<std::string> fields;
    for (const base::Cause& problem : problems) fields.push_back(problem.field);
    return fields;
  };
  EXPECT_EQ(fields_of("true", "true"), std::vector<std::string>{});
  EXPECT_EQ(fields_of("false", "false"), std::vector<std::string>{});
  EXPECT_EQ(fields_of("true", "false"), std::vector<std::string>{"spec.guards.analysis.templates[0].clusterScope"});
}

}  // namespace
}  // namespace slipway::api
