#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "delivery/decide/modelled_cluster.h"
#include "delivery/plan/compile.h"
#include "delivery/traffic/router.h"

namespace slipway::delivery {
namespace {

using data::Value;

plan::Routing routing(const char* kind) {
  Value traffic = json(R"({"route":"shop","service":"web"})");
  traffic.set("kind", kind);
  return plan::routing_of(Value::object(
      {{"metadata", Value::object({{"namespace", "shop"}})}, {"spec", Value::object({{"traffic", traffic}})}}));
}

RouterObjects with_spec(const char* spec) {
  RouterObjects o;
  o.route = json(R"({"metadata":{"name":"shop","namespace":"shop","generation":4}})").with("spec", json(spec));
  o.ready = {{"web", 4}, {"web-stable", 4}, {"web-canary", 1}};
  return o;
}

const char* kWeighted =
    R"({"weighted":{"sticky":{"cookie":{"name":"v"}},"services":[{"name":"web","port":80,"scheme":"h2c"}]}})";
const char* kRoutes =
    R"({"entryPoints":["web"],"routes":[{"match":"a","services":[{"name":"web","port":80}]},{"match":"b","services":[{"name":"docs","port":80}]}]})";

TEST(Traefik, only_the_services_are_written_and_the_cookie_stays) {
  const plan::Routing r = routing("TraefikService");
  const Router& router = router_of(r.kind);
  const RouterObjects o = *after(with_spec(kWeighted), r, router.split(with_spec(kWeighted), r, {}, {{550}}).at(0));
  EXPECT_EQ(o.route["spec"], json(R"({"weighted":{"sticky":{"cookie":{"name":"v"}},"services":[
    {"name":"web-stable","port":80,"scheme":"h2c","weight":9450},{"name":"web-canary","port":80,"scheme":"h2c","weight":550}]}})"));
}

// It answers a route with 404 as a whole when one of its Services has no endpoints.
TEST(Traefik, a_version_that_gets_nothing_is_not_named) {
  const plan::Routing r = routing("IngressRoute");
  const Router& router = router_of(r.kind);
  RouterObjects o = with_spec(kRoutes);
  for (const auto& [share, service] : {std::pair(plan::kNone, "web-stable"), std::pair(plan::kWhole, "web-canary")}) {
    o = *after(o, r, router.split(o, r, {}, {share}).at(0));
    const Value services = o.route["spec"]["routes"].at(0)["services"];
    ASSERT_EQ(services.size(), 1u);
    EXPECT_EQ(services.at(0)["name"], Value(service));
    EXPECT_FALSE(router.problem(o, r, {}, {plan::kNone}));
    const ReadBack rb = *router.read_back(o, r);
    EXPECT_TRUE(rb.stable.present && rb.candidate.present);
    EXPECT_EQ(rb.stable.share, plan::kWhole.points - share.points);
  }
}

RC_GTEST_PROP(Traefik, every_share_is_read_as_it_was_written_and_joined_without_loss, ()) {
  const bool weighted = *rc::gen::arbitrary<bool>();
  const plan::Share share{*rc::gen::inRange<std::int64_t>(0, 10001)};
  const plan::Routing r = routing(weighted ? "TraefikService" : "IngressRoute");
  const Router& router = router_of(r.kind);
  RouterObjects o = with_spec(weighted ? kWeighted : kRoutes);
  const Value before = o.route["spec"];
  o = *after(o, r, router.split(o, r, {}, {share}).at(0));
  const RouteView view = router.look_at(o, r);
  RC_ASSERT(view.shape == RouteView::Shape::Split && view.uniform && view.candidate == share);
  RC_ASSERT(router.read_back(o, r)->assumed && router.read_back(o, r)->candidate.share == share.points);
  RC_ASSERT(after(o, r, router.join(o, r).at(0))->route["spec"] == before);
}

TEST(Traefik, says_why_it_cannot_be_split) {
  const auto problem = [](const char* kind, const char* spec) {
    return router_of(*plan::router_kind_of(kind))
        .problem(with_spec(spec), routing(kind), {}, {plan::kNone})
        .value_or("");
  };
  EXPECT_EQ(problem("TraefikService", kWeighted), "");
  EXPECT_EQ(problem("TraefikService", R"({"mirroring":{"name":"web"}})"),
            "TraefikService shop does not name Service web in spec.weighted.services");
  EXPECT_THAT(problem("TraefikService", R"({"weighted":{"services":[{"name":"web"},{"name":"docs"}]}})"),
              testing::HasSubstr("spec.weighted.services names other backends"));
  EXPECT_EQ(problem("IngressRoute", R"({"routes":[{"services":[{"name":"web","kind":"TraefikService"}]}]})"),
            "IngressRoute shop does not name Service web in spec.routes[0].services");
  EXPECT_EQ(problem("IngressRoute", R"({"routes":[{"services":[{"name":"web","namespace":"other"}]}]})"),
            "IngressRoute shop does not name Service web in spec.routes[0].services");
}

}  // namespace
}  // namespace slipway::delivery
