#include "expr/expression.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

#include "data/json.h"

namespace slipway::expr {
namespace {

using data::Value;

Value variables() {
  Value v =
      *data::parse_json(R"({"result":[0.97,0.99,3],"empty":[],"n":5,"x":2.5,"s":"web-1","flag":true,"nothing":null,
      "args":{"limit":"0.95","name":"web"},"rows":[{"code":200,"n":3},{"code":500,"n":1}],"stable":{"p99":120}})");
  v.set("nan", std::numeric_limits<double>::quiet_NaN());
  v.set("inf", std::numeric_limits<double>::infinity());
  return v;
}

std::string eval(std::string_view text) {
  const auto expression = Expression::parse(text);
  if (!expression) return "parse: " + expression.error().message;
  const auto value = expression->evaluate(variables());
  return value ? data::to_json(*value) : value.error().message;
}

TEST(Expression, Values) {
  const std::pair<const char*, const char*> rows[] = {{"1", "1"},
                                                      {"1_000", "1000"},
                                                      {"0x1F", "31"},
                                                      {"1.5e3", "1500"},
                                                      {".5", "0.5"},
                                                      {"9223372036854775808", "9223372036854776000"},
                                                      {"'a\\'b'", "\"a'b\""},
                                                      {"\"a\\n\"", "\"a\\n\""},
                                                      {"`raw\\n`", "\"raw\\\\n\""},
                                                      {"true", "true"},
                                                      {"nil", "null"},
                                                      {"[1, 'a', ]", "[1,\"a\"]"},
                                                      {"{a: 1, 'b c': [2]}", "{\"a\":1,\"b c\":[2]}"},
                                                      {"n", "5"},
                                                      {"result[0]", "0.97"},
                                                      {"result[-1]", "3"},
                                                      {"args.limit", "\"0.95\""},
                                                      {"args['name']", "\"web\""},
                                                      {"args.absent", "null"},
                                                      {"nothing?.x", "null"},
                                                      {"rows[1].code", "500"}};
  for (const auto& [text, json] : rows) EXPECT_EQ(eval(text), json) << text;
}

TEST(Expression, Operators) {
  const std::pair<const char*, const char*> rows[] = {
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"7 / 2", "3.5"},
      {"6 / 2 == 3", "true"},
      {"7 % 4", "3"},
      {"-7 % 4", "-3"},
      {"2 ** 3 ** 2", "512"},
      {"-2 ^ 2", "-4"},
      {"10 - 2 - 3", "5"},
      {"'a' + 'b'", "\"ab\""},
      {"- -n", "5"},
      {"9223372036854775807 + 1", "9223372036854776000"},
      {"1 == 1.0", "true"},
      {"'1' == 1", "false"},
      {"nil == nil", "true"},
      {"nothing == nil", "true"},
      {"n != 5", "false"},
      {"'a' < 'b'", "true"},
      {"n >= 5 && x < 3", "true"},
      {"flag and not false", "true"},
      {"!flag || n > 1", "true"},
      {"!flag == false", "true"},
      {"n > 3 ? 'high' : 'low'", "\"high\""},
      {"false ? 1 : true ? 2 : 3", "2"},
      {"n in [1, 5]", "true"},
      {"n not in [1, 5]", "false"},
      {"not (n in [1])", "true"},
      {"'limit' in args", "true"},
      {"5.0 in [5]", "true"},
      {"s startsWith 'web' and s endsWith '1' and s contains 'b-'", "true"},
      {"s matches '^web-[0-9]$'", "true"},
      {"s matches 'b' && !(s matches '^b')", "true"},
      {"nothing ?? 7", "7"},
      {"args.absent ?? args.name", "\"web\""},
      {"[1, 2.0] == [1.0, 2]", "true"},
      {"9007199254740993 == 9007199254740992.0", "false"},
      {"1 / 0 > 5", "true"}};
  for (const auto& [text, json] : rows) EXPECT_EQ(eval(text), json) << text;
}

