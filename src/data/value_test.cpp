#include "data/value.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <map>
#include <thread>

#include "data/json.h"

namespace slipway::data {
namespace {

using Text = std::string;

rc::Gen<Text> keys() { return rc::gen::elementOf(std::vector<Text>{"", "a", "b", "c", "aa", "ab", "a.b", "z"}); }

Value tree(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return {};
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::inRange(-3, 3);
    case 3:
      return *rc::gen::elementOf(std::vector<double>{0.5, 1.0, -2.25});
    case 4:
      return Value(*rc::gen::elementOf(std::vector<Text>{"", "x", "a longer text"}));
    case 5: {
      Value list = Value::array();
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) list.push_back(tree(depth - 1));
      return list;
    }
    default: {
      Value object = Value::object();
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) object.set(*keys(), tree(depth - 1));
      return object;
    }
  }
}

// One random change somewhere in the tree.
void change(Value& v, int depth) {
  const bool here = depth == 0 || *rc::gen::inRange(0, 3) == 0;
  if (v.is_object() && v.size() > 0 && !here) {
    const Text key = v.members()[*rc::gen::inRange<std::size_t>(0, v.size())].key.str();
    return change(v.member(key), depth - 1);
  }
  if (v.is_array() && v.size() > 0 && !here)
    return change(v.element(*rc::gen::inRange<std::size_t>(0, v.size())), depth - 1);
  if (v.is_object() && *rc::gen::arbitrary<bool>()) return void(v.erase(*keys()));
  if (v.is_object() || v.is_null()) return v.set(*keys(), tree(1));
  if (v.is_array()) return v.push_back(tree(1));
  v = tree(2);
}

TEST(Value, ChangingACopyNeverChangesOthers) {
  EXPECT_TRUE(rc::check([] {
    Value original = tree(3);
    const Text before = to_json(original);
    Value copy = original;
    const Value part = original.is_object() && original.size() > 0 ? original.members()[0].value : Value();
    const Text part_before = to_json(part);
    for (int i = 0; i < 6; ++i) change(copy, 3);
    RC_ASSERT(to_json(original) == before);
    const Text changed = to_json(copy);
    for (int i = 0; i < 6; ++i) change(original, 3);
    RC_ASSERT(to_json(copy) == changed);
    RC_ASSERT(to_json(part) == part_before);
  }));
}

TEST(Value, EqualityAndHashFollowTheContents) {
  EXPECT_TRUE(rc::check([] {
    const Value a = tree(3), b = tree(3);
    const Value again = parse_json(to_json(a), {}).value_or(Value());
    RC_ASSERT((a == b) == (b == a));
    if (a == b) RC_ASSERT(a.hash() == b.hash());
    if (to_json(a) != to_json(b)) RC_ASSERT(!(a == b));
    if (a == again) RC_ASSERT(a.hash() == again.hash());
    RC_ASSERT(a == Value(a));
    Value changed = a;
    change(changed, 3);
    RC_ASSERT((changed == a) == (a == changed));
  }));
}

TEST(Value, ObjectBehavesLikeASortedMap) {
  EXPECT_TRUE(rc::check([] {
    Value object = Value::object();
    std::map<Text, int> model;
    for (int i = 0; i < 40; ++i) {
      const Text key = *rc::gen::container<Text>(rc::gen::elementOf(Text("abc")));
      if (*rc::gen::inRange(0, 3) == 0) {
        RC_ASSERT(object.erase(key) == (model.erase(key) == 1));
      } else {
        object.set(key, i);
        model[key] = i;
      }
    }
    RC_ASSERT(object.size() == model.size());
    auto it = model.begin();
    for (const Member& member : object.members()) {
      RC_ASSERT(member.key.view() == it->first);
      RC_ASSERT(object[it->first].as_int() == it->second);
      ++it;
    }
  }));
}

TEST(Value, ObjectOfTakesTheLastOfEqualKeys) {
  EXPECT_TRUE(rc::check([] {
    std::vector<std::pair<Text, Value>> members;
    Value model = Value::object();
    for (int i = 0, n = *rc::gen::inRange(0, 30); i < n; ++i) {
      members.emplace_back(*keys(), i);
      model.set(members.back().first, i);
    }
    RC_ASSERT(Value::object_of(members) == model);
  }));
}

