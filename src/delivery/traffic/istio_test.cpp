#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "data/json.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/plan/compile.h"
#include "delivery/traffic/router.h"

namespace slipway::delivery {
namespace {

using data::Value;

const Router& istio() { return router_of(plan::RouterKind::VirtualService); }

plan::Routing routing(const char* more = "{}") {
  Value traffic = json(R"({"kind":"VirtualService","route":"shop","service":"web"})");
  for (const data::Member& m : json(more).members()) traffic.set(m.key.view(), m.value);
  return plan::routing_of(Value::object(
      {{"metadata", Value::object({{"namespace", "shop"}})}, {"spec", Value::object({{"traffic", traffic}})}}));
}
const char* kBySubset = R"({"destinationRule":"web"})";

RouterObjects objects(const char* http, const char* rule = "null") {
  RouterObjects o;
  o.route = json(R"({"kind":"VirtualService","metadata":{"name":"shop","namespace":"shop","generation":7}})");
  o.route.set({"spec", "http"}, json(http));
  o.companion = json(rule);
  o.ready = {{"web", 4}, {"web-stable", 4}, {"web-canary", 1}};
  return o;
}
const Claim kClaim{.release = "web", .stable_hash = "aaa", .candidate_hash = "bbb"};

Value written(const control::Effect& effect) { return std::get<control::Patch>(effect).body["spec"]; }

TEST(Istio, a_host_is_the_service_by_any_of_its_names_and_keeps_its_form) {
  const RouterObjects o = objects(R"([
    {"route":[{"destination":{"host":"web"}}]},
    {"route":[{"destination":{"host":"web.shop"}}]},
    {"route":[{"destination":{"host":"web.shop.svc.cluster.local","port":{"number":80}}}]},
    {"route":[{"destination":{"host":"web.other"}}]},
    {"route":[{"destination":{"host":"web","subset":"eu"}}]},
    {"redirect":{"uri":"/"}}])");
  const Value http = written(istio().split(o, routing(), kClaim, {{2500}}).at(0))["http"];
  EXPECT_EQ(
      http.at(0)["route"],
      json(R"([{"destination":{"host":"web-stable"},"weight":75},{"destination":{"host":"web-canary"},"weight":25}])"));
  EXPECT_EQ(http.at(1)["route"].at(1)["destination"], json(R"({"host":"web-canary.shop"})"));
  EXPECT_EQ(http.at(2)["route"].at(0)["destination"],
            json(R"({"host":"web-stable.shop.svc.cluster.local","port":{"number":80}})"));
  for (std::size_t other : {3u, 4u, 5u}) EXPECT_EQ(http.at(other), o.route["spec"]["http"].at(other));
}

TEST(Istio, an_audience_stands_before_the_route_it_was_made_from) {
  using Of = plan::Condition::Of;
  const RouterObjects o =
      objects(R"([{"name":"api","match":[{"uri":{"prefix":"/api"}}],"headers":{"request":{"set":{"x":"y"}}},
      "route":[{"destination":{"host":"web"}}]},{"route":[{"destination":{"host":"docs"}}]}])");
  const plan::Traffic wanted{
      .share = {500},
      .audiences = {{.name = "staff",
                     .any = {{{Of::Header, "X-Staff", false, "yes"}, {Of::Query, "b", true, "[12]"}}}}},
      .mirror = {250}};
  const RouterObjects split = *after(o, routing(), istio().split(o, routing(), kClaim, wanted).at(0));
  const Value& http = split.route["spec"]["http"];
  ASSERT_EQ(http.size(), 3);
  EXPECT_EQ(http.at(0)["match"], json(R"([{"uri":{"prefix":"/api"},"headers":{"x-staff":{"exact":"yes"}},
      "queryParams":{"b":{"regex":"[12]"}}}])"));
  EXPECT_EQ(http.at(0)["headers"]["request"]["set"], json(R"({"x":"y","slipway-audience":"staff"})"));
  EXPECT_EQ(http.at(0)["route"].at(1)["weight"], Value(100));
  EXPECT_EQ(http.at(1)["mirror"], json(R"({"host":"web-canary"})"));
  EXPECT_EQ(http.at(1)["mirrorPercentage"], json(R"({"value":2.5})"));
  const RouteView view = istio().look_at(split, routing());
  EXPECT_TRUE(view.uniform && view.candidate == plan::Share{500} && view.audience == plan::kWhole);
  EXPECT_TRUE(istio().says_rules_of(split, routing(), wanted));
  EXPECT_FALSE(istio().says_rules_of(split, routing(), {{500}}));
  EXPECT_EQ(istio().read_back(split, routing())->candidate.share, 500) << "of everybody";
  const RouterObjects back = *after(split, routing(), istio().split(split, routing(), kClaim, {plan::kNone}).at(0));
  EXPECT_EQ(back.route["spec"]["http"].at(0)["route"].at(1)["weight"], Value(0));
  EXPECT_FALSE(istio().look_at(back, routing()).gives_candidate());
  EXPECT_EQ(written(istio().join(back, routing()).at(0))["http"], o.route["spec"]["http"]);
}

