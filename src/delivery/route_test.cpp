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
  split.set({"spec", "rules"}, split_rules(plain, kRouting, {{500}}));
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
  split.set({"spec", "rules"}, split_rules(split, kRouting, {share}));
  const RouteView view = look_at(split, kRouting);
  RC_ASSERT(view.shape == RouteView::Shape::Split && view.uniform && view.candidate == share);
}

plan::Traffic staff(std::int64_t share, const char* value = "yes") {
  using Of = plan::Condition::Of;
  return {.share = {share},
          .audiences = {{.name = "staff",
                         .any = {{{Of::Header, "x-staff", false, value}},
                                 {{Of::Cookie, "beta", false, "1"}, {Of::Query, "b", true, "[12]"}}}}}};
}

Value with_rules(Value object, Value rules) {
  object.set({"spec", "rules"}, std::move(rules));
  return object;
}

TEST(Route, an_audience_has_rules_of_its_own_that_match_less) {
  const Value plain = route(kTwoRules);
  const Value split = with_rules(plain, split_rules(plain, kRouting, staff(500)));
  const Value& rules = split["spec"]["rules"];
  ASSERT_EQ(rules.size(), 5) << "those of the user keep their places";
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(rules.at(i)["matches"], plain["spec"]["rules"].at(i)["matches"]);
  EXPECT_EQ(rules.at(3)["backendRefs"].at(1)["weight"], Value(100));
  EXPECT_EQ(rules.at(3)["matches"].size(), 2);
  EXPECT_EQ(rules.at(3)["matches"].at(0), json(R"({"path":{"value":"/api"},
      "headers":[{"type":"Exact","name":"x-staff","value":"yes"}]})"));
  EXPECT_EQ(rules.at(4)["matches"].at(1)["queryParams"],
            json(R"([{"type":"RegularExpression","name":"b","value":"[12]"}])"));
  EXPECT_EQ(rules.at(4)["matches"].at(1)["path"], json(R"({"type":"PathPrefix","value":"/"})"));
  EXPECT_EQ(rules.at(4)["filters"], json(R"([{"type":"RequestHeaderModifier",
      "requestHeaderModifier":{"set":[{"name":"slipway-audience","value":"staff"}]}}])"));
  const RouteView view = look_at(split, kRouting);
  EXPECT_TRUE(view.uniform && view.candidate == plan::Share{500} && view.audience == plan::kWhole);
  EXPECT_TRUE(says_rules_of(split, kRouting, staff(500)));
  EXPECT_TRUE(says_rules_of(split, kRouting, staff(900))) << "the share of everybody is looked at apart";
  EXPECT_FALSE(says_rules_of(split, kRouting, staff(500, "no")));
  EXPECT_FALSE(says_rules_of(split, kRouting, {{500}}));
}

TEST(Route, on_the_way_back_an_audience_stays_and_gets_the_stable_version) {
  const Value plain = route(kTwoRules);
  Value back = with_rules(plain, split_rules(plain, kRouting, staff(500)));
  back = with_rules(back, split_rules(back, kRouting, {plan::kNone}));
  EXPECT_EQ(back["spec"]["rules"].size(), 5);
  EXPECT_EQ(back["spec"]["rules"].at(4)["backendRefs"].at(1)["weight"], Value(0));
  EXPECT_FALSE(look_at(back, kRouting).gives_candidate());
  EXPECT_TRUE(says_rules_of(back, kRouting, {plan::kNone}));
  EXPECT_EQ(plain_rules(back, kRouting), plain["spec"]["rules"]);
}

TEST(Route, a_rule_that_changes_headers_already_gets_the_mark_beside) {
  const Value plain = route(
      R"([{"filters":[{"type":"RequestHeaderModifier","requestHeaderModifier":{"add":[{"name":"a","value":"b"}]}}],
      "backendRefs":[{"name":"web"}]}])");
  const Value rules = split_rules(plain, kRouting, staff(0));
  EXPECT_EQ(rules.at(1)["filters"], json(R"([{"type":"RequestHeaderModifier","requestHeaderModifier":{
      "add":[{"name":"a","value":"b"}],"set":[{"name":"slipway-audience","value":"staff"}]}}])"));
  EXPECT_EQ(plain_rules(with_rules(plain, rules), kRouting), plain["spec"]["rules"]);
}