TEST(Expression, Functions) {
  const std::pair<const char*, const char*> rows[] = {{"len(result)", "3"},
                                                      {"len('abc')", "3"},
                                                      {"len(args)", "2"},
                                                      {"all(result, {# > 0.9})", "true"},
                                                      {"all(result, # > 0.98)", "false"},
                                                      {"all(empty, {# > 1})", "true"},
                                                      {"any(result, {# > 1})", "true"},
                                                      {"none(result, {# < 0})", "true"},
                                                      {"one(result, {# > 1})", "true"},
                                                      {"filter(result, {# < 1})", "[0.97,0.99]"},
                                                      {"count(rows, {.code == 200})", "1"},
                                                      {"map(rows, .n)", "[3,1]"},
                                                      {"sum(map(rows, {#.n}))", "4"},
                                                      {"min(3, 1.5, 2)", "1.5"},
                                                      {"max(result)", "3"},
                                                      {"abs(-2)", "2"},
                                                      {"abs(-2.5)", "2.5"},
                                                      {"floor(2.5)", "2"},
                                                      {"ceil(2.1)", "3"},
                                                      {"round(2.5)", "3"},
                                                      {"isNaN(nan)", "true"},
                                                      {"isNaN(1)", "false"},
                                                      {"isInf(inf)", "true"},
                                                      {"isNil(nothing)", "true"},
                                                      {"default(nothing, 3)", "3"},
                                                      {"default(n, 3)", "5"},
                                                      {"asInt('42') + 1", "43"},
                                                      {"asInt(3.9)", "3"},
                                                      {"asFloat(args.limit) < result[0]", "true"},
                                                      {"float('1e3')", "1000"},
                                                      {"string(5)", "\"5\""},
                                                      {"isNaN(max(1, nan))", "true"},
                                                      {"all(rows, {any([200, 500], {# > 0}) && .code > 0})", "true"},
                                                      {"stable.p99 * 1.1 > 125", "true"}};
  for (const auto& [text, json] : rows) EXPECT_EQ(eval(text), json) << text;
}

TEST(Expression, ComparisonsWithNaNAreNeverTrue) {
  for (const char* op : {"==", "!=", "<", "<=", ">", ">="})
    for (const char* other : {"nan", "1", "inf"}) {
      EXPECT_EQ(eval(std::string("nan ") + op + " " + other), "false") << op;
      EXPECT_EQ(eval(std::string(other) + " " + op + " nan"), "false") << op;
    }
  EXPECT_EQ(eval("nan in [nan, 1]"), "false");
}

TEST(Expression, ParseErrorsHaveColumns) {
  const std::pair<const char*, const char*> rows[] = {{"", "column 1: unexpected end, expected a value"},
                                                      {"1 +", "column 4: unexpected end, expected a value"},
                                                      {"(1", "column 3: unexpected end, expected ')'"},
                                                      {"1 2", "column 3: unexpected literal, expected an operator"},
                                                      {"a b", "column 3: unexpected 'b', expected an operator"},
                                                      {"result[1", "column 9: unexpected end, expected ']'"},
                                                      {"frob(1)", "column 1: unknown function frob"},
                                                      {"len(1, 2)", "column 1: len does not take 2 arguments"},
                                                      {"# > 1", "column 1: '#' has a meaning only inside of a closure"},
                                                      {"'abc", "column 1: the text has no end"},
                                                      {"'\\x'", "column 2: unknown escape in a text"},
                                                      {"1 @ 2", "column 3: unexpected character '@'"},
                                                      {"n ? 1", "column 6: unexpected end, expected ':'"},
                                                      {"1e", "column 2: an exponent needs digits"},
                                                      {"a.", "column 3: unexpected end, expected a field name"},
                                                      {"{1: 2}", "column 2: unexpected literal, expected a key"},
                                                      {"n = 5", "column 3: unexpected character '='"},
                                                      {"and", "column 1: unexpected 'and', expected a value"},
                                                      {"1e999", "column 1: the number is out of range"},
                                                      {"0x", "column 1: not a hexadecimal number"}};
  for (const auto& [text, message] : rows) EXPECT_EQ(eval(text), std::string("parse: ") + message) << text;
}

