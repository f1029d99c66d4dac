#include "delivery/plan/support.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/json.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;

struct Form {
  std::string_view name, strategy;
};
constexpr Form kForms[] = {
    {"rolling", R"({"rolling":{}})"},
    {"rolling, in batches", R"({"rolling":{"batches":[{"replicas":1},{"percent":50}]}})"},
    {"canary by weight", R"({"canary":{"steps":[{"weight":5},{"weight":50}]}})"},
    {"canary, stable pods follow", R"({"canary":{"dynamicStableScale":true,"steps":[{"weight":5}]}})"},
    {"canary, opt-in by header",
     R"({"canary":{"steps":[{"match":{"any":[{"headers":[{"name":"a","value":"b"}]}]}}]}})"},
    {"canary with a mirror", R"({"canary":{"steps":[{"mirror":{"percent":5}}]}})"},
    {"blue-green", R"({"blueGreen":{}})"},
    {"blue-green, preview in a namespace of its own", R"({"blueGreen":{"previewNamespace":"shop-preview"}})"},
    {"gray, whole cohorts", R"({"gray":{"batches":[{"cohorts":[{"name":"all"}]}]}})"},
    {"gray, parts of users", R"({"gray":{"key":{"header":"u"},"batches":[{"share":5}]}})"},
    {"A/B test by cohorts", R"({"abTest":{"variants":[{"name":"b","cohorts":[{"name":"all"}]}]}})"},
    {"A/B test by shares", R"({"abTest":{"key":{"header":"u"},"variants":[{"name":"b","share":50}]}})"},
    {"gray, parts by bucketHeader", R"({"gray":{"key":{"header":"u","bucketHeader":"b"},"batches":[{"share":5}]}})"},
};

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  if (!v) base::bug("a form of the support matrix is no JSON", __FILE__, __LINE__);
  return *std::move(v);
}

// nullopt: no router.
Value traffic_of(std::optional<RouterKind> kind) {
  if (!kind) return {};
  Value out = Value::object({{"kind", to_text(*kind)}, {"service", "web"}});
  if (*kind != RouterKind::Service) out.set("route", "web");
  return out;
}

bool works(const Form& form, std::optional<RouterKind> kind, WorkloadKind workload = WorkloadKind::Deployment) {
  const Value target = Value::object({{"kind", to_text(workload)}, {"name", "web"}});
  Value spec = Value::object({{"target", target}, {"strategy", json(form.strategy)}});
  if (kind) spec.set("traffic", traffic_of(kind));
  const Value release =
      Value::object({{"metadata", Value::object({{"name", "web"}, {"namespace", "shop"}})}, {"spec", spec}});
  const CohortSpecs cohorts = {{"all", json(R"({"match":"header.a == \"b\""})")}};
  return compile(release, gateway_capabilities(), cohorts).has_value();
}

std::string head(std::string_view first, const std::vector<std::string>& columns) {
  std::string out = fmt::format("| {} |", first), line = "|---|";
  for (const std::string& column : columns) {
    out += fmt::format(" {} |", column);
    line += "---|";
  }
  return out + "\n" + line + "\n";
}

}  // namespace

std::string workload_table() {
  std::vector<std::string> kinds;
  for (const WorkloadKind kind : all_workload_kinds()) kinds.emplace_back(to_text(kind));
  std::string out = head("strategy without a router", kinds);
  for (const Form& form : kForms) {
    out += fmt::format("| {} |", form.name);
    for (const WorkloadKind kind : all_workload_kinds()) out += works(form, std::nullopt, kind) ? " yes |" : " no |";
    out += "\n";
  }
  return out;
}

std::string strategy_table() {
  std::vector<std::string> columns = {"no router"};
  for (const RouterKind kind : all_router_kinds()) columns.emplace_back(to_text(kind));
  std::string out = head("strategy of a Deployment", columns);
  for (const Form& form : kForms) {
    out += fmt::format("| {} | {} |", form.name, works(form, std::nullopt) ? "yes" : "no");
    for (const RouterKind kind : all_router_kinds()) out += works(form, kind) ? " yes |" : " no |";
    out += "\n";
  }
  return out;
}

}  // namespace slipway::delivery::plan
