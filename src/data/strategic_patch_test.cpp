#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>

#include "data/json.h"
#include "data/patch.h"

namespace slipway::data {
namespace {

// The merge rules of a Deployment's fields that the cases use.
class Rules : public MergeSchema {
 public:
  Rules& map(const std::string& name, std::unique_ptr<Rules> element, bool retain_keys = false) {
    return add(name, {.retain_keys = retain_keys}, std::move(element));
  }
  Rules& list(const std::string& name, std::string_view key, std::unique_ptr<Rules> element) {
    return add(name, {.list = List::MergeByKey, .merge_key = key}, std::move(element));
  }
  Rules& set(const std::string& name) { return add(name, {.list = List::MergeSet}, nullptr); }

  Field field(std::string_view name) const override {
    const auto it = fields_.find(name);
    return it == fields_.end() ? Field() : it->second;
  }

 private:
  Rules& add(const std::string& name, Field field, std::unique_ptr<Rules> element) {
    field.element = element.get();
    fields_[name] = field;
    if (element) owned_.push_back(std::move(element));
    return *this;
  }
  std::map<std::string, Field, std::less<>> fields_;
  std::vector<std::unique_ptr<Rules>> owned_;
};

std::unique_ptr<Rules> deployment() {
  auto container = std::make_unique<Rules>();
  container->list("env", "name", std::make_unique<Rules>()).list("ports", "containerPort", std::make_unique<Rules>());
  auto pod = std::make_unique<Rules>();
  pod->list("containers", "name", std::move(container)).list("volumes", "name", std::make_unique<Rules>());
  auto metadata = std::make_unique<Rules>();
  metadata->set("finalizers").map("labels", std::make_unique<Rules>());
  auto template_metadata = std::make_unique<Rules>();
  auto pod_template = std::make_unique<Rules>();
  pod_template->map("spec", std::move(pod)).map("metadata", std::move(template_metadata));
  auto spec = std::make_unique<Rules>();
  spec->map("template", std::move(pod_template)).map("strategy", std::make_unique<Rules>(), true);
  auto root = std::make_unique<Rules>();
  root->map("metadata", std::move(metadata)).map("spec", std::move(spec));
  return root;
}

Value read(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value.value_or(Value());
}

std::string patched(std::string_view document, std::string_view patch) {
  static const std::unique_ptr<Rules> rules = deployment();
  const auto result = apply_strategic_patch(read(document), read(patch), rules.get());
  return result ? to_json(*result) : std::string(base::reason_of(result.error().code));
}

// Containers of a pod template: the shortest way to a merged list.
std::string pod_patched(std::string_view containers, std::string_view patch) {
  const auto wrap = [](std::string_view s) { return "{\"spec\":{\"template\":{\"spec\":" + std::string(s) + "}}}"; };
  const std::string out = patched(wrap("{\"containers\":" + std::string(containers) + "}"), wrap(patch));
  if (!out.starts_with('{')) return out;
  return to_json(read(out).get({"spec", "template", "spec", "containers"}));
}

TEST(StrategicPatch, MergesListsByKey) {
  const char* const abc = R"([{"name":"a","image":"1"},{"name":"b","image":"1"},{"name":"c","image":"1"}])";
  EXPECT_EQ(pod_patched(abc, R"({"containers":[{"name":"b","image":"2"}]})"),
            R"([{"image":"1","name":"a"},{"image":"2","name":"b"},{"image":"1","name":"c"}])");
  EXPECT_EQ(pod_patched(abc, R"({"containers":[{"name":"d","image":"2","tty":null},{"name":"b","image":null}]})"),
            R"([{"image":"2","name":"d"},{"image":"1","name":"a"},{"name":"b"},{"image":"1","name":"c"}])");
  EXPECT_EQ(
      pod_patched(abc, R"({"containers":[{"name":"a","$patch":"delete"},{"name":"c","$patch":"merge","image":"3"}]})"),
      R"([{"image":"1","name":"b"},{"image":"3","name":"c"}])");
  EXPECT_EQ(pod_patched(abc, R"({"containers":[{"$patch":"replace"},{"name":"z"}]})"), R"([{"name":"z"}])");
  EXPECT_EQ(pod_patched(abc, R"({"containers":null})"), "null");
  EXPECT_EQ(pod_patched(R"([{"name":"a","args":["x","y"]}])", R"({"containers":[{"name":"a","args":["z"]}]})"),
            R"([{"args":["z"],"name":"a"}])");
}

TEST(StrategicPatch, OrdersLists) {
  const char* const abc = R"([{"name":"a"},{"name":"b"},{"name":"c"}])";
  EXPECT_EQ(pod_patched(abc, R"({"$setElementOrder/containers":[{"name":"c"},{"name":"a"}]})"),
            R"([{"name":"b"},{"name":"c"},{"name":"a"}])");
  EXPECT_EQ(
      pod_patched(
          abc,
          R"({"$setElementOrder/containers":[{"name":"d"},{"name":"a"}],"containers":[{"name":"d"},{"name":"b","$patch":"delete"}]})"),
      R"([{"name":"c"},{"name":"d"},{"name":"a"}])");
  EXPECT_EQ(pod_patched(abc, R"({"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"d"}]})"),
            "BadRequest");
  EXPECT_EQ(
      pod_patched(
          abc,
          R"({"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a"},{"name":"b"}]})"),
      "BadRequest");
}

