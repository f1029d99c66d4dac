#include "cli/held_route.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

using data::Value;

Value json(std::string_view text) { return *data::parse_json(text); }

const Value kRelease = json(R"({"metadata":{"name":"web","namespace":"shop","uid":"r1"},"spec":{"target":{"name":"web"},
  "traffic":{"route":"web","service":"web"},"strategy":{"canary":{"steps":[{"weight":25}]}}},"status":{"candidate":{"revision":2,"hash":"h2"}}})");

Value route(const char* backends, const char* path = "/") {
  Value out = json(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",
    "metadata":{"name":"web","namespace":"shop","uid":"u","resourceVersion":"7"},"spec":{"hostnames":["web.example"]}})");
  Value rule = Value::object({{"backendRefs", json(backends)}});
  rule.set("matches",
           Value::array({Value::object({{"path", Value::object({{"type", "PathPrefix"}, {"value", path}})}})}));
  out.set({"spec", "rules"}, Value::array({rule}));
  return out;
}

constexpr const char* kPlain = R"([{"group":"","kind":"Service","name":"web","port":80,"weight":1}])";
constexpr const char* kSplit = R"([{"group":"","kind":"Service","name":"web-stable","port":80,"weight":7500},
  {"group":"","kind":"Service","name":"web-canary","port":80,"weight":2500}])";

TEST(HeldRoute, a_manifest_that_says_what_is_behind_the_split_changes_nothing) {
  EXPECT_TRUE(is_same_without_split(route(kSplit), route(kPlain), kRelease));
  EXPECT_TRUE(is_same_without_split(route(kPlain), route(kPlain), kRelease));
}

TEST(HeldRoute, any_other_change_is_one) {
  EXPECT_FALSE(is_same_without_split(route(kSplit), route(kPlain, "/shop"), kRelease));
  Value labelled = route(kPlain);
  labelled.set({"metadata", "labels"}, json(R"({"team":"shop"})"));
  EXPECT_FALSE(is_same_without_split(route(kSplit), labelled, kRelease));
}

}  // namespace
}  // namespace slipway::cli
