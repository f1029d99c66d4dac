#include "data/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace slipway::data {
namespace {

Value read(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value.value_or(Value());
}

std::string error_of(std::string_view text, ParseLimits limits = {}) {
  auto value = parse_json(text, {.limits = limits});
  return value ? "parsed: " + to_json(*value) : value.error().message;
}

TEST(Json, ReadsEveryKind) {
  const Value v = read(R"( {"b":[1,-2.5,true,false,null,"x"],"a":{}, "c" : [ ] } )");
  EXPECT_EQ(to_json(v), R"({"a":{},"b":[1,-2.5,true,false,null,"x"],"c":[]})");
  EXPECT_TRUE(v["b"].at(0).is_int());
  EXPECT_EQ(v["b"].at(1).kind(), Value::Kind::Double);
}

TEST(Json, KeepsIntegersExact) {
  EXPECT_EQ(read("9223372036854775807").as_int(), INT64_MAX);
  EXPECT_EQ(read("-9223372036854775808").as_int(), INT64_MIN);
  EXPECT_EQ(to_json(read("[9223372036854775807,-9223372036854775808]")), "[9223372036854775807,-9223372036854775808]");
  EXPECT_EQ(to_json(read("9223372036854775808")), "9223372036854776000");  // a double, printed as Go does
  EXPECT_EQ(read("9223372036854775808").kind(), Value::Kind::Double);
  EXPECT_TRUE(read("-0").is_int());
  EXPECT_EQ(read("1.0").kind(), Value::Kind::Double);
}

TEST(Json, NumbersReadBackExactly) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100000; ++i) {
    const std::uint64_t bits = random();
    double d;
    std::memcpy(&d, &bits, sizeof d);
    if (!std::isfinite(d)) continue;
    const std::string text = to_json(Value(d));
    ASSERT_EQ(read(text).as_double(), d) << text;
  }
}

TEST(Json, PrintsNumbersLikeGo) {
  const std::pair<double, const char*> rows[] = {{0.1, "0.1"},
                                                 {100, "100"},
                                                 {1e20, "100000000000000000000"},
                                                 {1e21, "1e+21"},
                                                 {1e-6, "0.000001"},
                                                 {1e-7, "1e-7"},
                                                 {1.5e-9, "1.5e-9"},
                                                 {123456789012345680000.0, "123456789012345680000"},
                                                 {-2.25, "-2.25"},
                                                 {5e-324, "5e-324"},
                                                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                                                 {-0.0, "-0"},
                                                 {1.2345675e6, "1234567.5"},
                                                 {std::numeric_limits<double>::infinity(), "null"},
                                                 {std::nan(""), "null"}};
  for (const auto& [number, text] : rows) EXPECT_EQ(to_json(Value(number)), text);
}

TEST(Json, RefusesNumbersOutOfRangeAndKeepsTinyOnes) {
  EXPECT_EQ(error_of("1e400"), "line 1, column 6: the number is out of range");
  EXPECT_EQ(read("1e-400").as_double(), 0.0);
  EXPECT_EQ(read("4.9e-324").as_double(), 5e-324);
}

TEST(Json, Escapes) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")").as_string(),
            "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600");
  EXPECT_EQ(to_json(Value("<a&b>\u2028\u2029\x01\x7f\b\f\"\\\t")),
            "\"\\u003ca\\u0026b\\u003e\\u2028\\u2029\\u0001\x7f\\b\\f\\\"\\\\\\t\"");
  EXPECT_EQ(to_json(Value("a\xff"
                          "b")),
            "\"a\\ufffdb\"");
  EXPECT_EQ(to_json(Value("\u00e9\u20ac\U0001F600")), "\"\u00e9\u20ac\U0001F600\"");
  EXPECT_EQ(read(R"("long enough for the fast path \n and beyond it \u00e9")").as_string(),
            "long enough for the fast path \n and beyond it \u00e9");
}