TEST(StrategicPatch, PrimitiveLists) {
  const char* const abc = R"({"metadata":{"finalizers":["a","b","c"]}})";
  EXPECT_EQ(patched(abc, R"({"metadata":{"finalizers":["d","a"]}})"),
            R"({"metadata":{"finalizers":["d","a","b","c"]}})");
  EXPECT_EQ(patched(abc, R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["b","x"]}})"),
            R"({"metadata":{"finalizers":["a","c"]}})");
  EXPECT_EQ(
      patched(
          abc,
          R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["b"],"$setElementOrder/finalizers":["c","d"],"finalizers":["d"]}})"),
      R"({"metadata":{"finalizers":["a","c","d"]}})");
  EXPECT_EQ(patched("{\"metadata\":{}}", R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}})"),
            R"({"metadata":{}})");
}

TEST(StrategicPatch, MapDirectives) {
  const char* const labels = R"({"metadata":{"labels":{"a":"1","b":"2"}}})";
  EXPECT_EQ(patched(labels, R"({"metadata":{"labels":{"$patch":"replace","c":"3"}}})"),
            R"({"metadata":{"labels":{"c":"3"}}})");
  EXPECT_EQ(patched(labels, R"({"metadata":{"labels":{"$patch":"delete"}}})"), R"({"metadata":{"labels":{}}})");
  EXPECT_EQ(patched(labels, R"({"metadata":{"labels":{"$patch":"merge","a":null}}})"),
            R"({"metadata":{"labels":{"b":"2"}}})");
  EXPECT_EQ(patched(labels, R"({"metadata":{"labels":{"$retainKeys":["b","c"],"c":"3"}}})"),
            R"({"metadata":{"labels":{"b":"2","c":"3"}}})");
  EXPECT_EQ(patched(labels, R"({"metadata":{"labels":{"$retainKeys":["b"],"c":"3"}}})"), "BadRequest");
  EXPECT_EQ(patched(labels, R"({"metadata":{"labels":{"$patch":"explode"}}})"), "BadRequest");
  EXPECT_EQ(patched(R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{}}}})",
                    R"({"spec":{"strategy":{"type":"Recreate","$retainKeys":["type"]}}})"),
            R"({"spec":{"strategy":{"type":"Recreate"}}})");
}

TEST(StrategicPatch, Errors) {
  EXPECT_EQ(pod_patched(R"([{"name":"a"}])", R"({"containers":[{"image":"x"}]})"), "Invalid");
  EXPECT_EQ(pod_patched(R"([{"name":"a"}])", R"({"containers":[{"$patch":"delete"}]})"), "Invalid");
  EXPECT_EQ(pod_patched(R"([{"name":"a"}])", R"({"containers":["x"]})"), "Invalid");
  EXPECT_EQ(pod_patched(R"([{"name":"a"}])", R"({"containers":[{"name":"a","$patch":"x"}]})"), "BadRequest");
  EXPECT_EQ(patched(R"({"metadata":{}})", R"({"metadata":{"$setElementOrder/finalizers":1}})"), "BadRequest");
  EXPECT_EQ(patched("{}", "[]"), "BadRequest");
}

TEST(StrategicPatch, WithoutSchemaListsAreAtomic) {
  const auto result = apply_strategic_patch(read(R"({"a":[{"name":"x"}],"b":{"c":1}})"),
                                            read(R"({"a":[{"name":"y"}],"b":{"d":2}})"), nullptr);
  ASSERT_TRUE(result);
  EXPECT_EQ(to_json(*result), R"({"a":[{"name":"y"}],"b":{"c":1,"d":2}})");
}

// Without nulls and leftover directives, both of which a server drops when it decodes the result into its types.
Value decoded(const Value& v) {
  if (v.is_array()) {
    Value out = Value::array();
    for (const Value& item : v.items())
      if (!item.has("$patch")) out.push_back(decoded(item));
    return out;
  }
  if (!v.is_object()) return v;
  Value out = Value::object();
  for (const Member& m : v.members())
    if (!m.value.is_null() && !m.key.view().starts_with('$')) out.set(m.key.view(), decoded(m.value));
  return out;
}

// Every line of the file is {object, patch, result} or {object, patch, error}, as an API server's library answered.
// SLIPWAY_PATCH_CASES names a larger file of the same form.
TEST(StrategicPatch, AgreesWithRecordedAnswers) {
  const char* const other = std::getenv("SLIPWAY_PATCH_CASES");
  std::ifstream file(other ? other : "src/data/testdata/strategic_patch.jsonl");
  ASSERT_TRUE(file);
  const std::unique_ptr<Rules> rules = deployment();
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const Value c = read(line);
    const auto result = apply_strategic_patch(c["object"], c["patch"], rules.get());
    EXPECT_EQ(result.has_value(), c.has("result"))
        << to_json(c) << (result ? to_json(*result) : result.error().message);
    if (result && c.has("result"))
      EXPECT_EQ(to_json(diff_merge_patch(decoded(c["result"]), decoded(*result))), "{}") << line;
  }
  EXPECT_GE(cases, 50);
}

}  // namespace
}  // namespace slipway::data
