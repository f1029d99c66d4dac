// The manifests that people copy are valid, compile to plans, and their templates resolve.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "data/yaml.h"
#include "delivery/analysis/resolve.h"
#include "delivery/config.h"
#include "delivery/observe_preview.h"
#include "delivery/plan/compile.h"
#include "expr/expression.h"

namespace slipway::delivery {
namespace {

using data::Value;

std::vector<Value> documents(const char* path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  const auto parsed = data::parse_yaml_stream(text.str());
  EXPECT_TRUE(parsed) << parsed.error().message;
  std::vector<Value> out;
  for (const auto& d : *parsed) out.push_back(d.value);
  return out;
}

TEST(Examples, the_shop_release_compiles_and_its_templates_resolve) {
  std::map<std::string, Value> templates;
  std::optional<plan::ReleasePlan> plan;
  for (const Value& d : documents("examples/shop/release.yaml")) {
    std::vector<base::Cause> problems;
    if (d["kind"].as_string() == "AnalysisTemplate") {
      api::check_analysis_template(d, data::kNull, problems);
      templates[d["metadata"]["name"].str()] = d;
    } else {
      const auto compiled = plan::compile(d, plan::gateway_capabilities());
      ASSERT_TRUE(compiled) << compiled.error().message;
      plan = *compiled;
    }
    EXPECT_TRUE(problems.empty());
  }
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->user_steps, 10);
  for (const plan::Step& step : plan->steps) {
    const auto* analyse = std::get_if<plan::Analyse>(&step.action);
    if (!analyse) continue;
    std::vector<Value> named;
    for (const std::string& t : analyse->analysis.templates) named.push_back(templates.at(t));
    const auto resolved = analysis::resolve(named, {});
    ASSERT_TRUE(resolved) << resolved.error().message;
    for (const Value& m : (*resolved)["metrics"].items())
      EXPECT_TRUE(expr::Expression::parse(m["successCondition"].as_string())) << m["successCondition"].as_string();
  }
}

// Its templates are those of release.yaml.
TEST(Examples, the_blue_green_release_compiles_and_names_templates_that_exist) {
  std::set<std::string> templates;
  for (const Value& d : documents("examples/shop/release.yaml"))
    if (d["kind"].as_string() == "AnalysisTemplate") templates.insert(d["metadata"]["name"].str());
  const auto all = documents("examples/shop/blue-green.yaml");
  ASSERT_EQ(all.size(), 1u);
  const auto compiled = plan::compile(all.front(), plan::gateway_capabilities());
  ASSERT_TRUE(compiled) << compiled.error().message;
  EXPECT_EQ(compiled->strategy, plan::Strategy::BlueGreen);
  for (const Value& analysis : plan::analyses_of(all.front()["spec"]))
    for (const Value& named : analysis["templates"].items())
      EXPECT_TRUE(templates.contains(named["name"].str())) << named["name"].as_string();
}

TEST(Examples, the_release_with_versioned_config_maps_is_valid_and_names_what_exists) {
  const auto all = documents("examples/shop/config.yaml");
  ASSERT_EQ(all.size(), 3);
  std::vector<base::Cause> problems;
  api::check_release(all[1], data::kNull, problems);
  api::check_analysis_template(all[2], data::kNull, problems);
  EXPECT_TRUE(problems.empty()) << problems.front().field;
  EXPECT_TRUE(has_versioned_config(all[1]));
  EXPECT_TRUE(plan::compile(all[1], plan::gateway_capabilities()));
  for (const Value& analysis : plan::analyses_of(all[1]["spec"]))
    for (const Value& named : analysis["templates"].items()) EXPECT_EQ(named["name"], all[2]["metadata"]["name"]);
}

// What its pods are asked is asked where they are, and the namespace beside it lets them in.
TEST(Examples, the_preview_in_a_namespace_of_its_own_is_let_in_and_measured_there) {
  const auto all = documents("examples/shop/blue-green-apart.yaml");
  ASSERT_EQ(all.size(), 3u);
  const Value &space = all[0], &smoke = all[1], &release = all[2];
  const auto compiled = plan::compile(release, plan::gateway_capabilities());
  ASSERT_TRUE(compiled) << compiled.error().message;
  ASSERT_TRUE(plan::preview_begin(*compiled));
  EXPECT_EQ(preview_space_of(release), api::name_of(space));
  EXPECT_EQ(preview_refusal(space, preview_space_of(release), release), "");
  std::vector<base::Cause> problems;
  api::check_analysis_template(smoke, data::kNull, problems);
  EXPECT_TRUE(problems.empty());
  const auto resolved = analysis::resolve({smoke}, {});
  ASSERT_TRUE(resolved) << resolved.error().message;
  const Value run = Value::object({{"metadata", Value::object({{"namespace", "shop"}})}});
  const Value subject = Value::object({{"service", "web-preview"}, {"namespace", "shop-preview"}});
  EXPECT_EQ(analysis::substitute((*resolved)["metrics"].at(0)["provider"]["web"]["url"].as_string(),
                                 analysis::placeholders(run, subject)),
            "http://web-preview.shop-preview.svc/");
}

TEST(Examples, rolling_updates_come_in_batches) {
  for (const char* path : {"examples/shop/rolling.yaml", "examples/shop/stateful.yaml"}) {
    const auto all = documents(path);
    const auto compiled = plan::compile(all.back(), plan::gateway_capabilities());
    ASSERT_TRUE(compiled) << compiled.error().message;
    EXPECT_EQ(compiled->user_steps, 3);
    EXPECT_EQ(plan::is_in_place(compiled->workload), all.size() > 1) << path;
  }
}

TEST(Examples, the_templates_of_every_provider_are_valid_and_resolve) {
  std::set<std::string> providers;
  for (const Value& d : documents("examples/shop/analysis.yaml")) {
    std::vector<base::Cause> problems;
    api::check_analysis_template(d, data::kNull, problems);
    EXPECT_TRUE(problems.empty()) << d["metadata"]["name"].as_string() << problems.front().field;
    const auto resolved = analysis::resolve({d}, {});
    ASSERT_TRUE(resolved) << resolved.error().message;
    for (const Value& m : (*resolved)["metrics"].items())
      for (const data::Member& provider : m["provider"].members()) providers.insert(std::string(provider.key.view()));
  }
  EXPECT_EQ(providers, (std::set<std::string>{"job", "process", "web"}));
}

TEST(Examples, the_opt_in_release_sends_staff_to_the_candidate_before_anybody) {
  const auto all = documents("examples/shop/opt-in.yaml");
  ASSERT_EQ(all.size(), 1u);
  const auto compiled = plan::compile(all.front(), plan::gateway_capabilities());
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto traffic = plan::traffic_before(*compiled, 3);
  ASSERT_TRUE(traffic && traffic->audiences.size() == 1);
  EXPECT_EQ(plan::to_text(traffic->audiences.front()), "staff: header x-staff is yes");
  EXPECT_EQ(traffic->share, plan::kNone);
}

TEST(Examples, the_gray_release_lets_groups_in_by_cohorts_that_are_valid) {
  plan::CohortSpecs cohorts;
  std::optional<plan::ReleasePlan> plan;
  for (const Value& d : documents("examples/shop/gray.yaml")) {
    std::vector<base::Cause> problems;
    if (d["kind"].as_string() == "Cohort") {
      api::check_cohort(d, data::kNull, problems);
      cohorts[d["metadata"]["name"].str()] = d["spec"];
    } else {
      const auto compiled = plan::compile(d, plan::gateway_capabilities(), cohorts);
      ASSERT_TRUE(compiled) << compiled.error().message;
      plan = *compiled;
    }
    EXPECT_TRUE(problems.empty()) << problems.front().field << problems.front().message;
  }
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->strategy, plan::Strategy::Gray);
  EXPECT_THAT(plan::to_text(*plan),
              testing::HasSubstr("step 2    the candidate for staff, 10 % of dach-members, verified"));
}

