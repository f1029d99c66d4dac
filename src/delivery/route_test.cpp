#include "delivery/route.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "control/controller.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

const plan::Routing kRouting{"web", "web", "web-stable", "web-canary"};

Value route(const char* rules) {
  return Value::object(
      {{"metadata", Value::object({{"generation", 7}})}, {"spec", Value::object({{"rules", json(rules)}})}});
}

const char* kTwoRules =
    R"([{"matches":[{"path":{"value":"/api"}}],"backendRefs":[{"name":"web","port":80,"filters":[{"type":"X"}]}]},
                            {"backendRefs":[{"name":"web","port":80}]},{"backendRefs":[{"name":"docs","port":80}]}])";

TEST(Route, is_split_and_restored_without_loss) {
  const Value plain = route(kTwoRules);
  Value split = plain;
  split.set({"spec", "rules"}, split_rules(plain, kRouting, {500}));
  EXPECT_EQ(
      split["spec"]["rules"].at(0)["backendRefs"],
      json(
          R"([{"name":"web-stable","port":80,"weight":95,"filters":[{"type":"X"}]},{"name":"web-canary","port":80,"weight":5,"filters":[{"type":"X"}]}])"));
  EXPECT_EQ(split["spec"]["rules"].at(2), plain["spec"]["rules"].at(2));
  EXPECT_EQ(plain_rules(split, kRouting), plain["spec"]["rules"]);
}

RC_GTEST_PROP(Route, every_share_is_read_as_it_was_written, ()) {
  const plan::Share share{*rc::gen::inRange<std::int64_t>(0, 10001)};
  Value split = route(kTwoRules);
  split.set({"spec", "rules"}, split_rules(split, kRouting, share));
  const RouteView view = look_at(split, kRouting);
  RC_ASSERT(view.shape == RouteView::Shape::Split && view.uniform && view.candidate == share);
}

TEST(Route, says_why_it_cannot_be_split) {
  EXPECT_EQ(splitting_problem(data::kNull, kRouting), "HTTPRoute web does not exist");
  EXPECT_EQ(splitting_problem(route(R"([{"backendRefs":[{"name":"docs"}]}])"), kRouting),
            "HTTPRoute web has no rule with Service web as backend");
  EXPECT_NE(splitting_problem(route(R"([{"backendRefs":[{"name":"web"},{"name":"docs"}]}])"), kRouting), std::nullopt);
  EXPECT_EQ(splitting_problem(route(kTwoRules), kRouting), std::nullopt);
}

TEST(Route, rules_that_differ_are_not_uniform) {
  const RouteView view = look_at(
      route(
          R"([{"backendRefs":[{"name":"web-stable","weight":90},{"name":"web-canary","weight":10}]},{"backendRefs":[{"name":"web"}]}])"),
      kRouting);
  EXPECT_EQ(view.shape, RouteView::Shape::Split);
  EXPECT_FALSE(view.uniform);
}

// One parent status: who, whether it accepted, and for which generation.
Value parent(const char* controller, const char* accepted, std::int64_t generation) {
  Value out = json(
      R"({"conditions":[{"type":"Accepted","reason":"R","message":"m"},{"type":"ResolvedRefs","status":"True"}]})");
  out.set("controllerName", controller);
  out.member("conditions").element(0).set("status", accepted);
  for (std::size_t i = 0; i < 2; ++i) out.member("conditions").element(i).set("observedGeneration", generation);
  return out;
}

TEST(Route, what_our_gateway_has_accepted_is_asked_and_never_believed) {
  constexpr const char *kOurs = "slipway.dev/gateway", *kOther = "example.com/other";
  const auto of_status = [](std::vector<Value> parents) {
    Value r = route(kTwoRules);
    r.set({"status", "parents"}, Value::array_of(std::move(parents)));
    return read_back_of_status(r, kRouting, {});
  };
  EXPECT_FALSE(of_status({}));
  EXPECT_FALSE(of_status({parent(kOurs, "True", 3)}));
  EXPECT_FALSE(of_status({parent(kOther, "True", 3), parent(kOurs, "True", 3)}));
  // Refused by ours, it is the other's.
  EXPECT_EQ(of_status({parent(kOurs, "False", 3), parent(kOther, "True", 3)})->by_status_of, kOther);
  EXPECT_EQ(of_status({parent(kOther, "True", 3)})->generation, 3);
}

TEST(Route, what_ours_shows_counts_as_far_as_others_have_accepted) {
  Value r = route(kTwoRules);
  r.set({"status", "parents"},
        Value::array({parent("slipway.dev/gateway", "True", 1), parent("example.com/other", "True", 3)}));
  ReadBack rb{.generation = 4};
  limit_by_others(rb, r);
  EXPECT_EQ(rb.generation, 3);
  EXPECT_TRUE(rb.error.empty());
  r.set({"status", "parents"}, Value::array({parent("example.com/other", "False", 4)}));
  limit_by_others(rb, r);
  EXPECT_NE(rb.error.find("Accepted is False"), std::string::npos) << rb.error;
}

TEST(Route, the_read_back_adds_rules_up) {
  control::Fact fact{.answer = json(R"({"generation":9,"rules":[
    {"backends":[{"service":"web-stable","share":9000,"servers":4,"sessions":3,"requests":100},{"service":"web-canary","share":1000,"servers":2,"sessions":1,"requests":10}]},
    {"backends":[{"service":"web-stable","share":9000,"servers":3,"sessions":2,"requests":5},{"service":"web-canary","share":1000,"servers":1,"sessions":0,"requests":7}]}]})")};
  const ReadBack rb = read_back(fact, kRouting);
  EXPECT_EQ(rb.generation, 9);
  EXPECT_EQ(rb.candidate.servers, 1);
  EXPECT_EQ(rb.candidate.requests, 17);
  EXPECT_EQ(rb.stable.sessions, 5);
  EXPECT_TRUE(rb.candidate.uniform);
}

}  // namespace
}  // namespace slipway::delivery
