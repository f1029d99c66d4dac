#include "rehearse/routed.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/meta.h"
#include "base/error.h"
#include "base/strings.h"
#include "delivery/traffic/kinds.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr std::int64_t kWhole = 10'000;
constexpr std::string_view kHash = "pod-template-hash";

// Shares in hundredths of a percent that add up to the whole, when there is anything to give.
void share_out(RoutedRule& rule) {
  std::int64_t total = 0, weight = 0, share = 0;
  for (const Routed& part : rule) total += part.weight;
  for (Routed& part : rule) {
    weight += part.weight;
    const std::int64_t upto = total > 0 ? weight * kWhole / total : 0;
    part.share = upto - share;
    share = upto;
  }
}

// A list of weighted references; `place` says where one of them points. Who is alone gets all, where `lone` says so.
template <class F>
RoutedRule weighted(const Value& list, std::int64_t absent, bool lone, F place) {
  RoutedRule rule;
  for (const Value& ref : list.items()) {
    Routed part = place(ref);
    part.weight = lone && list.size() == 1 ? 1 : ref["weight"].as_int(absent);
    rule.push_back(std::move(part));
  }
  share_out(rule);
  return rule;
}

// All of its matches ask for a header or for a query parameter.
RoutedRule narrowed(RoutedRule rule, const Value& matches) {
  const bool narrow = matches.size() > 0 && std::ranges::all_of(matches.items(), [](const Value& match) {
                        return match["headers"].size() > 0 || match["queryParams"].size() > 0;
                      });
  for (Routed& part : rule) part.narrow = narrow;
  return rule;
}

Routed by_name(const Value& ref) { return {.service = ref["name"].str()}; }

// --- Istio ------------------------------------------------------------------------------------------------

// A short name is of the namespace of the object that has it.
std::string service_of_host(std::string_view host) { return std::string(host.substr(0, host.find('.'))); }

Routed destination(const Value& to, const std::vector<Value>& destination_rules) {
  Routed part{.service = service_of_host(to["host"].as_string()), .subset = to["subset"].str()};
  if (part.subset.empty()) return part;
  part.known = false;
  for (const Value& rule : destination_rules) {
    if (service_of_host(rule["spec"]["host"].as_string()) != part.service) continue;
    for (const Value& subset : rule["spec"]["subsets"].items())
      if (subset["name"].as_string() == part.subset) part.known = true, part.labels = subset["labels"];
  }
  return part;
}

RoutedRules of_virtual_service(const RouterObjects& o) {
  RoutedRules rules;
  for (const Value& http : o.route["spec"]["http"].items())
    rules.push_back(narrowed(
        weighted(http["route"], 0, true, [&](const Value& ref) { return destination(ref["destination"], o.beside); }),
        http["match"]));
  return rules;
}

// --- ingress-nginx ----------------------------------------------------------------------------------------

std::string_view nginx(const Value& ingress, std::string_view annotation) {
  return api::annotation(ingress, std::string("nginx.ingress.kubernetes.io/").append(annotation));
}

std::string_view class_of(const Value& ingress) {
  const std::string_view named = api::annotation(ingress, "kubernetes.io/ingress.class");
  return named.empty() ? ingress["spec"]["ingressClassName"].as_string() : named;
}

// The Service to which an Ingress sends this place; empty when it does not know it.
std::string service_at(const Value& ingress, const Value& host, const Value& path) {
  for (const Value& rule : ingress["spec"]["rules"].items())
    for (const Value& one : rule["http"]["paths"].items())
      if (rule["host"] == host && one["path"] == path["path"] && one["pathType"] == path["pathType"])
        return one["backend"]["service"]["name"].str();
  return "";
}

void take_away(RoutedRule& rule, const Value& canary, const std::string& service) {
  const std::int64_t total = base::parse_int(nginx(canary, "canary-weight-total")).value_or(100);
  const std::int64_t weight = base::parse_int(nginx(canary, "canary-weight")).value_or(0);
  rule.front().weight = total - weight;
  rule.push_back({.service = service, .weight = weight});
}

RoutedRules of_ingress(const RouterObjects& o) {
  RoutedRules rules;
  for (const Value& at : o.route["spec"]["rules"].items())
    for (const Value& path : at["http"]["paths"].items()) {
      RoutedRule rule{{.service = path["backend"]["service"]["name"].str(), .weight = 1}};
      for (const Value& other : o.beside) {
        if (!is_beside(Router::Ingress, other) || class_of(other) != class_of(o.route)) continue;
        const std::string service = service_at(other, at["host"], path);
        if (!service.empty() && rule.size() == 1) take_away(rule, other, service);  // one canary to a place
      }
      share_out(rule);
      rules.push_back(std::move(rule));
    }
  return rules;
}

// --- the other lists --------------------------------------------------------------------------------------

RoutedRules of_lists(const Value& rules, std::string_view key, bool lone) {
  RoutedRules out;
  for (const Value& rule : rules.items())
    out.push_back(narrowed(weighted(rule[key], 1, lone, by_name), rule["matches"]));
  return out;
}

