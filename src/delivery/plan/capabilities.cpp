#include "delivery/plan/capabilities.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/error.h"

namespace slipway::delivery::plan {
namespace {

constexpr std::array<std::pair<RouterKind, std::string_view>, 6> kKinds = {{
    {RouterKind::HttpRoute, "HTTPRoute"},
    {RouterKind::Service, "Service"},
    {RouterKind::VirtualService, "VirtualService"},
    {RouterKind::Ingress, "Ingress"},
    {RouterKind::TraefikService, "TraefikService"},
    {RouterKind::IngressRoute, "IngressRoute"},
}};

// ingress-nginx writes its configuration at most every 3.3 s (--sync-rate-limit), Traefik every 2 s
// (providersThrottleDuration), istiod pushes 100 ms after the last change and at the latest after 10 s
// (PILOT_DEBOUNCE_AFTER, PILOT_DEBOUNCE_MAX); the proxies take it over within a second.
constexpr base::Duration kSettle = base::seconds(5);

std::string steps_text(std::int64_t granularity) {
  return granularity == 10'000 ? "all or nothing" : fmt::format("{:g} %", static_cast<double>(granularity) / 100);
}

std::string_view yes(bool can) { return can ? "yes" : "no"; }

std::string row(std::string_view kind, const RouterCapabilities& c) {
  const std::string matches = fmt::format("{}{}{}", c.header_match ? "header " : "", c.cookie_match ? "cookie " : "",
                                          c.query_match ? "query " : "");
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", kind, c.name, steps_text(c.granularity),
                     to_text(c.read_back), to_text(c.stickiness),
                     matches.empty() ? "no" : matches.substr(0, matches.size() - 1), yes(c.mirror),
                     yes(c.several_rules), c.settle > base::Duration{} ? base::format_duration(c.settle) : "-");
}

}  // namespace

std::string_view to_text(RouterKind kind) {
  for (const auto& [k, text] : kKinds)
    if (k == kind) return text;
  base::bug("unknown router kind", __FILE__, __LINE__);
}

std::optional<RouterKind> router_kind_of(std::string_view kind) {
  for (const auto& [k, text] : kKinds)
    if (text == kind) return k;
  return std::nullopt;
}

const std::vector<RouterKind>& all_router_kinds() {
  static const std::vector<RouterKind> all = [] {
    std::vector<RouterKind> out;
    for (const auto& [kind, text] : kKinds) out.push_back(kind);
    return out;
  }();
  return all;
}

std::string_view to_text(ReadBack how) {
  switch (how) {
    case ReadBack::None:
      return "none";
    case ReadBack::Settled:
      return "none: believed after a while";
    case ReadBack::Status:
      return "status of the object, where it is written";
    case ReadBack::Endpoints:
      return "endpoints by version";
    case ReadBack::Counted:
      return "shares, sessions and requests";
  }
  base::bug("unknown read-back", __FILE__, __LINE__);
}

std::string_view to_text(Stickiness how) {
  switch (how) {
    case Stickiness::None:
      return "no";
    case Stickiness::Cookie:
      return "by the user's own cookie setting";
    case Stickiness::Bucket:
      return "yes, and monotone";
    case Stickiness::Whole:
      return "one version at a time";
  }
  base::bug("unknown stickiness", __FILE__, __LINE__);
}

RouterCapabilities gateway_capabilities() {
  return {.name = "our gateway, embedded or as a GatewayClass",
          .granularity = 1,
          .read_back = ReadBack::Counted,
          .headless = true,
          .stickiness = Stickiness::Bucket,
          .header_match = true,
          .cookie_match = true,
          .query_match = true,
          .mirror = true};
}

RouterCapabilities capabilities_of(RouterKind kind) {
  switch (kind) {
    case RouterKind::HttpRoute:
      return gateway_capabilities();
    case RouterKind::Service:
      return {.name = "a Service's selector",
              .granularity = 10'000,
              .read_back = ReadBack::Endpoints,
              .stickiness = Stickiness::Whole,
              .several_versions = false,
              .several_rules = false};
    case RouterKind::VirtualService:
      return {.name = "Istio",
              .granularity = 1,
              .read_back = ReadBack::Status,
              .header_match = true,
              .cookie_match = true,
              .query_match = true,
              .mirror = true,
              .settle = kSettle};
    case RouterKind::Ingress:
      return {.name = "ingress-nginx",
              .granularity = 1,
              .read_back = ReadBack::Settled,
              .stickiness = Stickiness::Cookie,
              .header_match = true,
              .cookie_match = true,
              .one_condition = true,
              .several_versions = false,
              .settle = kSettle};
    case RouterKind::TraefikService:
    case RouterKind::IngressRoute:
      return {.name = "Traefik",
              .granularity = 1,
              .read_back = ReadBack::Settled,
              .stickiness = Stickiness::Cookie,
              .several_rules = kind == RouterKind::IngressRoute,
              .settle = kSettle};
  }
  base::bug("unknown router kind", __FILE__, __LINE__);
}

std::string router_table() {
  std::string out =
      "| spec.traffic.kind | who programs it | smallest step | read-back | sticky | can match by | can mirror | "
      "several "
      "rules | settles in |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const RouterKind kind : all_router_kinds()) out += row(to_text(kind), capabilities_of(kind));
  return out;
}

}  // namespace slipway::delivery::plan
