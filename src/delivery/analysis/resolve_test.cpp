#include "delivery/analysis/resolve.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery::analysis {
namespace {

using data::Value;

Value template_named(const char* name, const char* spec) {
  return Value::object({{"metadata", Value::object({{"name", name}})}, {"spec", json(spec)}});
}

TEST(Resolve, fills_arguments_in_and_leaves_what_is_known_later) {
  const auto out = resolve({template_named("a", R"({"args":[{"name":"limit"},{"name":"window","value":"30s"}],
    "metrics":[{"name":"m","successCondition":"result < {{ args.limit }}","provider":{"prometheus":{"query":"x{s=\"{{service}}\"}[{{args.window}}]"}}}]})")},
                           {{"limit", "0.01"}});
  ASSERT_TRUE(out) << out.error().message;
  const Value& m = (*out)["metrics"].at(0);
  EXPECT_EQ(m["successCondition"], Value("result < 0.01"));
  EXPECT_EQ(m["provider"]["prometheus"]["query"], Value("x{s=\"{{service}}\"}[30s]"));
  EXPECT_EQ((*out)["args"].size(), 2u);
}

TEST(Resolve, a_metric_name_used_twice_gets_its_template_in_front) {
  const char* spec = R"({"metrics":[{"name":"m"}]})";
  const auto out = resolve({template_named("a", spec), template_named("b", spec)}, {});
  ASSERT_TRUE(out);
  EXPECT_EQ((*out)["metrics"].at(1)["name"], Value("b-m"));
}

TEST(Resolve, says_what_is_missing_or_unknown) {
  const Value needs = template_named("a", R"({"args":[{"name":"limit"}],"metrics":[{"name":"m"}]})");
  EXPECT_EQ(resolve({needs}, {}).error().message, "no value for argument limit of AnalysisTemplate a");
  EXPECT_EQ(resolve({needs}, {{"limit", "1"}, {"other", "2"}}).error().message, "no template takes the argument other");
  const Value typo = template_named("a", R"({"metrics":[{"name":"m","successCondition":"result < {{args.limt}}"}]})");
  EXPECT_EQ(resolve({typo}, {}).error().message, "unknown placeholder {{args.limt}} in metric m of AnalysisTemplate a");
  EXPECT_EQ(resolve({needs, typo}, {{"other", "2"}}).error().message,
            "no value for argument limit of AnalysisTemplate a; no template takes the argument other; "
            "unknown placeholder {{args.limt}} in metric m of AnalysisTemplate a");
}

TEST(Resolve, a_default_counts_for_its_own_template_only) {
  const auto with = [](const char* name, const char* arg) {
    return template_named(
        name,
        fmt::format(R"({{"args":[{}],"metrics":[{{"name":"{}","successCondition":"result < {{{{args.limit}}}}"}}]}})",
                    arg, name)
            .c_str());
  };
  const Value strict = with("strict", R"({"name":"limit","value":"0.01"})"),
              loose = with("loose", R"({"name":"limit","value":"0.5"})");
  const auto out = resolve({strict, loose}, {});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ((*out)["metrics"].at(0)["successCondition"], Value("result < 0.01"));
  EXPECT_EQ((*out)["metrics"].at(1)["successCondition"], Value("result < 0.5"));
  EXPECT_EQ((*out)["args"].at(0)["name"], Value("loose/limit"));
  const auto given = resolve({strict, loose}, {{"limit", "0.2"}});
  EXPECT_EQ((*given)["metrics"].at(1)["successCondition"], Value("result < 0.2"));
  EXPECT_EQ((*given)["args"].at(0)["name"], Value("limit"));
  const Value required = with("required", R"({"name":"limit"})");
  EXPECT_EQ(resolve({strict, required}, {}).error().message,
            "no value for argument limit of AnalysisTemplate required");
}

TEST(Resolve, unbalanced_braces_stay) { EXPECT_EQ(substitute("a {{b", {{"b", "x"}}), "a {{b"); }

}  // namespace
}  // namespace slipway::delivery::analysis