constexpr std::array<std::pair<Router, std::string_view>, 7> kNames = {{
    {Router::HttpRoute, "HTTPRoute"},
    {Router::Service, "Service"},
    {Router::VirtualService, "VirtualService"},
    {Router::VirtualServiceSubsets, "VirtualServiceSubsets"},
    {Router::Ingress, "Ingress"},
    {Router::TraefikService, "TraefikService"},
    {Router::IngressRoute, "IngressRoute"},
}};

}  // namespace

std::string_view to_text(Router router) { return kNames[static_cast<std::size_t>(router)].second; }

std::optional<Router> router_named(std::string_view name) {
  for (const auto& [router, text] : kNames)
    if (text == name) return router;
  return std::nullopt;
}

const api::Resource& route_kind(Router router) {
  switch (router) {
    case Router::HttpRoute:
    case Router::Service:
      return api::kHttpRoutes;
    case Router::VirtualService:
    case Router::VirtualServiceSubsets:
      return delivery::kVirtualServices;
    case Router::Ingress:
      return delivery::kIngresses;
    case Router::TraefikService:
      return delivery::kTraefikServices;
    case Router::IngressRoute:
      return delivery::kIngressRoutes;
  }
  base::bug("unknown router", __FILE__, __LINE__);
}

std::optional<api::Resource> beside_kind(Router router) {
  if (router == Router::VirtualServiceSubsets) return delivery::kDestinationRules;
  if (router == Router::Ingress) return delivery::kIngresses;
  return std::nullopt;
}

RoutedRules read_rules(Router router, const RouterObjects& o) {
  const Value& spec = o.route["spec"];
  switch (router) {
    case Router::HttpRoute:
    case Router::Service:
      return of_lists(spec["rules"], "backendRefs", false);
    case Router::VirtualService:
    case Router::VirtualServiceSubsets:
      return of_virtual_service(o);
    case Router::Ingress:
      return of_ingress(o);
    case Router::TraefikService:
      return of_lists(Value::array({spec["weighted"]}), "services", false);
    case Router::IngressRoute:
      return of_lists(spec["routes"], "services", true);
  }
  base::bug("unknown router", __FILE__, __LINE__);
}

bool is_beside(Router router, const Value& object) {
  return router == Router::Ingress && nginx(object, "canary") == "true";
}

// One request in so many asks for one of the narrow rules.
constexpr std::int64_t kNarrow = 20;

RoutedRule together(const RoutedRules& rules) {
  RoutedRule all;
  const auto is_narrow = [](const RoutedRule& rule) { return !rule.empty() && rule.front().narrow; };
  const auto add = [&all](const Routed& part, std::int64_t share) {
    const auto known = std::ranges::find_if(all, [&](const Routed& p) { return p.is_same(part); });
    if (known != all.end()) return void(known->share += share);
    Routed& one = all.emplace_back(part);
    one.share = share;
    one.narrow = false;
  };
  const auto narrow = std::ranges::count_if(rules, is_narrow);
  const auto wide = std::max<std::int64_t>(1, std::ssize(rules) - narrow);
  for (const RoutedRule& rule : rules)
    for (const Routed& part : rule) add(part, is_narrow(rule) ? 0 : part.share);
  const auto gives = [](const RoutedRule& rule) {
    return std::ranges::any_of(rule, [](const Routed& part) { return part.share > 0; });
  };
  const bool some_narrow = std::ranges::any_of(rules, [&](const RoutedRule& r) { return is_narrow(r) && gives(r); });
  for (Routed& part : all) part.share = part.share / wide * (some_narrow ? kNarrow - 1 : kNarrow) / kNarrow;
  for (const RoutedRule& rule : rules)
    for (const Routed& part : rule)
      if (part.narrow && part.share > 0) add(part, std::max<std::int64_t>(1, part.share / (kNarrow * narrow)));
  return all;
}

bool is_candidate(const Routed& part) {
  return part.subset.empty() ? part.service.ends_with("-canary") : part.subset == "canary";
}

std::int64_t candidate_share(const RoutedRules& rules) {
  std::int64_t most = 0;
  for (const RoutedRule& rule : rules) {
    std::int64_t share = 0;
    for (const Routed& part : rule) share += is_candidate(part) && !part.narrow ? part.share : 0;
    most = std::max(most, share);
  }
  return most;
}

std::string hash_of(const Routed& part, const Value& service) {
  return part.subset.empty() ? service["spec"]["selector"][kHash].str() : part.labels[kHash].str();
}

std::string text_of(const RoutedRules& rules) {
  std::string text;
  for (const RoutedRule& rule : rules) {
    text += text.empty() ? "" : ",";
    for (const Routed& part : rule)
      text += " " + part.service + (part.subset.empty() ? "" : "/" + part.subset) + "=" + std::to_string(part.weight) +
              (part.known ? "" : "?");
  }
  return rules.empty() ? " nothing" : text;
}

}  // namespace slipway::rehearse
