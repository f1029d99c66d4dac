#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "api/meta.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/plan/compile.h"
#include "delivery/traffic/router.h"

namespace slipway::delivery {
namespace {

using data::Value;

const Router& nginx() { return router_of(plan::RouterKind::Ingress); }
const plan::Routing kRouting = plan::routing_of(
    json(R"({"metadata":{"namespace":"shop"},"spec":{"traffic":{"kind":"Ingress","route":"shop","service":"web"}}})"));
const Claim kClaim{.metadata = json(R"({"namespace":"shop","labels":{"slipway.dev/release":"web"}})"),
                   .release = "web"};

RouterObjects objects() {
  RouterObjects o;
  o.route = json(R"({"metadata":{"name":"shop","namespace":"shop","annotations":{"kubernetes.io/ingress.class":"nginx",
    "nginx.ingress.kubernetes.io/affinity":"cookie"}},"spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}},
    "tls":[{"hosts":["a.example"],"secretName":"a"}],"rules":[
      {"host":"a.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"name":"http"}}}},
        {"path":"/docs","pathType":"Prefix","backend":{"service":{"name":"docs","port":{"number":80}}}}]}},
      {"host":"b.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"docs","port":{"number":80}}}}]}}]}})");
  o.ready = {{"web", 5}, {"web-stable", 4}, {"web-canary", 1}};
  return o;
}

RouterObjects carried_out(RouterObjects o, const std::vector<control::Effect>& effects) {
  for (const control::Effect& effect : effects) o = *after(o, kRouting, effect);
  return o;
}

TEST(IngressNginx, a_canary_ingress_stands_beside_the_users) {
  const RouterObjects o = carried_out(objects(), nginx().split(objects(), kRouting, kClaim, {{2500}}));
  EXPECT_EQ(o.companion["metadata"]["name"], Value("shop-canary"));
  EXPECT_EQ(o.companion["metadata"]["annotations"],
            json(R"({"kubernetes.io/ingress.class":"nginx","nginx.ingress.kubernetes.io/canary":"true",
              "nginx.ingress.kubernetes.io/canary-weight":"25","nginx.ingress.kubernetes.io/canary-weight-total":"100"})"));
  EXPECT_EQ(
      o.companion["spec"]["rules"],
      json(
          R"([{"host":"a.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web-canary","port":{"name":"http"}}}}]}}])"));
  EXPECT_EQ(o.companion["spec"]["defaultBackend"]["service"]["name"], Value("web-canary"));
  EXPECT_FALSE(o.companion["spec"].has("tls"));
  EXPECT_EQ(o.route["spec"]["rules"].at(0)["http"]["paths"].at(0)["backend"]["service"]["name"], Value("web-stable"));
  EXPECT_EQ(o.route["spec"]["rules"].at(1), objects().route["spec"]["rules"].at(1));
}

TEST(IngressNginx, an_audience_is_one_header_or_one_cookie) {
  using Of = plan::Condition::Of;
  const plan::Traffic wanted{
      .share = {},
      .audiences = {
          {.name = "staff", .any = {{{Of::Header, "x-staff", true, "a|b"}}, {{Of::Cookie, "beta", false, "always"}}}}}};
  ASSERT_EQ(nginx().problem(objects(), kRouting, kClaim, wanted), std::nullopt);
  RouterObjects o = carried_out(objects(), nginx().split(objects(), kRouting, kClaim, wanted));
  const auto note = [&](const char* key) {
    return api::annotation(o.companion, std::string("nginx.ingress.kubernetes.io/canary-") + key);
  };
  EXPECT_EQ(note("by-header"), "x-staff");
  EXPECT_EQ(note("by-header-pattern"), "^(a|b)$");
  EXPECT_EQ(note("by-header-value"), "");
  EXPECT_EQ(note("by-cookie"), "beta");
  EXPECT_EQ(note("weight"), "0");
  EXPECT_EQ(nginx().look_at(o, kRouting).audience, plan::kWhole);
  EXPECT_TRUE(nginx().says_rules_of(o, kRouting, wanted));
  o = carried_out(o, nginx().split(o, kRouting, kClaim, {plan::kNone}));
  EXPECT_EQ(note("by-header"), "");
  EXPECT_FALSE(nginx().look_at(o, kRouting).gives_candidate());
  EXPECT_FALSE(nginx().says_rules_of(o, kRouting, wanted));

  for (const plan::Conditions& never : std::vector<plan::Conditions>{
           {{Of::Cookie, "beta", false, "1"}}, {{Of::Header, "a", false, "1"}, {Of::Header, "b", false, "1"}}}) {
    const plan::Traffic one{.share = {}, .audiences = {{.name = "staff", .any = {never}}}};
    EXPECT_NE(nginx().problem(objects(), kRouting, kClaim, one), std::nullopt);
  }
}

