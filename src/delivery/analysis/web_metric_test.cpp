// Metrics of provider web: what is asked about which version, and which answers are data.
#include <gtest/gtest.h>

#include <limits>

#include "data/json.h"
#include "delivery/analysis/test_bench.h"

namespace slipway::delivery::analysis {
namespace {

constexpr const char* kWeb = R"({"name":"figures","interval":"1s","count":2,"minSamples":5,
  "successCondition":"result < 0.1","provider":{"web":{"url":"https://m.example/{{namespace}}/{{service}}?v={{hash}}",
  "method":"GET","headers":[{"name":"X-Route","value":"{{route}}"},{"name":"X-Key","secretKey":"key"}],
  "jsonPath":"$.v","samplesPath":"$.n","timeout":"3s","secret":"metrics"}}})";

TEST(WebMetric, asks_about_each_version_where_that_is_another_question) {
  Bench b(kWeb);
  const auto asks = questions(b.run, 0, 4, b.now);
  ASSERT_EQ(asks.size(), 2u);
  EXPECT_EQ(asks[0].id, "analysis/u1/0/4/value");
  EXPECT_EQ(asks[0].port, "metrics/web");
  EXPECT_EQ(asks[0].timeout, base::seconds(5)) << "the port gives up first, and says why";
  EXPECT_EQ(asks[0].question, json(R"({"url":"https://m.example/shop/web-canary?v=h2","method":"GET",
    "headers":[{"name":"X-Route","value":"web"},{"name":"X-Key","secretKey":"key"}],"jsonPath":"$.v","samplesPath":"$.n",
    "timeout":"3s","secret":{"namespace":"shop","name":"metrics"}})"));
  EXPECT_EQ(asks[1].question["url"], Value("https://m.example/shop/web-stable?v=h1"));
  Bench same(
      R"({"name":"a","successCondition":"result","provider":{"web":{"url":"https://m.example/{{namespace}}"}}})");
  EXPECT_EQ(questions(same.run, 0, 0, same.now).size(), 1u);
}

TEST(WebMetric, passes_fails_and_compares_by_numbers) {
  for (const auto& [value, phase] : std::vector<std::pair<Value, std::string>>{
           {0.05, "Successful"}, {-3, "Successful"}, {0.5, "Failed"}, {1e300, "Failed"}}) {
    Bench b(kWeb);
    b.say = [&](const control::Ask&) { return Value::object({{"value", value}, {"samples", 10}}); };
    b.until_done();
    EXPECT_EQ(b.phase(), phase) << data::to_json(value);
  }
}

// A condition over a document that holds for `answer`?
std::string judged(const std::string& condition, const Value& answer) {
  Bench b(R"({"name":"a","interval":"1s","count":1,"timeout":"20s",
    "provider":{"web":{"url":"https://m.example/","jsonPath":"$"}}})");
  b.run.set({"spec", "metrics"}, Value::array({b.run["spec"]["metrics"].at(0).with("successCondition", condition)}));
  b.say = [&](const control::Ask&) { return Value::object({{"value", answer}}); };
  b.until_done();
  return b.phase();
}

TEST(WebMetric, words_lists_and_documents_are_values) {
  EXPECT_EQ(judged("result == 'ok'", "ok"), "Successful");
  EXPECT_EQ(judged("result == 'ok'", "broken"), "Failed");
  EXPECT_EQ(judged("result", true), "Successful");
  EXPECT_EQ(judged("result", false), "Failed");
  EXPECT_EQ(judged("len(result) == 0", Value::array()), "Successful") << "no alerts is an answer";
  EXPECT_EQ(judged("result[0] < 1", json("[0.5]")), "Successful") << "a list of one stays a list";
  EXPECT_EQ(judged("all(result.items, .ok)", json(R"({"items":[{"ok":true},{"ok":false}]})")), "Failed");
  EXPECT_EQ(judged("asFloat(result.ratio) < 0.1", json(R"({"ratio":"0.05"})")), "Successful");
  EXPECT_EQ(judged("result > 1", "many"), "Error") << "a word is not compared with a number";
  EXPECT_EQ(judged("result.absent.deeper == 1", json("{}")), "Error");
}

TEST(WebMetric, no_data_is_never_success) {
  for (const Value& nothing : {Value(), Value(std::numeric_limits<double>::quiet_NaN()), Value(1e308 * 10)})
    EXPECT_EQ(judged("result != 5", nothing), "Inconclusive");
}

TEST(WebMetric, without_conditions_the_status_decides) {
  for (const auto& [status, phase] : std::vector<std::pair<int, std::string>>{
           {200, "Successful"}, {204, "Successful"}, {199, "Failed"}, {302, "Failed"}, {503, "Failed"}}) {
    Bench b(R"({"name":"up","provider":{"web":{"url":"https://m.example/{{service}}"}}})");
    b.say = [&](const control::Ask& ask) {
      EXPECT_TRUE(ask.question["statusOnly"].as_bool());
      return Value::object({{"value", status}});
    };
    b.until_done();
    EXPECT_EQ(b.phase(), phase) << status;
    EXPECT_EQ(b.metric()["measurements"].at(0)["value"], Value(status));
  }
}

TEST(WebMetric, a_long_document_is_recorded_in_part) {
  Bench b(R"({"name":"a","successCondition":"len(result) > 0","provider":{"web":{"url":"https://m.example/"}}})");
  std::string text = "x";  // so that a character does not end where the limit is
  for (int i = 0; i < 1000; ++i) text += "\xc3\xa4";
  b.say = [&](const control::Ask&) { return Value::object({{"value", text}}); };
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  const std::string shown = b.metric()["measurements"].at(0)["value"].str();
  EXPECT_LE(shown.size(), 515u);
  EXPECT_TRUE(shown.ends_with("\xc3\xa4...")) << shown;
  EXPECT_EQ(b.run["status"]["message"], Value("all metrics passed"));
}

TEST(WebMetric, a_slow_answer_is_followed_by_the_next_question_and_discards_nothing) {
  Bench b(kWeb);
  b.say = [](const control::Ask&) { return Value::object({{"value", 0.01}, {"samples", 10}}); };
  b.answer_time = base::seconds(4);
  b.until_done();
  EXPECT_EQ(b.phase(), "Successful");
  EXPECT_EQ(b.metric()["discarded"], Value(0));
}

TEST(WebMetric, its_failures_are_errors_with_the_words_of_the_port) {
  Bench b(kWeb);
  b.say = [](const control::Ask&) {
    return base::fail(base::Code::Unavailable, "https://m.example/x: answered with status 500");
  };
  b.until_done();
  EXPECT_EQ(b.phase(), "Error");
  EXPECT_TRUE(
      b.run["status"]["message"].as_string().contains("metrics/web: https://m.example/x: answered with status 500"))
      << b.run["status"]["message"].as_string();
}

}  // namespace
}  // namespace slipway::delivery::analysis