TEST(Istio, says_why_there_is_no_room_for_an_audience_or_a_mirror) {
  const RouterObjects o = objects(R"([{"match":[{"headers":{"x-staff":{"exact":"1"}}}],"mirror":{"host":"shadow"},
      "route":[{"destination":{"host":"web"}}]}])");
  const plan::Traffic staff{
      .share = {}, .audiences = {{.name = "s", .any = {{{plan::Condition::Of::Header, "X-Staff", false, "yes"}}}}}};
  EXPECT_NE(istio().problem(o, routing(), kClaim, staff)->find("spec.http[0].match"), std::string::npos);
  EXPECT_NE(istio().problem(o, routing(), kClaim, {.share = {}, .mirror = {100}})->find("mirrors"), std::string::npos);
  EXPECT_EQ(istio().problem(o, routing(), kClaim, {{500}}), std::nullopt);
}

RC_GTEST_PROP(Istio, every_share_is_read_as_it_was_written_and_joined_without_loss, ()) {
  const plan::Share share{*rc::gen::inRange<std::int64_t>(0, 10001)};
  const bool by_subset = *rc::gen::arbitrary<bool>();
  const plan::Routing r = routing(by_subset ? kBySubset : "{}");
  RouterObjects o =
      objects(R"([{"route":[{"destination":{"host":"web"}}],"timeout":"1s"}])", R"({"spec":{"host":"web"}})");
  const Value before = o.route["spec"];
  o = *after(o, r, istio().split(o, r, kClaim, {share}).at(0));
  const RouteView view = istio().look_at(o, r);
  RC_ASSERT(view.shape == RouteView::Shape::Split && view.uniform && view.candidate == share);
  RC_ASSERT(istio().weights_problem(o, r).empty());
  RC_ASSERT(after(o, r, istio().join(o, r).at(0))->route["spec"] == before);
}

TEST(Istio, says_why_it_cannot_be_split) {
  const auto problem = [](const char* http, const char* more = "{}", const char* rule = "null") {
    return istio().problem(objects(http, rule), routing(more), kClaim, {plan::kNone}).value_or("");
  };
  const char* plain = R"([{"route":[{"destination":{"host":"web"}}]}])";
  EXPECT_EQ(problem(plain), "");
  EXPECT_EQ(problem(R"([{"route":[{"destination":{"host":"docs"}}]}])"),
            "VirtualService shop has no spec.http route whose destination is Service web without a subset");
  EXPECT_THAT(
      problem(
          R"([{"route":[{"destination":{"host":"web"},"weight":90},{"destination":{"host":"docs"},"weight":10}]}])"),
      testing::HasSubstr("spec.http[0].route names other backends"));
  EXPECT_EQ(problem(plain, kBySubset), "DestinationRule web does not exist");
  EXPECT_THAT(problem(plain, kBySubset, R"({"spec":{"host":"docs"}})"), testing::HasSubstr("spec.host is docs"));
  EXPECT_THAT(
      problem(plain, kBySubset, R"({"spec":{"host":"web","subsets":[{"name":"canary","labels":{"version":"2"}}]}})"),
      testing::HasSubstr("has a subset canary of its own"));
}

