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
    {"canary by weight", R"({"canary":{"steps":[{"weight":5},{"weight":50}]}})"},
    {"canary, opt-in by header",
     R"({"canary":{"steps":[{"match":{"any":[{"headers":[{"name":"a","value":"b"}]}]}}]}})"},
    {"canary with a mirror", R"({"canary":{"steps":[{"mirror":{"percent":5}}]}})"},
    {"blue-green", R"({"blueGreen":{}})"},
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

bool works(const Form& form, std::optional<RouterKind> kind) {
  Value spec = Value::object({{"target", Value::object({{"name", "web"}})}, {"strategy", json(form.strategy)}});
  if (kind) spec.set("traffic", traffic_of(kind));
  const Value release =
      Value::object({{"metadata", Value::object({{"name", "web"}, {"namespace", "shop"}})}, {"spec", spec}});
  const CohortSpecs cohorts = {{"all", json(R"({"match":"header.a == \"b\""})")}};
  return compile(release, gateway_capabilities(), cohorts).has_value();
}

}  // namespace

std::string strategy_table() {
  std::string out = "| strategy of a Deployment | no router |", line = "|---|---|";
  for (const RouterKind kind : all_router_kinds()) {
    out += fmt::format(" {} |", to_text(kind));
    line += "---|";
  }
  out += "\n" + line + "\n";
  for (const Form& form : kForms) {
    out += fmt::format("| {} | {} |", form.name, works(form, std::nullopt) ? "yes" : "no");
    for (const RouterKind kind : all_router_kinds()) out += works(form, kind) ? " yes |" : " no |";
    out += "\n";
  }
  return out;
}

}  // namespace slipway::delivery::plan
