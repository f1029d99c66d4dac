#include "data/patch.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::data {
namespace {

Value read(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value.value_or(Value());
}

std::string json_patched(const char* document, const char* patch) {
  const auto result = apply_json_patch(read(document), read(patch));
  return result ? to_json(*result) : std::string(base::reason_of(result.error().code)) + ": " + result.error().message;
}

struct JsonPatchCase {
  const char* document;
  const char* patch;
  const char* result;
};

TEST(JsonPatch, Operations) {
  const JsonPatchCase cases[] = {
      {R"({"a":1})", R"([])", R"({"a":1})"},
      {R"({"a":1})", R"([{"op":"add","path":"/b","value":[1]}])", R"({"a":1,"b":[1]})"},
      {R"({"a":1})", R"([{"op":"add","path":"/a","value":null}])", R"({"a":null})"},
      {R"([1,2])", R"([{"op":"add","path":"/1","value":9}])", "[1,9,2]"},
      {R"([1,2])", R"([{"op":"add","path":"/-","value":9}])", "[1,2,9]"},
      {R"([1,2])", R"([{"op":"add","path":"/2","value":9}])", "[1,2,9]"},
      {R"([1,2])", R"([{"op":"add","path":"/-1","value":9}])", "[1,2,9]"},
      {R"([1,2])", R"([{"op":"remove","path":"/-1"}])", "[1]"},
      {R"({"a":{"b":[{"c":1}]}})", R"([{"op":"replace","path":"/a/b/0/c","value":2}])", R"({"a":{"b":[{"c":2}]}})"},
      {R"({"a/b":1,"m~n":2})", R"([{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/m~0n"}])", "{}"},
      {R"({"~1":1})", R"([{"op":"remove","path":"/~01"}])", "{}"},
      {R"({"":1})", R"([{"op":"replace","path":"/","value":2}])", R"({"":2})"},
      {R"({"a":[1,2],"b":3})", R"([{"op":"move","from":"/a/0","path":"/c"},{"op":"copy","from":"/b","path":"/a/0"}])",
       R"({"a":[3,2],"b":3,"c":1})"},
      {R"({"a":1})", R"([{"op":"replace","path":"","value":[1]}])", "[1]"},
      {R"({"a":1})",
       R"([{"op":"test","path":"/a","value":1},{"op":"test","path":"/b","value":null},{"op":"test","path":"/b"}])",
       R"({"a":1})"},
      {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
  };
  for (const auto& [document, patch, result] : cases) EXPECT_EQ(json_patched(document, patch), result) << patch;
}

TEST(JsonPatch, Errors) {
  const JsonPatchCase cases[] = {
      {"{}", R"([{"op":"add","path":"/a/b","value":1}])", "Invalid: add: the parent of /a/b is not there"},
      {"[1]", R"([{"op":"add","path":"/2","value":1}])", "Invalid: add: /2 is outside of the array"},
      {"[1]", R"([{"op":"add","path":"/01","value":1}])", "Invalid: add: /01 is outside of the array"},
      {"[1]", R"([{"op":"remove","path":"/-"}])", "Invalid: remove: /- is not there"},
      {"{}", R"([{"op":"remove","path":"/a"}])", "Invalid: remove: /a is not there"},
      {"{}", R"([{"op":"replace","path":"/a","value":1}])", "Invalid: replace: /a is not there"},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":1.0}])", "Invalid: test: /a has another value"},
      {R"({"a":1})", R"([{"op":"add","path":"/a/b","value":1}])", "Invalid: add: the parent of /a/b is not there"},
      {R"({"a":{}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", "Invalid: move: /a cannot move into itself"},
      {"{}", R"([{"op":"copy","from":"/x","path":"/a"}])", "Invalid: copy: /x is not there"},
      {"{}", R"([{"op":"add","path":"a","value":1}])", "BadRequest: a JSON pointer starts with /: \"a\""},
      {"{}", R"([{"op":"add","path":"/a"}])", "BadRequest: add: the operation needs a \"value\""},
      {"{}", R"([{"op":"frob","path":"/a"}])", "BadRequest: unknown operation \"frob\""},
      {"{}", R"([{"op":"add","value":1}])", "BadRequest: the operation needs a \"path\""},
      {"{}", R"([{"op":"move","path":"/a"}])", "BadRequest: the operation needs a \"from\""},
      {"{}", R"({"op":"add"})", "BadRequest: a JSON patch is an array of operations"},
      {"{}", R"([7])", "BadRequest: the operation needs a \"path\""},
  };
  for (const auto& [document, patch, result] : cases) EXPECT_EQ(json_patched(document, patch), result) << patch;
}

TEST(JsonPatch, Limits) {
  std::string doubling = "[";
  for (int i = 0; i < 60; ++i) doubling += R"({"op":"copy","from":"/a","path":"/a/-"},)";
  doubling.back() = ']';
  EXPECT_EQ(json_patched(R"({"a":[1,2]})", doubling.c_str()), "RequestEntityTooLarge: the patch copies too much");
  std::string deepen = "[";
  for (int i = 0; i < 101; ++i)
    deepen +=
        R"({"op":"move","from":"/a","path":"/b"},{"op":"add","path":"/a","value":{}},{"op":"move","from":"/b","path":"/a/x"},)";
  deepen.back() = ']';
  EXPECT_EQ(json_patched(R"({"a":1})", deepen.c_str()), "RequestEntityTooLarge: the result is nested too deeply");
  const Value step = Value::object({{"op", "test"}, {"path", "/x"}});
  EXPECT_FALSE(apply_json_patch(Value::object(), Value::array_of(std::vector<Value>(10'001, step))));
  EXPECT_TRUE(apply_json_patch(Value::object(), Value::array_of(std::vector<Value>(10'000, step))));
}

TEST(MergePatch, Applies) {
  const JsonPatchCase cases[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b","b":1})", R"({"a":null})", R"({"b":1})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"a":"foo"})", "null", "null"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {"[1,2]", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {"{}", R"({"a":[null]})", R"({"a":[null]})"},
  };
  for (const auto& [document, patch, result] : cases)
    EXPECT_EQ(to_json(apply_merge_patch(read(document), read(patch))), result) << patch;
}

TEST(MergePatch, LeavesWhatItDoesNotChangeShared) {
  const Value document = read(R"({"a":{"b":[1,2]},"c":{"d":1}})");
  const Value patched = apply_merge_patch(document, read(R"({"a":{},"c":{"d":2}})"));
  EXPECT_TRUE(patched["a"].shares(document["a"]));
  EXPECT_EQ(document["c"]["d"].as_int(), 1);
}

TEST(MergePatch, DiffIsSmall) {
  EXPECT_EQ(to_json(diff_merge_patch(read(R"({"a":1,"b":{"c":1,"d":[1]},"e":1})"),
                                     read(R"({"a":1,"b":{"c":2,"d":[1]},"f":{"g":null,"h":1}})"))),
            R"({"b":{"c":2},"e":null,"f":{"h":1}})");
  EXPECT_EQ(to_json(diff_merge_patch(read(R"({"a":{"b":1}})"), read(R"({"a":{"b":1}})"))), "{}");
}

}  // namespace
}  // namespace slipway::data
