// What a metric says in languages of its own: its conditions, and what it asks our gateway for.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/kinds/release_rules.h"
#include "api/kinds/rule_problems.h"
#include "base/strings.h"
#include "expr/expression.h"

namespace slipway::api {
namespace {

using data::Value;

// What a condition can read (docs/analysis.md).
constexpr std::array<std::string_view, 9> kNames = {"result",     "stable", "low",     "high",         "stableLow",
                                                    "stableHigh", "pWorse", "samples", "stableSamples"};
constexpr std::array<std::string_view, 7> kGatewayQueries = {"error-rate", "requests", "rate", "p50",
                                                             "p90",        "p95",      "p99"};

// It is known only once the arguments are.
bool has_placeholder(std::string_view text) { return text.contains("{{"); }

template <std::size_t N>
std::string list_of(const std::array<std::string_view, N>& all) {
  return base::join(std::vector<std::string>(all.begin(), all.end()), ", ");
}

std::string problem_of_condition(std::string_view text) {
  if (text.empty() || has_placeholder(text)) return "";
  const auto parsed = expr::Expression::parse(std::string(text));
  if (!parsed) return parsed.error().message;
  for (const std::string& name : parsed->names())
    if (std::ranges::find(kNames, name) == kNames.end())
      return fmt::format("unknown name {}: a condition can read {}", name, list_of(kNames));
  return "";
}

std::string problem_of_gateway_query(std::string_view query) {
  if (query.empty() || has_placeholder(query) || std::ranges::find(kGatewayQueries, query) != kGatewayQueries.end())
    return "";
  return "our gateway answers " + list_of(kGatewayQueries);
}

}  // namespace

namespace rules {

void check_languages(Problems& out, const Value& metric, const std::string& path) {
  for (const char* key : {"successCondition", "failureCondition"})
    if (const std::string problem = problem_of_condition(metric[key].as_string()); !problem.empty())
      out.invalid(path + "." + key, metric[key], problem);
  const Value& query = metric["provider"]["gateway"]["query"];
  if (const std::string problem = problem_of_gateway_query(query.as_string()); !problem.empty())
    out.invalid(path + ".provider.gateway.query", query, problem);
}

}  // namespace rules

std::string language_problem(const Value& metric) {
  std::vector<base::Cause> problems;
  rules::Problems out{problems};
  rules::check_languages(out, metric, metric["name"].str("metric"));
  return problems.empty() ? "" : problems.front().field + ": " + problems.front().message;
}

}  // namespace slipway::api
