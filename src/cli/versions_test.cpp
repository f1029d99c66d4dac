#include "cli/versions.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

data::Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

data::Value labelled(const std::string& hash, data::Value more) {
  more.set({"metadata", "labels"}, data::Value::object({{"pod-template-hash", hash}}));
  return more;
}

data::Value kept(const std::string& hash, std::int64_t number, const std::string& image) {
  return labelled(
      hash, data::Value::object({{"revision", number},
                                 {"data", data::Value::object({{"template", data::Value::object({{"i", image}})}})}}));
}

data::Value replica_set(const std::string& hash, const std::string& number, const std::string& image) {
  data::Value out = labelled(
      hash, data::Value::object({{"spec", data::Value::object({{"template", data::Value::object({{"i", image}})}})}}));
  out.set({"metadata", "annotations"}, data::Value::object({{"deployment.kubernetes.io/revision", number}}));
  return out;
}

// aaa has come back as 4, bbb is only a ReplicaSet, of ccc nothing is left.
const data::Value kRelease = json(R"({"metadata":{"name":"web"},"status":{"stable":{"revision":4,"hash":"aaa"},
    "history":[{"revision":4,"hash":"aaa"},{"revision":3,"hash":"ccc"},{"revision":1,"hash":"aaa"}]}})");

TEST(Versions, WhatIsKeptGoesBeforeReplicaSets) {
  const Versions all(kRelease, {kept("aaa", 1, "kept")},
                     {replica_set("aaa", "4", "set"), replica_set("bbb", "2", "set")});
  for (const std::int64_t number : {1, 4}) {
    ASSERT_TRUE(all.with_number(number)) << number;
    EXPECT_EQ(all.with_number(number)->pod_template["i"].as_string(), "kept");
  }
  EXPECT_EQ(all.with_number(2), all.with_hash("bbb"));
  EXPECT_EQ(all.with_number(2)->pod_template["i"].as_string(), "set");
  EXPECT_FALSE(all.with_hash("ccc"));
}

TEST(Versions, WhatIsGoneIsToldFromWhatNeverWas) {
  const Versions all(kRelease, {kept("aaa", 1, "kept")}, {replica_set("bbb", "2", "set")});
  EXPECT_EQ(all.why_not(3), "revision 3 is not kept any more; there are 1, 2, 4");
  EXPECT_EQ(all.why_not(9), "there has never been a revision 9; the newest is 4");
  EXPECT_EQ(all.why_not(0), "there has never been a revision 0; the newest is 4");
  EXPECT_EQ(Versions(kRelease, {}, {}).why_not(3), "revision 3 is not kept any more; none is kept: apply the manifest that you want");
  EXPECT_EQ(Versions(json("{}"), {}, {}).why_not(1), "it has brought out nothing yet");
}

}  // namespace
}  // namespace slipway::cli
