#include "rehearse/routed.h"

#include <gtest/gtest.h>

#include "data/yaml.h"
#include "rehearse/app.h"
#include "rehearse/app_router.h"
#include "rehearse/world.h"

namespace slipway::rehearse {
namespace {

using data::Value;

Value yaml(const char* text) { return *data::parse_yaml(text); }

std::string read(Router router, const char* route, std::vector<Value> beside = {}) {
  return text_of(read_rules(router, {yaml(route), std::move(beside)}));
}

TEST(Routed, an_http_route_gives_one_part_to_who_has_no_weight) {
  constexpr const char* kRoute = "spec: {rules: [{backendRefs: [{name: a}, {name: b, weight: 3}]}]}";
  EXPECT_EQ(read(Router::HttpRoute, kRoute), " a=1 b=3");
  const RoutedRules rules = read_rules(Router::HttpRoute, {yaml(kRoute)});
  EXPECT_EQ(rules[0][0].share, 2500);
  EXPECT_EQ(rules[0][1].share, 7500);
}

TEST(Routed, a_virtual_service_gives_nothing_to_who_has_no_weight_unless_it_is_alone) {
  EXPECT_EQ(read(Router::VirtualService, R"(
spec:
  http:
  - route: [{destination: {host: a.shop.svc}}, {destination: {host: b}, weight: 20}]
  - route: [{destination: {host: c}, weight: 0}]
)"),
            " a=0 b=20, c=1");
}

TEST(Routed, a_subset_is_known_when_a_rule_of_its_host_has_it) {
  const Value rule = yaml("spec: {host: a, subsets: [{name: one, labels: {x: y}}]}");
  const RoutedRules rules = read_rules(
      Router::VirtualServiceSubsets,
      {yaml("spec: {http: [{route: [{destination: {host: a, subset: one}, weight: 1}, {destination: {host: a, subset: "
            "two}, weight: 1}, {destination: {host: b, subset: one}, weight: 2}]}]}"),
       {rule}});
  EXPECT_EQ(text_of(rules), " a/one=1 a/two=1? b/one=2?");
  EXPECT_EQ(rules[0][0].labels, yaml("{x: y}"));
}

constexpr const char* kIngress = R"(
spec:
  ingressClassName: nginx
  rules:
  - host: x
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: a}}}
      - {path: /docs, pathType: Prefix, backend: {service: {name: docs}}}
)";
Value canary(const char* annotations, const char* ingress_class = "nginx") {
  Value out = yaml(R"(
spec: {rules: [{host: x, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: b}}}]}}]}
)");
  out.set({"spec", "ingressClassName"}, ingress_class);
  out.set({"metadata", "annotations"}, yaml(annotations));
  return out;
}

TEST(Routed, a_canary_ingress_takes_its_weight_away_where_host_and_path_are_the_same) {
  constexpr const char* kShare =
      "{nginx.ingress.kubernetes.io/canary: 'true', nginx.ingress.kubernetes.io/canary-weight: '30'}";
  EXPECT_EQ(read(Router::Ingress, kIngress, {canary(kShare)}), " a=70 b=30, docs=1");
  EXPECT_EQ(read(Router::Ingress, kIngress, {canary(kShare, "other")}), " a=1, docs=1") << "of another controller";
  EXPECT_EQ(read(Router::Ingress, kIngress, {canary("{nginx.ingress.kubernetes.io/canary-weight: '30'}")}),
            " a=1, docs=1")
      << "not a canary";
}

TEST(Routed, a_canary_weight_is_of_its_total) {
  const RoutedRules rules =
      read_rules(Router::Ingress, {yaml(kIngress),
                                   {canary("{nginx.ingress.kubernetes.io/canary: 'true', "
                                           "nginx.ingress.kubernetes.io/canary-weight: '55', "
                                           "nginx.ingress.kubernetes.io/canary-weight-total: '10000'}")}});
  EXPECT_EQ(rules[0][1].share, 55);
}

TEST(Routed, traefik_gives_one_part_to_who_has_no_weight) {
  EXPECT_EQ(read(Router::TraefikService, "spec: {weighted: {services: [{name: a}, {name: b, weight: 3}]}}"),
            " a=1 b=3");
  EXPECT_EQ(read(Router::IngressRoute, "spec: {routes: [{services: [{name: a, weight: 0}]}, {services: [{name: b}]}]}"),
            " a=1, b=1");
}

TEST(Routed, rules_together_get_the_same_number_of_requests_each) {
  const RoutedRule all = together(
      read_rules(Router::IngressRoute, {yaml("spec: {routes: [{services: [{name: a}, {name: b}]}, {services: [{name: "
                                             "b}]}]}")}));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].share, 2500);
  EXPECT_EQ(all[1].share, 7500);
}

TEST(Routed, a_rule_that_asks_for_a_header_is_nobodys_share_of_the_whole) {
  const RoutedRules rules = read_rules(
      Router::HttpRoute, {yaml("spec: {rules: [{backendRefs: [{name: web-stable}, {name: web-canary, weight: 0}]}, "
                               "{matches: [{headers: [{name: a, value: b}]}], backendRefs: [{name: web-canary}]}]}")});
  EXPECT_EQ(candidate_share(rules), 0);
  EXPECT_TRUE(rules[1][0].narrow);
  EXPECT_EQ(rules[1][0].load(), 1) << "it needs a pod all the same";
  const RoutedRule all = together(rules);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].share, 9'500);
  EXPECT_EQ(all[1].share, 500) << "a twentieth";
}

// --- the checkers that read by it can fail ----------------------------------------------------------------

// Applied after the objects of a user, as nobody may write them.
std::string broken_by(Router router, const char* patch) {
  World world({.traffic = {.router = router}});
  world.start();
  EXPECT_TRUE(world.apply(api::kNamespaces, app::name_space()));
  EXPECT_TRUE(world.apply(api::kServices, app::service()));
  for (const app::Applied& own : app::router_objects(router)) EXPECT_TRUE(world.apply(own.resource, own.object));
  world.run_for(base::seconds(10));
  EXPECT_EQ(world.violation(), std::nullopt);
  EXPECT_TRUE(world.call({.verb = client::Verb::Patch,
                          .resource = route_kind(router),
                          .space = app::kSpace,
                          .name = app::kName,
                          .body = yaml(patch)}));
  world.run_for(base::seconds(10));
  return world.broken_rule();
}

TEST(RoutedCheckers, see_weights_that_give_traffic_to_nobody) {
  EXPECT_EQ(broken_by(Router::VirtualService,
                      "spec: {http: [{route: [{destination: {host: web}}, {destination: {host: "
                      "web-canary}}]}]}"),
            "weights-add-up");
  EXPECT_EQ(broken_by(Router::TraefikService, "spec: {weighted: {services: [{name: web, weight: -1}]}}"),
            "weights-add-up");
}

TEST(RoutedCheckers, see_names_that_mean_nothing_to_the_router) {
  EXPECT_EQ(broken_by(Router::VirtualServiceSubsets,
                      "spec: {http: [{route: [{destination: {host: web, subset: "
                      "stable}}]}]}"),
            "known-to-router");
  EXPECT_EQ(broken_by(Router::IngressRoute, "spec: {routes: [{services: [{name: nobody}]}]}"), "known-to-router");
}

}  // namespace
}  // namespace slipway::rehearse
