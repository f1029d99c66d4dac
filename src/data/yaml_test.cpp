#include "data/yaml.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "data/yaml_scalar.h"

namespace slipway::data {
namespace {

std::string json_of(std::string_view yaml) {
  const auto value = parse_yaml(yaml);
  return value ? to_json(*value) : value.error().message;
}

TEST(Yaml, ScalarsResolveAsInGoYaml) {
  const std::pair<const char*, const char*> rows[] = {{"y", "true"},
                                                      {"Yes", "true"},
                                                      {"on", "true"},
                                                      {"OFF", "false"},
                                                      {"n", "false"},
                                                      {"yEs", "\"yEs\""},
                                                      {"~", "null"},
                                                      {"NULL", "null"},
                                                      {"nUll", "\"nUll\""},
                                                      {"017", "15"},
                                                      {"0o17", "15"},
                                                      {"0x1F", "31"},
                                                      {"-0x10", "-16"},
                                                      {"0b11", "3"},
                                                      {"08", "8"},
                                                      {"1_000", "1000"},
                                                      {"+5", "5"},
                                                      {"1e3", "1000"},
                                                      {".5", "0.5"},
                                                      {"5.", "5"},
                                                      {"1.5e", "\"1.5e\""},
                                                      {".1_2", "0.12"},
                                                      {".8_", "\".8_\""},
                                                      {"0x", "\"0x\""},
                                                      {"1:30", "\"1:30\""},
                                                      {"2026-11-23", "\"2026-11-23\""},
                                                      {"1e999", "\"1e999\""},
                                                      {"9223372036854775807", "9223372036854775807"},
                                                      {"9223372036854775808", "9223372036854776000"},
                                                      {"-9223372036854775808", "-9223372036854775808"},
                                                      {"\"yes\"", "\"yes\""},
                                                      {"'1'", "\"1\""},
                                                      {"!!str 12", "\"12\""},
                                                      {"!!int \"3\"", "3"},
                                                      {"!!float 3", "3"},
                                                      {"!foo 5", "\"5\""},
                                                      {"! 6", "\"6\""},
                                                      {"!!binary aGVsbG8=", "\"hello\""},
                                                      {"1.2.3", "\"1.2.3\""}};
  for (const auto& [text, json] : rows)
    EXPECT_EQ(json_of("a: " + std::string(text)), "{\"a\":" + std::string(json) + "}") << text;
}

TEST(Yaml, Structures) {
  EXPECT_EQ(json_of("a:\n- b\n- c: 1\n  d: [x, {w: z}]\ne: |\n  one\n   two\nf: >-\n  p\n  q\n1: m\ntrue: t\n1.5: f\n"),
            R"({"1":"m","1.5":"f","a":["b",{"c":1,"d":["x",{"w":"z"}]}],"e":"one\n two\n","f":"p q","true":"t"})");
  EXPECT_EQ(json_of("{\"a\": [1, \"x\\/\\u00e9\"]}"), "{\"a\":[1,\"x/\u00e9\"]}");
  EXPECT_EQ(json_of("{\t\"a\":\t\"\\ud83d\\ude00\"}"), "{\"a\":\"\U0001F600\"}");  // JSON, but no YAML
}

TEST(Yaml, AliasesAndMerges) {
  EXPECT_EQ(
      json_of("b: &b {a: 1, b: 2}\nx: *b\nm: {<<: *b, b: 3}\no: {b: 3, <<: *b}\nl: {<<: [{a: 5}, {a: 6, z: 7}]}\nq: "
              "{\"<<\": {k: 1}}"),
      R"({"b":{"a":1,"b":2},"l":{"a":5,"z":7},"m":{"a":1,"b":3},"o":{"a":1,"b":2},"q":{"\u003c\u003c":{"k":1}},"x":{"a":1,"b":2}})");
  EXPECT_EQ(json_of("&k a: 1\nb: *k"), R"({"a":1,"b":"a"})");
}

TEST(Yaml, ErrorsSayWhere) {
  const std::pair<const char*, const char*> rows[] = {
      {"a: b: c", "line 1, column 5: mapping values are not allowed in this context"},
      {"a: [1, 2", "line 2, column 1: did not find expected ',' or ']' while parsing a flow sequence from line 1"},
      {"a:\n\tb: 1",
       "line 2, column 1: found character that cannot start any token while scanning for the next token from line 2"},
      {"a: \"x", "line 1, column 6: found unexpected end of stream while scanning a quoted scalar from line 1"},
      {"a: 1\nb: 2\na: 3", "line 3, column 1: key \"a\" already set in map"},
      {"a: *x", "line 1, column 4: unknown anchor 'x' referenced"},
      {"a: &x [*x]", "line 1, column 8: anchor 'x' value contains itself"},
      {"a: .inf", "line 1, column 4: \".inf\" is not a number that JSON knows"},
      {"a: !!int x", "line 1, column 4: cannot read \"x\" as !!int"},
      {"? [1]\n: 2", "line 1, column 3: a key must be a scalar"},
      {"~: 2", "line 1, column 1: a key must be a string, a number or a bool"},
      {"a: {<<: 1}", "line 1, column 5: map merge requires map or sequence of maps as the value"},
      {"a: 1\n---\nb: 2", "expected one document, found 2"},
      {"# nothing", "expected one document, found 0"},
  };
  for (const auto& [text, message] : rows) EXPECT_EQ(json_of(text), message) << text;
  EXPECT_EQ(json_of("a: \xff").substr(0, 24), "line 1, column 1: invali");
}

TEST(Yaml, Limits) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) laughs += ", " + before;
    laughs += "]\n";
  }
  EXPECT_EQ(json_of(laughs), "line 6, column 45: too many values in one document, aliases included");
  EXPECT_EQ(json_of(std::string(20'000, '[')), "line 1, column 101: nested too deeply");
  std::string chain = "a0: &a0 []\n";
  for (int i = 1; i < 120; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_EQ(json_of(chain), "line 100, column 12: nested too deeply, aliases included");
  EXPECT_EQ(parse_yaml("a: 1", {.limits = {.max_bytes = 3}}).error().code, base::Code::TooLarge);
}

TEST(Yaml, StreamsAndPositions) {
  const auto documents = parse_yaml_stream("# first\na:\n  b:\n  - c: 1\n  - x\n---\n---\n# none\n---\nd: 1\n...\n");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 2u);
  const YamlDocument& first = documents->front();
  EXPECT_EQ(first.start, (Position{2, 1}));
  EXPECT_EQ(first.position_of("a.b[0].c"), (Position{4, 5}));
  EXPECT_EQ(first.position_of("a.b[1]"), (Position{5, 5}));
  EXPECT_EQ(first.position_of("a.b[7].x"), (Position{3, 3}));
  EXPECT_EQ(first.position_of("nowhere"), (Position{2, 1}));
  EXPECT_EQ(documents->back().start, (Position{10, 1}));
  EXPECT_EQ(parse_yaml_stream("")->size(), 0u);
}

TEST(Yaml, ReportsDuplicatesWhenAsked) {
  std::vector<Diagnostic> duplicates;
  const auto value =
      parse_yaml("a:\n- k: 1\n  k: 2\nb: {<<: {x: 1}, x: 2}\ntrue: 1\nyes: 2\n", {.duplicates = &duplicates});
  ASSERT_TRUE(value);
  EXPECT_EQ(to_json(*value), R"({"a":[{"k":2}],"b":{"x":2},"true":2})");
  ASSERT_EQ(duplicates.size(), 2u);
  EXPECT_EQ(duplicates[0], (Diagnostic{{3, 3}, "a[0].k", "duplicate field"}));
  EXPECT_EQ(duplicates[1], (Diagnostic{{6, 1}, "true", "duplicate field"}));
}

TEST(Yaml, PrintsLikeGoYaml) {
  const Value v = *parse_json(
      R"({"a10":1,"a2":[],"a1":{},"B":[1,{"x":[2]}],"s":["","yes","1","a: b","a #b","- a"," a","22:22","80:80","2026-11-23","it's",
      "two\nlines","two\nlines\n","<<","null","x y","é","1e3"],"f":[1.5,1e21,1234567.5,0.00001,1e20,true,null]})");
  EXPECT_EQ(to_yaml(v), R"(B:
- 1
- x:
  - 2
a1: {}
a2: []
a10: 1
f:
- 1.5
- 1e+21
- 1.2345675e+06
- 1e-05
- 1e+20
- true
- null
s:
- ""
- "yes"
- "1"
- 'a: b'
- 'a #b'
- '- a'
- ' a'
- "22:22"
- 80:80
- "2026-11-23"
- it's
- |-
  two
  lines
- |
  two
  lines
- "<<"
- "null"
- x y
- é
- "1e3"
)");
  EXPECT_EQ(to_yaml(Value("a\xff")), "a\xEF\xBF\xBD\n");
}

rc::Gen<std::string> texts() {
  return rc::gen::container<std::string>(rc::gen::elementOf(std::string(" \n\tab019:-#\"'|>&*!%@{}[],?~=\\._+exyn")));
}

TEST(Yaml, EveryStringReadsBack) {
  EXPECT_TRUE(rc::check("as value and as key", [] {
    const std::string text = *texts(), key = *texts();
    const Value v = Value::object({{key, Value::array({text, Value::object({{text, key}})})}});
    const auto back = parse_yaml(to_yaml(v));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == v);
  }));
}

TEST(Yaml, KeyOrderIsTotal) {
  EXPECT_TRUE(rc::check([] {
    const auto keys = *rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::elementOf(std::string("v01a-_Z"))));
    Value v = Value::object();
    for (const std::string& key : keys) v.set(key, 1);
    const auto back = parse_yaml(to_yaml(v));
    RC_ASSERT(back.has_value() && (*back == v || v.size() == 0));
  }));
}

}  // namespace
}  // namespace slipway::data