TEST(Examples, the_test_of_two_versions_is_valid_and_says_who_gets_what) {
  plan::CohortSpecs cohorts;
  const auto all = documents("examples/shop/ab-test.yaml");
  ASSERT_EQ(all.size(), 2u);
  cohorts["staff"] = all.front()["spec"];
  const auto compiled = plan::compile(all.back(), plan::gateway_capabilities(), cohorts);
  ASSERT_TRUE(compiled) << compiled.error().message;
  EXPECT_EQ(compiled->strategy, plan::Strategy::AbTest);
  EXPECT_THAT(plan::to_text(*compiled), testing::HasSubstr(
                                            R"(traffic   route web splits web into web-stable, web-plain and web-slower
variant   plain: the Deployment's template
variant   slower: {"spec":{"containers":[{"env":[{"name":"LATENCY_MS","value":"20"}],"name":"web"}]}}
          split the route, all traffic to stable
step 1    scale the variants for 20 % and 20 %
step 1    20 % and 20 % of the traffic to the variants; slower: header x-staff is yes, to the variants 0 % and 100 %, verified at the router
step 2    wait 30s
step 3    wait for a person to promote
)"));
}

TEST(Examples, the_windows_of_the_shop_are_those_that_the_guide_says) {
  const auto all = documents("examples/shop/windows.yaml");
  ASSERT_EQ(all.size(), 2u);
  const auto compiled = plan::compile(all.front(), plan::gateway_capabilities());
  ASSERT_TRUE(compiled) << compiled.error().message;
  ASSERT_EQ(compiled->windows.size(), 3u);
  EXPECT_EQ(api::to_text(compiled->windows.front()), "Mon-Fri 09:00-17:00 Europe/Berlin");
  const auto opens = [&](const char* now) {
    const api::Opening found = api::opening_at(compiled->windows, *base::parse_time(now));
    return found.open ? "open" : base::format_time(*found.opens);
  };
  EXPECT_EQ(opens("2026-11-30T10:30:00Z"), "open");
  EXPECT_EQ(opens("2026-11-30T11:30:00Z"), "2026-11-30T12:00:00Z");  // lunch
  EXPECT_EQ(opens("2026-12-18T16:30:00Z"), "2027-01-04T08:00:00Z");  // the year ends
  std::vector<base::Cause> problems;
  api::check_release_policy(all.back(), data::kNull, problems);
  EXPECT_TRUE(problems.empty());
}

// The keys that it names are in the Secret beside it, and the Role gives exactly that Secret.
TEST(Examples, the_notifications_of_the_shop_are_valid_and_have_what_they_name) {
  const auto all = documents("examples/shop/notification.yaml");
  Value secret, role;
  int notifications = 0;
  for (const Value& d : all) {
    if (d["kind"].as_string() == "Secret") secret = d;
    if (d["kind"].as_string() == "Role") role = d;
    if (d["kind"].as_string() != "Notification") continue;
    ++notifications;
    std::vector<base::Cause> problems;
    api::check_notification(d, data::kNull, problems);
    EXPECT_TRUE(problems.empty()) << problems.front().field << problems.front().message;
    const Value& hook = d["spec"]["webhook"];
    if (hook["secret"].is_null()) continue;
    EXPECT_EQ(hook["secret"], secret["metadata"]["name"]);
    for (const char* key : {"urlKey", "signingKey"})
      EXPECT_TRUE(secret["stringData"].has(hook[key].as_string())) << key;
  }
  EXPECT_EQ(notifications, 2);
  EXPECT_EQ(role["rules"].at(0)["resourceNames"].at(0), secret["metadata"]["name"]);
}

}  // namespace
}  // namespace slipway::delivery
