// Metrics of provider process: what the administrator's program is asked.
#include <gtest/gtest.h>

#include "delivery/analysis/test_bench.h"

namespace slipway::delivery::analysis {
namespace {

constexpr const char* kProcess = R"({"name":"quality","interval":"1s","count":2,"successCondition":"result == 'good'",
  "provider":{"process":{"name":"quality","args":{"table":"orders","of":"{{service}}/{{hash}}"},"timeout":"20s","window":"30s"}}})";

TEST(ProcessMetric, asks_the_named_program_about_each_version) {
  Bench b(kProcess, R"({"release":"web"})");
  const auto asks = questions(b.run, 0, 7, b.now);
  ASSERT_EQ(asks.size(), 2u);
  EXPECT_EQ(asks[0].id, "analysis/u1/0/7/value");
  EXPECT_EQ(asks[0].port, "metrics/process");
  EXPECT_EQ(asks[0].timeout, base::seconds(22));
  EXPECT_EQ(asks[0].question,
            json(R"({"program":"quality","timeout":"20s","args":{"table":"orders","of":"web-canary/h2"},
    "subject":{"namespace":"shop","role":"candidate","release":"web","route":"web","service":"web-canary","hash":"h2"}})"));
  EXPECT_EQ(asks[1].question["subject"]["role"], Value("stable"));
  EXPECT_EQ(asks[1].question["args"]["of"], Value("web-stable/h1"));
  EXPECT_EQ(window_of(b.run["spec"]["metrics"].at(0)), base::seconds(30));
}

TEST(ProcessMetric, of_a_test_it_is_told_which_version) {
  constexpr const char* kOf = R"({"name":"orders","interval":"1s","count":2,"successCondition":"result > 0",
    "provider":{"process":{"name":"orders","args":{"of":"{{variant}}"}}}})";
  Bench b(kOf, R"({"variant":"blue"})");
  const auto asks = questions(b.run, 0, 1, b.now);
  ASSERT_EQ(asks.size(), 2u);
  EXPECT_EQ(asks[0].question["args"]["of"], Value("blue"));
  EXPECT_EQ(asks[0].question["subject"]["variant"], Value("blue"));
  EXPECT_EQ(asks[1].question["args"]["of"], Value("stable"));
  EXPECT_EQ(asks[1].question["subject"]["variant"], Value("stable"));
  Bench no_test(kOf);
  EXPECT_EQ(questions(no_test.run, 0, 1, no_test.now)[0].question["args"]["of"], Value(".*"));
  EXPECT_FALSE(questions(no_test.run, 0, 1, no_test.now)[0].question["subject"].has("variant"));
}

TEST(ProcessMetric, its_words_are_judged) {
  for (const auto& [word, phase] : std::vector<std::pair<Value, std::string>>{
           {"good", "Successful"}, {"bad", "Failed"}, {"", "Failed"}, {5, "Failed"}}) {
    Bench b(kProcess);
    b.say = [&](const control::Ask&) { return Value::object({{"value", word}}); };
    b.until_done();
    EXPECT_EQ(b.phase(), phase);
  }
}

}  // namespace
}  // namespace slipway::delivery::analysis