TEST(IngressNginx, without_a_share_the_stable_version_needs_no_canary) {
  const RouterObjects o = carried_out(objects(), nginx().split(objects(), kRouting, kClaim, {plan::kNone}));
  EXPECT_TRUE(o.companion.is_null());
  const RouteView view = nginx().look_at(o, kRouting);
  EXPECT_TRUE(view.shape == RouteView::Shape::Split && view.uniform && view.candidate == plan::kNone);
}

RC_GTEST_PROP(IngressNginx, every_share_is_read_as_it_was_written_and_joined_without_loss, ()) {
  RouterObjects o = objects();
  for (int i = 0; i < 3; ++i) {
    const plan::Share share{*rc::gen::inRange<std::int64_t>(0, 10001)};
    o = carried_out(o, nginx().split(o, kRouting, kClaim, {share}));
    const RouteView view = nginx().look_at(o, kRouting);
    RC_ASSERT(view.shape == RouteView::Shape::Split && view.uniform && view.candidate == share);
    RC_ASSERT(nginx().weights_problem(o, kRouting).empty());
  }
  o = carried_out(o, nginx().join(o, kRouting));
  RC_ASSERT(nginx().look_at(o, kRouting).shape == RouteView::Shape::Plain);
  o = carried_out(o, nginx().clean(o, kRouting, kClaim));
  RC_ASSERT(o.companion.is_null() && o.route["spec"] == objects().route["spec"]);
}

TEST(IngressNginx, a_weight_changes_the_generation_though_kubernetes_does_not_count_it) {
  RouterObjects o = carried_out(objects(), nginx().split(objects(), kRouting, kClaim, {{2500}}));
  const auto before = nginx().look_at(o, kRouting).generation;
  o = carried_out(o, nginx().split(o, kRouting, kClaim, {{2600}}));
  EXPECT_NE(nginx().look_at(o, kRouting).generation, before);
}

TEST(IngressNginx, a_share_that_shrinks_goes_first) {
  RouterObjects o = carried_out(objects(), nginx().split(objects(), kRouting, kClaim, {{5000}}));
  o.route = objects().route;  // somebody put the user's Ingress back
  const auto back = nginx().split(o, kRouting, kClaim, {plan::kNone});
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(std::get<control::Patch>(back[0]).name, "shop-canary");
}

TEST(IngressNginx, a_canary_that_somebody_bent_is_not_uniform) {
  RouterObjects o = carried_out(objects(), nginx().split(objects(), kRouting, kClaim, {{2500}}));
  o.companion.set({"spec", "rules"}, Value::array());
  EXPECT_FALSE(nginx().look_at(o, kRouting).uniform);
}

TEST(IngressNginx, says_why_it_cannot_be_split) {
  const auto problem = [](const RouterObjects& o) {
    return nginx().problem(o, kRouting, kClaim, {plan::kNone}).value_or("");
  };
  EXPECT_EQ(problem(objects()), "");
  EXPECT_EQ(problem({}), "Ingress shop does not exist");
  RouterObjects o = objects();
  o.companion = json(R"({"metadata":{"name":"shop-canary"}})");
  EXPECT_EQ(problem(o), "Ingress shop-canary exists and does not belong to this Release; delete or rename it");
  o = objects();
  o.route.set({"metadata", "annotations", "nginx.ingress.kubernetes.io/canary"}, "true");
  EXPECT_THAT(problem(o), testing::HasSubstr("is a canary itself"));
  o.route = json(R"({"metadata":{"name":"shop"},"spec":{"rules":[]}})");
  EXPECT_EQ(problem(o), "Ingress shop has no path whose backend is Service web");
}

}  // namespace
}  // namespace slipway::delivery
