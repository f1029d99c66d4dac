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
  return "{name: a, interval: 1s, successCondition: result > 0, provider: {prometheus: {query: up}}, " + fields + "}";
}

TEST(AnalysisTemplateRules, good_metrics_are_taken) {
  for (const std::string& good :
       {web("url: 'https://m.example/x', jsonPath: '$.a', samplesPath: '{$.n}', secret: m, timeout: 1m"),
        web("url: 'http://m.example/{{service}}', method: POST, body: '{}'"),
        web("url: '{{args.url}}', secret: m, headers: [{name: X, secretKey: k}, {name: X-B, value: z}]"),
        web("url: 'https://m.example/', jsonPath: \"$.i[?(@.name==''b'')].v\""), web("url: 'https://m.example/'", ""),
        std::string("{name: a, provider: {job: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "
                    "i}]}}}}}"),
        std::string(
            "{name: a, successCondition: result > 0, provider: {process: {name: p, args: {a: b}, timeout: 30s}}}"),
        limits("failureLimit: -1, consecutiveSuccessLimit: 3"),
        limits("count: 5, consecutiveSuccessLimit: 5, onNoData: Fail"),
        std::string("{name: a, failureCondition: result == 0, provider: {prometheus: {query: up}}}")})
    for (const base::Cause& problem : problems_of(good))
      ADD_FAILURE() << good << ": " << problem.field << ": " << problem.message;
}

// What is read again at each measurement is read once when it is written.
TEST(AnalysisTemplateRules, what_is_said_in_a_language_is_read) {
  const auto only = [](const std::string& metric) {
    const auto problems = problems_of(metric);
    return problems.size() == 1 ? problems[0].field + ": " + problems[0].message : std::to_string(problems.size());
  };
  const auto of_gateway = [](const std::string& query, const std::string& condition) {
    return "{name: a, successCondition: '" + condition + "', provider: {gateway: {query: " + query + "}}}";
  };
  EXPECT_NE(only(of_gateway("error-rate", "result <= && 1")).find("spec.metrics[0].successCondition: "),
            std::string::npos);
  EXPECT_NE(only(of_gateway("error-rate", "result <= && 1")).find("column 11"), std::string::npos);
  EXPECT_NE(only(of_gateway("error-rate", "reslt < 1")).find("unknown name reslt: a condition can read result, stable"),
            std::string::npos);
  EXPECT_NE(only(of_gateway("error-rat", "result < 1")).find("our gateway answers error-rate, requests, rate, p50"),
            std::string::npos);
  EXPECT_EQ(only(of_gateway("p99", "len([result]) > 0 && (pWorse == nil || pWorse > 0.1) && stableSamples >= 0")), "0");
  EXPECT_EQ(only(of_gateway("\"{{args.query}}\"", "result < {{args.limit}} &&")), "0")
      << "read once the arguments are there";
  EXPECT_EQ(language_problem(yaml(of_gateway("p99", "result < 1 &&"))).find("a.successCondition: "), 0u);
}

// The table of a kind and its rules say some of the same.
TEST(Rules, what_the_table_refuses_is_refused_once) {
  const auto refused = [](const Resource& resource, const std::string& text) {
    const Kind& kind = testing::kind(resource);
    std::vector<std::string> out;
    for (const base::Cause& cause :
         validate(kind, with_defaults(kind, testing::conformed(kind, yaml(text))), data::kNull))
      out.push_back(cause.field);
    return out;
  };
  using Fields = std::vector<std::string>;
  EXPECT_EQ(refused(kReleasePolicies, "{metadata: {name: cluster}, spec: {maxConcurrent: 0, stop: {by: ann}}}"),
            (Fields{"spec.maxConcurrent", "spec.stop.reason"}));
  EXPECT_EQ(refused(kAnalysisTemplates, "{metadata: {name: a, namespace: b}, spec: {metrics: [" +
                                            limits("failureLimit: -2, consecutiveSuccessLimit: 2") + "]}}"),
            Fields{"spec.metrics[0].failureLimit"});
}