TEST(Istio, subsets_are_made_for_the_two_versions_and_taken_away_again) {
  const plan::Routing r = routing(kBySubset);
  const char* plain = R"([{"route":[{"destination":{"host":"web"}}]}])";
  RouterObjects o = objects(
      plain,
      R"({"metadata":{"name":"web","generation":3},"spec":{"host":"web","subsets":[{"name":"eu","labels":{"region":"eu"}}]}})");
  const auto effects = istio().prepare(o, r, kClaim);
  ASSERT_EQ(effects.size(), 1u);
  o = *after(o, r, effects[0]);
  EXPECT_EQ(o.companion["spec"]["subsets"], json(R"([{"name":"eu","labels":{"region":"eu"}},
    {"name":"stable","labels":{"pod-template-hash":"aaa"}},{"name":"canary","labels":{"pod-template-hash":"bbb"}}])"));
  EXPECT_TRUE(istio().prepare(o, r, kClaim).empty()) << "they stand";
  EXPECT_EQ(istio().look_at(o, r).generation, 10) << "of both objects";
  o.ready_by_hash = {{"aaa", 4}, {"bbb", 2}};
  o = *after(o, r, istio().split(o, r, kClaim, {{5000}}).at(0));
  EXPECT_EQ(istio().read_back(o, r)->candidate.servers, 2);
  o = *after(o, r, istio().clean(o, r, kClaim).at(0));
  EXPECT_EQ(o.companion["spec"]["subsets"], json(R"([{"name":"eu","labels":{"region":"eu"}}])"));
  EXPECT_TRUE(istio().clean(o, r, kClaim).empty());
}

TEST(Istio, the_status_counts_where_istiod_writes_one) {
  const auto said = [](const char* status) {
    RouterObjects o = objects(
        R"([{"route":[{"destination":{"host":"web-stable"},"weight":75},{"destination":{"host":"web-canary"},"weight":25}]}])");
    o.route.set("status", json(status));
    return *istio().read_back(o, routing());
  };
  EXPECT_TRUE(said("{}").assumed);
  const ReadBack good = said(
      R"({"observedGeneration":"7","conditions":[{"type":"Reconciled","status":"True","message":"5/5 proxies up to date."}]})");
  EXPECT_FALSE(good.assumed);
  EXPECT_EQ(good.error, "");
  EXPECT_EQ(good.candidate.share, 2500);
  EXPECT_EQ(said(R"({"observedGeneration":6,"conditions":[{"type":"Reconciled","status":"True"}]})").error,
            "istiod reports generation 6 of VirtualService shop, which is at 7");
  EXPECT_EQ(
      said(
          R"({"observedGeneration":7,"conditions":[{"type":"Reconciled","status":"False","message":"1/5 proxies up to date."}]})")
          .error,
      "istiod: VirtualService shop: 1/5 proxies up to date.");
  EXPECT_THAT(said(R"({"observedGeneration":7,"conditions":[{"type":"Reconciled","status":"True"}],
    "validationMessages":[{"level":"ERROR","type":{"name":"ReferencedResourceNotFound"}}]})")
                  .error,
              testing::HasSubstr("ReferencedResourceNotFound"));
}

TEST(Istio, weights_for_nobody_are_found) {
  EXPECT_EQ(
      istio().weights_problem(
          objects(
              R"([{"route":[{"destination":{"host":"web-stable"},"weight":0},{"destination":{"host":"web-canary"}}]}])"),
          routing()),
      "a rule would give its traffic to nobody");
}

}  // namespace
}  // namespace slipway::delivery