TEST(Json, ErrorsSayWhere) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "line 1, column 1: unexpected end of the text, a value is missing"},
      {"{\"a\": 1,\n  \"b\" 2}", "line 2, column 7: expected : after a key"},
      {"[1 2]", "line 1, column 4: expected , or ] in an array"},
      {"[1,]", "line 1, column 4: unexpected character, expected a value"},
      {"{\"a\":1,}", "line 1, column 8: expected a key in quotes"},
      {"{\"a\":1", "line 1, column 7: unexpected end of the text in an object"},
      {"{a:1}", "line 1, column 2: expected a key in quotes"},
      {"nul", "line 1, column 1: unknown word, expected a value"},
      {"1 x", "line 1, column 3: text after the end of the value"},
      {"01", "line 1, column 3: a number cannot start with 0"},
      {"-", "line 1, column 2: expected a digit"},
      {"1.", "line 1, column 3: expected a digit after the point"},
      {"1e+", "line 1, column 4: expected a digit in the exponent"},
      {"\"a\nb\"", "line 1, column 3: a control character in a string must be escaped"},
      {"\"abc", "line 1, column 5: unexpected end of the text in a string"},
      {"\"abc\\", "line 1, column 5: unexpected end of the text in a string"},
      {"\"\\x\"", "line 1, column 2: unknown escape in a string"},
      {"\"\\u12g4\"", "line 1, column 2: \\u needs four hexadecimal digits"},
      {"\"\\u-123\"", "line 1, column 2: \\u needs four hexadecimal digits"},
      {"\"\\ud800\"", "line 1, column 2: a surrogate without its second half"},
      {"\"\\ude00\"", "line 1, column 2: a surrogate without its first half"},
      {"\"\xc0\x80\"", "line 1, column 2: the text is not valid UTF-8"},
      {"\"\xed\xa0\x80\"", "line 1, column 2: the text is not valid UTF-8"},
      {"\"\xf4\x90\x80\x80\"", "line 1, column 2: the text is not valid UTF-8"},
  };
  for (const auto& [text, message] : rows) EXPECT_EQ(error_of(text), message) << text;
}

TEST(Json, Limits) {
  const std::string deep = std::string(101, '[') + std::string(101, ']');
  EXPECT_EQ(error_of(deep), "line 1, column 101: nested too deeply");
  EXPECT_EQ(read(deep.substr(1, 200)).kind(), Value::Kind::Array);
  EXPECT_EQ(error_of("[1,2,3]", {.max_nodes = 3}), "line 1, column 6: too many values in one document");
  EXPECT_EQ(error_of("[1]", {.max_bytes = 2}), "the document is larger than 2 bytes");
  EXPECT_EQ(parse_json("[1]", {.limits = {.max_bytes = 2}}).error().code, base::Code::TooLarge);
}

TEST(Json, ReportsDuplicateKeysWithPaths) {
  std::vector<Diagnostic> duplicates;
  const std::string text = "{\"spec\":{\"a\":[{\"x\":1,\n\"x\":2}],\"b\":1},\"spec\":{\"c\":3,\"c\":4}}";
  const auto value = parse_json(text, {.duplicates = &duplicates});
  ASSERT_TRUE(value);
  EXPECT_EQ(to_json(*value), R"({"spec":{"c":4}})");
  ASSERT_EQ(duplicates.size(), 3u);
  EXPECT_EQ(duplicates[0], (Diagnostic{{2, 1}, "spec.a[0].x", "duplicate field"}));
  EXPECT_EQ(duplicates[1].path, "spec");
  EXPECT_EQ(duplicates[2].path, "spec.c");
  EXPECT_EQ(to_json(read(text)), to_json(*value));
}

TEST(Json, PrettyPrints) {
  EXPECT_EQ(to_pretty_json(read(R"({"a":[1,{"b":[]}],"c":{}})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
}

}  // namespace
}  // namespace slipway::data
