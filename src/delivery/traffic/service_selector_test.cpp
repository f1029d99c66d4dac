#include <gtest/gtest.h>

#include "delivery/decide/modelled_cluster.h"
#include "delivery/plan/compile.h"
#include "delivery/traffic/router.h"

namespace slipway::delivery {
namespace {

using data::Value;

const Router& selector() { return router_of(plan::RouterKind::Service); }
const plan::Routing kRouting = plan::routing_of(
    json(R"({"metadata":{"namespace":"shop"},"spec":{"traffic":{"kind":"Service","service":"web"}}})"));
const Claim kClaim{.release = "web", .stable_hash = "aaa", .candidate_hash = "bbb"};

Value service(const char* name, const char* hash) {
  Value out = json(R"({"metadata":{"namespace":"shop"},"spec":{"selector":{"app":"web"}}})");
  out.set({"metadata", "name"}, name);
  if (*hash) out.set({"spec", "selector", "pod-template-hash"}, hash);
  return out;
}

RouterObjects objects(const char* hash) {
  RouterObjects o;
  o.route = o.service = service("web", hash);
  o.stable_service = service("web-stable", "aaa");
  o.canary_service = service("web-canary", "bbb");
  return o;
}

TEST(ServiceSelector, selects_one_version_or_both) {
  const auto look = [](const char* hash) { return selector().look_at(objects(hash), kRouting); };
  EXPECT_EQ(look("").shape, RouteView::Shape::Plain);
  EXPECT_EQ(look("aaa").candidate, plan::kNone);
  EXPECT_EQ(look("bbb").candidate, plan::kWhole);
  EXPECT_TRUE(look("aaa").uniform && look("bbb").uniform);
  EXPECT_FALSE(look("ccc").uniform) << "somebody else's";
  EXPECT_NE(look("aaa").generation, look("bbb").generation);
}

TEST(ServiceSelector, is_switched_and_given_back_by_its_label) {
  RouterObjects o = objects("");
  for (const plan::Share share : {plan::kNone, plan::kWhole}) {
    o = *after(o, kRouting, selector().split(o, kRouting, kClaim, {share}).at(0));
    EXPECT_EQ(selector().look_at(o, kRouting).candidate, share);
    EXPECT_EQ(o.route["spec"]["selector"]["app"], Value("web"));
  }
  o = *after(o, kRouting, selector().join(o, kRouting).at(0));
  EXPECT_EQ(o.route["spec"]["selector"], json(R"({"app":"web"})"));
}

// While the EndpointSlices still hold both versions, requests go to both.
TEST(ServiceSelector, is_read_back_by_its_endpoints) {
  RouterObjects o = objects("bbb");
  o.ready = {{"web", 4}};
  o.ready_by_hash = {{"aaa", 3}, {"bbb", 1}};
  EXPECT_EQ(selector().read_back(o, kRouting)->candidate.share, 2500);
  o.ready_by_hash = {{"bbb", 4}};
  EXPECT_EQ(selector().read_back(o, kRouting)->candidate.share, 10'000);
  EXPECT_EQ(selector().read_back(o, kRouting)->stable.share, 0);
  EXPECT_FALSE(selector().read_back(o, kRouting)->assumed);
}

TEST(ServiceSelector, needs_a_selector) {
  RouterObjects o = objects("");
  o.route.erase({"spec", "selector"});
  EXPECT_EQ(selector().problem(o, kRouting, kClaim, {plan::kNone}),
            "Service web has no spec.selector: its endpoints are made by somebody else");
  EXPECT_EQ(selector().problem({}, kRouting, kClaim, {plan::kNone}), "Service web does not exist");
}

}  // namespace
}  // namespace slipway::delivery