TEST(Value, ReadingNeverFails) {
  const Value v = *parse_json(R"({"a":{"b":[1,2.0,"x",null]},"t":true,"n":null})");
  EXPECT_EQ(v.get({"a", "b"}).at(1).as_int(), 2);
  EXPECT_EQ(v["a"]["b"].at(0).as_double(), 1.0);
  EXPECT_EQ(v["a"]["nowhere"]["deeper"].as_string("fallback"), "fallback");
  EXPECT_EQ(v["a"]["b"].at(9).as_int(-1), -1);
  EXPECT_EQ(v["a"].as_int(-1), -1);
  EXPECT_EQ(Value(2.5).as_int(-1), -1);
  EXPECT_EQ(Value(1e300).as_int(-1), -1);
  EXPECT_EQ(Value(std::nan("")).as_int(-1), -1);
  EXPECT_TRUE(v.has("n"));
  EXPECT_FALSE(v.has("m"));
  EXPECT_TRUE(v["n"].is_empty());
  EXPECT_FALSE(Value(0).is_empty());
  EXPECT_TRUE(Value("").is_empty());
  EXPECT_EQ(v["t"].size(), 0u);
  EXPECT_FALSE(Value(1) == Value(1.0));
}

TEST(Value, PathsMakeAndEraseMembers) {
  Value v;
  v.set({"spec", "template", "name"}, "x");
  v.set({"spec", "replicas"}, 3);
  EXPECT_EQ(to_json(v), R"({"spec":{"replicas":3,"template":{"name":"x"}}})");
  const Value before = v;
  EXPECT_FALSE(v.erase({"spec", "absent", "name"}));
  EXPECT_TRUE(v.shares(before));
  EXPECT_TRUE(v.erase({"spec", "template", "name"}));
  EXPECT_EQ(to_json(v), R"({"spec":{"replicas":3,"template":{}}})");
  EXPECT_EQ(to_json(before.without("spec").with("a", 1)), R"({"a":1})");
}

TEST(Value, ArraysChangeByIndex) {
  Value v;
  v.reserve(4);
  v.push_back(1);
  v.push_back(3);
  v.insert_at(1, 2);
  v.insert_at(3, 4);
  const Value before = v;
  v.erase_at(0);
  v.set_at(0, "two");
  v.element(1) = Value::array({9});
  EXPECT_EQ(to_json(v), R"(["two",[9],4])");
  EXPECT_EQ(to_json(before), "[1,2,3,4]");
}

TEST(Value, SelfAssignmentAndSelfContainment) {
  Value v = Value::object({{"a", Value::array({1})}});
  v = *&v;
  v.set("self", v);  // a copy of the old tree, no cycle
  v = v["a"];        // part of itself
  EXPECT_EQ(to_json(v), "[1]");
}

TEST(Value, UnchangedPartsStayShared) {
  const Value v = *parse_json(R"({"a":{"x":[1]},"b":{"y":2}})");
  const Value changed = v.with("b", 1);
  EXPECT_TRUE(changed["a"].shares(v["a"]));
  EXPECT_FALSE(changed.shares(v));
}

TEST(Value, DistinctCopiesMayBeUsedFromSeveralThreads) {
  const Value shared = *parse_json(R"({"a":[1,2,{"b":"text"}],"c":{"d":1}})");
  std::vector<std::thread> threads;
  std::vector<Text> results(4);
  for (std::size_t t = 0; t < results.size(); ++t)
    threads.emplace_back([&shared, &result = results[t], t] {
      Value mine = shared;
      for (int i = 0; i < 1000; ++i) {
        mine.member("c").set("d", static_cast<int>(t));
        mine = shared.with("e", mine["c"]);
      }
      result = to_json(mine);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(to_json(shared), R"({"a":[1,2,{"b":"text"}],"c":{"d":1}})");
  EXPECT_EQ(results[3], R"({"a":[1,2,{"b":"text"}],"c":{"d":1},"e":{"d":3}})");
}

}  // namespace
}  // namespace slipway::data
