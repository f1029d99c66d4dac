#include "delivery/decide/keep_pods.h"

#include <gtest/gtest.h>

#include "api/meta.h"
#include "data/json.h"

namespace slipway::delivery {
namespace {

using data::Value;

Value pod(const std::string& name, bool ready, int restarts, const char* born) {
  Value v = Value::object({{"metadata", Value::object({{"name", name}, {"creationTimestamp", born}})}});
  v.set({"status", "conditions"},
        Value::array({Value::object({{"type", "Ready"}, {"status", ready ? "True" : "False"}})}));
  v.set({"status", "containerStatuses"}, Value::array({Value::object({{"restartCount", restarts}})}));
  return v;
}

std::string names(const std::vector<Value>& pods) {
  std::string out;
  for (const Value& p : pods) out += std::string(api::name_of(p)) + " ";
  return out;
}

TEST(KeepPods, those_that_tell_most_are_kept) {
  const std::vector<Value> pods = {
      pod("well", true, 0, "2026-11-30T10:00:00Z"), pod("older", true, 0, "2026-11-30T09:00:00Z"),
      pod("restarted", true, 3, "2026-11-30T10:00:00Z"), pod("unready", false, 0, "2026-11-30T10:00:00Z"),
      pod("crashing", false, 5, "2026-11-30T10:00:00Z")};
  EXPECT_EQ(names(worth_keeping(pods, 10)), "crashing unready restarted older well ");
  EXPECT_EQ(names(worth_keeping(pods, 2)), "crashing unready ");
  EXPECT_EQ(names(worth_keeping(pods, 0)), "");
  EXPECT_EQ(names(worth_keeping({}, 3)), "");
}

}  // namespace
}  // namespace slipway::delivery