TEST(Expression, EvaluationErrorsHaveColumns) {
  const std::pair<const char*, const char*> rows[] = {
      {"empty[0] < 1", "column 6: index 0 is out of range of a list of 0"},
      {"1 + missing", "column 5: unknown name missing"},
      {"n && true", "column 1: expected a bool, found a number"},
      {"true && n", "column 9: expected a bool, found a number"},
      {"s < 5", "column 3: cannot compare a text with a number"},
      {"nothing < 5", "column 9: cannot compare nil with a number"},
      {"nothing.x", "column 8: nil has no part 'x'"},
      {"n[0]", "column 2: a number has no part of that kind"},
      {"-s", "column 1: expected a number, found a text"},
      {"asInt('x')", "column 1: \"x\" is not a number"},
      {"asInt(nan)", "column 1: the number has no whole value"},
      {"5 % 0", "column 3: modulo of zero"},
      {"5.5 % 2", "column 5: '%' needs whole numbers"},
      {"n ? 1 : 2", "column 1: expected a bool, found a number"},
      {"all(n, {true})", "column 1: all needs a list, found a number"},
      {"filter(result, {#})", "column 17: expected a bool, found a number"},
      {"len(n)", "column 1: expected a list, a map or a text, found a number"},
      {"min(empty)", "column 1: there is no number"},
      {"1 in 5", "column 3: 'in' needs a list or a map, found a number"}};
  for (const auto& [text, message] : rows) EXPECT_EQ(eval(text), message) << text;
}

TEST(Expression, ShortCircuits) {
  EXPECT_EQ(eval("len(empty) > 0 && empty[0] > 1"), "false");
  EXPECT_EQ(eval("len(empty) == 0 || empty[0] > 1"), "true");
  EXPECT_EQ(eval("true ? 1 : missing"), "1");
}

TEST(Expression, ConditionsMustBeBools) {
  EXPECT_TRUE(*Expression::parse("n == 5")->holds(variables()));
  EXPECT_EQ(Expression::parse("n")->holds(variables()).error().message,
            "column 1: a condition must give a bool, not a number");
  EXPECT_EQ(Expression::parse("result[0] > asFloat(args.limit) && len(result) > stable.p99")->names(),
            (std::set<std::string>{"args", "result", "stable"}));
}

TEST(Expression, Limits) {
  EXPECT_EQ(eval(std::string(kMaxLength + 1, ' ')), "parse: column 1: the expression is too long");
  EXPECT_EQ(eval(std::string(65, '(') + "1" + std::string(65, ')')),
            "parse: column 65: the expression is nested too deeply");
  EXPECT_EQ(eval(std::string(200, '-') + "1").substr(0, 20), "parse: column 64: th");
  std::string sum = "1";
  for (int i = 0; i < 1000; ++i) sum += "+1";
  EXPECT_EQ(eval(sum).substr(0, 6), "parse:");
  Value many = Value::object({{"r", Value::array_of(std::vector<Value>(100, 1))}});
  EXPECT_EQ(Expression::parse("all(r, {all(r, {all(r, {# == 1})})})")->evaluate(many).error().message,
            "column 30: the evaluation takes too long");
}

TEST(Expression, IntegerArithmeticAgreesWithTheMachine) {
  EXPECT_TRUE(rc::check([](std::int32_t a, std::int32_t b) {
    const Value v = Value::object({{"a", a}, {"b", b}});
    const auto of = [&](const char* text) { return Expression::parse(text)->evaluate(v)->as_int(); };
    RC_ASSERT(of("a + b") == std::int64_t(a) + b);
    RC_ASSERT(of("a * b - a") == std::int64_t(a) * b - a);
    RC_ASSERT((of("a < b ? 1 : 0") == 1) == (a < b));
  }));
}

}  // namespace
}  // namespace slipway::expr