TEST(Route, a_mirror_is_added_beside_the_users_and_taken_away_again) {
  const char* own = R"([{"filters":[{"type":"RequestMirror","requestMirror":{"backendRef":{"name":"shadow"}}}],
      "backendRefs":[{"name":"web","port":80}]}])";
  const Value plain = route(own);
  const plan::Traffic wanted{.share = {500}, .mirror = {1000}};
  const Value split = with_rules(plain, split_rules(plain, kRouting, wanted));
  EXPECT_EQ(split["spec"]["rules"].at(0)["filters"].at(1),
            json(R"({"type":"RequestMirror","requestMirror":{"percent":10,
      "backendRef":{"group":"","kind":"Service","name":"web-canary","port":80}}})"));
  EXPECT_TRUE(says_rules_of(split, kRouting, wanted));
  EXPECT_FALSE(says_rules_of(split, kRouting, {.share = {500}, .mirror = {1100}}));
  EXPECT_EQ(split_rules(split, kRouting, wanted), split["spec"]["rules"]);
  EXPECT_EQ(plain_rules(split, kRouting), plain["spec"]["rules"]);
  const Value finer = split_rules(split, kRouting, {.share = {500}, .mirror = {125}});
  EXPECT_EQ(finer.at(0)["filters"].at(1)["requestMirror"]["fraction"],
            json(R"({"numerator":125,"denominator":10000})"));
}

RC_GTEST_PROP(Route, whatever_was_written_reads_the_same_and_comes_back_without_loss, ()) {
  const Value plain = route(kTwoRules);
  Value now = plain;
  for (int i = 0; i < 6; ++i) {
    plan::Traffic wanted = *rc::gen::arbitrary<bool>() ? staff(0, "a") : plan::Traffic{};
    wanted.share = {*rc::gen::inRange<std::int64_t>(0, 10001)};
    wanted.mirror = {*rc::gen::inRange<std::int64_t>(0, 3) * 1250};
    now = with_rules(now, split_rules(now, kRouting, wanted));
    const RouteView view = look_at(now, kRouting);
    RC_ASSERT(view.uniform && view.candidate == wanted.share && says_rules_of(now, kRouting, wanted));
    RC_ASSERT(split_rules(now, kRouting, wanted) == now["spec"]["rules"]);
    RC_ASSERT(weights_problem(now, kRouting).empty());
  }
  RC_ASSERT(plain_rules(now, kRouting) == plain["spec"]["rules"]);
}

TEST(Route, says_why_an_audience_has_no_room) {
  const Value taken =
      route(R"([{"matches":[{"headers":[{"name":"X-Staff","value":"1"}]}],"backendRefs":[{"name":"web"}]}])");
  EXPECT_EQ(
      splitting_problem(taken, kRouting, staff(0)),
      "HTTPRoute web spec.rules[0].matches matches header x-staff is yes already, so no audience can be told apart "
      "by it");
  Value many = Value::array();
  for (int i = 0; i < 9; ++i) many.push_back(json(R"({"backendRefs":[{"name":"web"}]})"));
  EXPECT_NE(splitting_problem(with_rules(route("[]"), many), kRouting, staff(0)), std::nullopt) << "18 rules";
  EXPECT_EQ(splitting_problem(with_rules(route("[]"), many), kRouting, {{500}}), std::nullopt);
  Value ours = route(kTwoRules);
  ours.set("status", json(R"({"parents":[{"controllerName":"slipway.dev/gateway"}]})"));
  EXPECT_EQ(splitting_problem(ours, kRouting, {.share = {}, .mirror = {100}}),
            "HTTPRoute web is programmed by slipway.dev/gateway, which cannot mirror requests");
  EXPECT_EQ(splitting_problem(ours, kRouting, staff(0)), std::nullopt);
}

TEST(Route, says_why_it_cannot_be_split) {
  EXPECT_EQ(splitting_problem(data::kNull, kRouting, {plan::kNone}), "HTTPRoute web does not exist");
  EXPECT_EQ(splitting_problem(route(R"([{"backendRefs":[{"name":"docs"}]}])"), kRouting, {plan::kNone}),
            "HTTPRoute web has no rule with Service web as backend");
  EXPECT_NE(splitting_problem(route(R"([{"backendRefs":[{"name":"web"},{"name":"docs"}]}])"), kRouting, {plan::kNone}),
            std::nullopt);
  EXPECT_EQ(splitting_problem(route(kTwoRules), kRouting, {plan::kNone}), std::nullopt);
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
  const Value two = split_rules(route(R"([{"backendRefs":[{"name":"web"}]}])"), kRouting, staff(1000));
  const ReadBack audience = read_back(fact, with_rules(route("[]"), two), kRouting);
  EXPECT_EQ(audience.candidate.servers, 2) << "the second rule is an audience's";
  EXPECT_EQ(audience.candidate.requests, 17) << "which counts all the same";
  const ReadBack rb = read_back(fact, {}, kRouting);
  EXPECT_EQ(rb.generation, 9);
  EXPECT_EQ(rb.candidate.servers, 1);
  EXPECT_EQ(rb.candidate.requests, 17);
  EXPECT_EQ(rb.stable.sessions, 5);
  EXPECT_TRUE(rb.candidate.uniform);
}

}  // namespace
}  // namespace slipway::delivery