TEST(AnalysisTemplateRules, what_cannot_work_is_refused_with_its_field) {
  const std::string provider = "spec.metrics[0].provider";
  for (const auto& [bad, field] : std::vector<std::pair<std::string, std::string>>{
           {"{name: a, successCondition: result > 0, provider: {}}", provider},
           {"{name: a, successCondition: result > 0, provider: {web: {url: 'http://m/'}, gateway: {query: p50}}}",
            provider},
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
           {"{name: a, successCondition: result > 0, provider: {process: {}}}", provider + ".process.name"},
           {"{name: a, successCondition: result > 0, provider: {process: {name: p, timeout: 2m}}}",
            provider + ".process.timeout"},
           {"{name: a, provider: {process: {name: p}}}", "spec.metrics[0].successCondition"},
           {limits("failureLimit: -1"), "spec.metrics[0].failureLimit"},
           {limits("failureLimit: -2, consecutiveSuccessLimit: 2"), "spec.metrics[0].failureLimit"},
           {limits("count: 2, consecutiveSuccessLimit: 3"), "spec.metrics[0].consecutiveSuccessLimit"},
           {limits("consecutiveSuccessLimit: -1"), "spec.metrics[0].consecutiveSuccessLimit"},
           {limits("onNoData: Pass"), "spec.metrics[0].onNoData"},
           {"{name: a, consecutiveSuccessLimit: 2, successCondition: result > 0, provider: {prometheus: {query: up}}}",
            "spec.metrics[0].interval"},
           {"{name: a, provider: {job: {}}}", provider + ".job.template.spec.containers"},
           {"{name: a, provider: {job: {template: {spec: {restartPolicy: Always, containers: [{name: c}]}}}}}",
            provider + ".job.template.spec.restartPolicy"},
           {"{name: a, provider: {job: {template: {metadata: {name: b}, spec: {containers: [{name: c}]}}}}}",
            provider + ".job.template.metadata.name"},
           {"{name: a, successCondition: result > 0, provider: {job: {template: {spec: {containers: [{name: c}]}}}}}",
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

std::string all_of(const std::vector<base::Cause>& causes) {
  std::string out;
  for (const base::Cause& cause : causes) out += cause.field + ": " + cause.message + "\n";
  return out;
}

std::string cohort_problems(const std::string& spec) {
  std::vector<base::Cause> problems;
  check_cohort(yaml("spec: " + spec), data::kNull, problems);
  return all_of(problems);
}

TEST(CohortRules, say_what_is_wrong_with_its_place) {
  EXPECT_EQ(cohort_problems("{match: 'header[\"a\"] == \"1\"'}"), "");
  EXPECT_EQ(cohort_problems("{key: {cookie: uid}, users: [a], exceptUsers: [b]}"), "");
  EXPECT_EQ(cohort_problems("{key: {header: x}, share: 0.25, fallback: In, expected: 0}"), "");
  const std::pair<const char*, const char*> rows[] = {
      {"{}", "spec: Required value: who is in it: match, users or share\n"},
      {"{match: 'region == \"DE\"'}",
       "spec.match: Invalid value: \"region == \\\"DE\\\"\": column 8: attribute region is not declared: say in "
       "spec.attributes which header, cookie or query parameter carries it\n"},
      {"{match: 'a.b == \"1\"'}",
       "spec.match: Invalid value: \"a.b == \\\"1\\\"\": column 5: a has no members; header, cookie and query have\n"},
      {"{match: 'header.a =='}",
       "spec.match: Invalid value: \"header.a ==\": column 12: unexpected end, expected a value\n"},
      {"{users: [a]}", "spec.key: Required value: what says who a user is, for the lists of users\n"},
      {"{share: 5}", "spec.key: Required value: what says who a user is, for a share of them\n"},
      {"{key: {header: a, cookie: b}, users: [x]}",
       "spec.key: Forbidden: only one of header, cookie and query may be given\n"},
      {"{key: {header: a}, share: 0}",
       "spec.share: Invalid value: 0: must be a percentage over 0 and up to 100 with at most two decimals\n"},
      {"{key: {header: a}, users: [x], exceptUsers: [x]}",
       "spec.exceptUsers[0]: Invalid value: \"x\": is among spec.users as well\n"},
      {"{match: 'm == \"1\"', attributes: [{name: m}, {name: m, header: h}, {name: cookie, header: h}, {name: 'a b', "
       "header: h}]}",
       "spec.attributes[0]: Required value: one of header, cookie and query\n"
       "spec.attributes[1].name: Invalid value: \"m\": is used twice\n"
       "spec.attributes[2].name: Invalid value: \"cookie\": means the headers, cookies or query parameters themselves\n"
       "spec.attributes[3].name: Invalid value: \"a b\": must be a name of letters, digits and _ that an expression "
       "can "
       "use\n"}};
  for (const auto& [spec, wanted] : rows) EXPECT_EQ(cohort_problems(spec), wanted) << spec;
}

TEST(GrayRules, say_what_is_wrong_with_its_place) {
  const auto problems = [](const std::string& gray) {
    std::vector<base::Cause> out;
    check_release(
        yaml("spec: {target: {name: web}, traffic: {route: web, service: web}, strategy: {gray: " + gray + "}}"),
        data::kNull, out);
    return all_of(out);
  };
  const std::string at = "spec.strategy.gray.batches";
  EXPECT_EQ(problems("{key: {header: u}, batches: [{cohorts: [{name: a}]}, {share: 5, bake: 1m}, {share: 100}]}"), "");
  EXPECT_EQ(problems("{batches: []}"), at + ": Required value: a gray release needs at least one batch\n");
  EXPECT_EQ(problems("{batches: [{name: x}, {name: x, cohorts: [{name: a}, {name: a}, {}]}]}"),
            at + "[0]: Required value: a batch lets cohorts in, or a share of all users\n" + at +
                "[1].cohorts[1].name: Invalid value: \"a\": is named twice\n" + at +
                "[1].cohorts[2].name: Required value: the name of a Cohort in this namespace\n" + at +
                "[1].name: Invalid value: \"x\": is the name of an earlier batch\n");
  EXPECT_EQ(
      problems("{key: {header: u}, batches: [{cohorts: [{name: a, share: 10}]}, {cohorts: [{name: a, share: 5}]}]}"),
      at + "[1].cohorts[0].share: Invalid value: 5: falls below the 10 % of an earlier batch; a gray release only "
           "grows\n");
  EXPECT_EQ(problems("{batches: [{share: 5, replicas: 1, percent: 10, bake: soon}]}"),
            "spec.strategy.gray.key: Required value: what says who a user is, since " + at +
                "[0].share asks for a part of all\n" + at +
                "[0]: Forbidden: only one of replicas and percent may be given\n" + at +
                "[0].bake: Invalid value: \"soon\": must be a duration such as \"30s\", \"5m\" or \"1h30m\"\n");
  EXPECT_EQ(problems("{key: {header: u}, batches: [{share: 100}, {cohorts: [{name: a}]}]}"),
            at + "[1]: Forbidden: comes after a batch of all users: nobody is left to let in\n");
}

TEST(ReleaseRules, a_release_keeps_its_workload) {
  const auto problems = [](const char* before, const char* now) {
    const auto release = [](const char* target) {
      return yaml(std::string("{metadata: {name: a, namespace: b}, spec: {strategy: {rolling: {}}, target: ") + target +
                  "}}");
    };
    std::vector<base::Cause> out;
    check_release(release(now), release(before), out);
    return out;
  };
  EXPECT_TRUE(problems("{name: web}", "{kind: Deployment, name: web}").empty());
  for (const char* other : {"{name: shop}", "{kind: StatefulSet, name: web}"}) {
    const auto found = problems("{name: web}", other);
    ASSERT_EQ(found.size(), 1u) << other;
    EXPECT_EQ(found[0].field, "spec.target");
  }
}

TEST(ReleaseRules, a_field_that_a_step_does_not_have_is_named) {
  const auto fields = [](const std::string& step) {
    std::vector<base::Cause> problems;
    check_release(
        yaml("{metadata: {name: web}, spec: {target: {name: web}, traffic: {route: web, service: web}, deadline: 0s,"
             "strategy: {canary: {steps: [" +
             step + "]}}}}"),
        data::kNull, problems);
    std::vector<std::string> out;
    for (const base::Cause& problem : problems) out.push_back(problem.field);
    return base::join(out, " ");
  };
  EXPECT_EQ(fields("{weight: 10, name: small}"), "spec.deadline");
  EXPECT_EQ(fields("{weight: 10, setWeight: 5}"), "spec.strategy.canary.steps[0].setWeight spec.deadline");
  EXPECT_EQ(fields("{wieght: 5}"), "spec.strategy.canary.steps[0].wieght spec.strategy.canary.steps[0] spec.deadline");
}

}  // namespace
}  // namespace slipway::api
