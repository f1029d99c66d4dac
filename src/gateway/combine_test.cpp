#include "gateway/combine.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gateway/test_objects.h"

namespace slipway::gateway {
namespace {

using data::Value;
using test::json;

// One rule with two backends.
Value answer(std::int64_t generation, std::int64_t canary, std::int64_t servers, std::int64_t sessions,
             std::int64_t requests) {
  const auto backend = [&](const char* service, std::int64_t share) {
    return Value::object({{"service", service},
                          {"weight", share},
                          {"share", share},
                          {"servers", servers},
                          {"sessions", sessions},
                          {"requests", requests}});
  };
  return Value::object(
      {{"generation", generation},
       {"rules", Value::array({Value::object(
                     {{"backends", Value::array({backend("canary", canary), backend("stable", 10000 - canary)})}})})}});
}

const Value& of(const Value& combined, std::size_t backend) { return combined["rules"].at(0)["backends"].at(backend); }

TEST(Combine, OneAnswerStaysWhatItIs) {
  const Value one = answer(3, 100, 2, 1, 17);
  EXPECT_EQ(combined_traffic({one}), one);
}

TEST(Combine, CountsAreAddedAndTheLeastServersCount) {
  const Value all = combined_traffic({answer(3, 100, 2, 1, 17), answer(4, 100, 1, 2, 25)});
  EXPECT_EQ(all["generation"], Value(3));
  EXPECT_EQ(of(all, 0)["share"], Value(100));
  EXPECT_EQ(of(all, 0)["servers"], Value(1));
  EXPECT_EQ(of(all, 0)["sessions"], Value(3));
  EXPECT_EQ(of(all, 0)["requests"], Value(42));
  EXPECT_TRUE(all["rules"].at(0)["held"].is_null());
}

// Whichever share is wanted: as long as one replica shows another, the two sides are not what is asked for.
RC_GTEST_PROP(Combine, ReplicasThatDifferVerifyNothing, ()) {
  const auto a = *rc::gen::inRange<std::int64_t>(0, 10001), b = *rc::gen::inRange<std::int64_t>(0, 10001);
  const Value all = combined_traffic({answer(3, a, 1, 0, 0), answer(3, b, 1, 0, 0)});
  const std::int64_t canary = of(all, 0)["share"].as_int(), stable = of(all, 1)["share"].as_int();
  RC_ASSERT((canary + stable == 10000) == (a == b));
  RC_ASSERT(all["rules"].at(0)["held"].is_null() == (a == b));
  if (a > 0 || b > 0) RC_ASSERT(canary > 0);
}

TEST(Combine, AReplicaThatDoesNotKnowTheBackendHasNoServerOfIt) {
  const Value unknowing = json(
      R"({"generation":3,"rules":[{"backends":[{"service":"stable","weight":1,"share":10000,"servers":1,"sessions":0,"requests":0}]}]})");
  const Value all = combined_traffic({answer(3, 100, 2, 0, 0), unknowing});
  EXPECT_EQ(of(all, 0)["servers"], Value(0));
  EXPECT_FALSE(all["rules"].at(0)["held"].is_null());
}

// Quantiles of the whole, not averages of quantiles: one replica is fast and busy, the other slow and idle.
TEST(Combine, QuantilesComeFromAllRequests) {
  WindowSum fast{.requests = 990, .errors = 0, .durations = {}}, slow{.requests = 10, .errors = 10, .durations = {}};
  for (int i = 0; i < 990; ++i) fast.durations.add(base::milliseconds(1));
  for (int i = 0; i < 10; ++i) slow.durations.add(base::seconds(2));
  WindowSum all;
  for (const WindowSum& sum : {fast, slow}) {
    const auto sent = window_sum_of(to_value(sum));  // as it travels
    ASSERT_TRUE(sent.has_value());
    add(all, *sent);
  }
  EXPECT_NEAR(*answer_of(all, "p95", base::seconds(10))->value, 0.001, 0.0002);
  EXPECT_GT(*answer_of(all, "p99", base::seconds(10))->value, 0.0009);
  EXPECT_DOUBLE_EQ(*answer_of(all, "error-rate", base::seconds(10))->value, 0.01);
  EXPECT_DOUBLE_EQ(*answer_of(all, "rate", base::seconds(10))->value, 100);
  EXPECT_EQ(answer_of(all, "p99", base::seconds(10))->samples, 1000u);
}

// Wherever the requests went, the answer is that of one gateway that had them all.
RC_GTEST_PROP(Combine, SplittingRequestsOverReplicasChangesNoAnswer, ()) {
  const auto requests = *rc::gen::container<std::vector<std::pair<int, bool>>>(
      rc::gen::pair(rc::gen::inRange(1, 5'000'000), rc::gen::arbitrary<bool>()));
  WindowSum one, here, there;
  for (const auto& [micros, first] : requests) {
    for (WindowSum* sum : {&one, first ? &here : &there}) {
      ++sum->requests;
      sum->errors += micros % 7 == 0;
      sum->durations.add(base::microseconds(micros));
    }
  }
  WindowSum all = *window_sum_of(to_value(here));
  add(all, *window_sum_of(to_value(there)));
  for (const char* query : {"error-rate", "requests", "rate", "p50", "p90", "p95", "p99"}) {
    const auto a = answer_of(one, query, base::seconds(60)), b = answer_of(all, query, base::seconds(60));
    RC_ASSERT(a->value == b->value && a->samples == b->samples);
  }
}

TEST(Combine, WhatIsNoSumIsRefused) {
  for (const char* text :
       {"null", "{}", R"({"requests":1,"errors":0})", R"({"requests":1,"errors":0,"durations":[[240,1]]})",
        R"({"requests":1,"errors":0,"durations":[[-1,1]]})", R"({"requests":-1,"errors":0,"durations":[]})"})
    EXPECT_FALSE(window_sum_of(json(text)).has_value()) << text;
  EXPECT_FALSE(answer_of({}, "nonsense", base::seconds(1)));
  EXPECT_FALSE(answer_of({}, "rate", base::seconds(0)));
}

}  // namespace
}  // namespace slipway::gateway
