#include "control/pod.h"

#include <gtest/gtest.h>

namespace slipway::control {
namespace {

using base::seconds;
using data::Value;

Value pod_with(std::string_view phase, std::string_view ready, std::string_view since) {
  return Value::object(
      {{"status", Value::object({{"phase", phase},
                                 {"conditions",
                                  Value::array({Value::object(
                                      {{"type", "Ready"}, {"status", ready}, {"lastTransitionTime", since}})})}})}});
}

const base::Time kNoon = *base::parse_time("2026-11-23T12:00:00Z");

TEST(Pod, Counts_as_a_replica_until_it_ends_or_is_deleted) {
  EXPECT_TRUE(is_active(Value::object()));
  EXPECT_TRUE(is_active(pod_with("Running", "True", "2026-11-23T12:00:00Z")));
  EXPECT_FALSE(is_active(pod_with("Succeeded", "False", "2026-11-23T12:00:00Z")));
  EXPECT_FALSE(is_active(pod_with("Failed", "False", "2026-11-23T12:00:00Z")));
  Value deleted = pod_with("Running", "True", "2026-11-23T12:00:00Z");
  deleted.set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:01Z");
  EXPECT_FALSE(is_active(deleted));
  EXPECT_TRUE(is_ready(deleted));
}

TEST(Pod, Is_available_only_after_being_ready_for_the_minimum) {
  const Value ready = pod_with("Running", "True", "2026-11-23T12:00:00Z");
  EXPECT_TRUE(is_available(ready, seconds(0), kNoon));
  EXPECT_FALSE(is_available(ready, seconds(10), kNoon + seconds(9)));
  EXPECT_TRUE(is_available(ready, seconds(10), kNoon + seconds(10)));
  EXPECT_EQ(available_at(ready, seconds(10)), kNoon + seconds(10));
}

TEST(Pod, Is_never_available_when_not_ready) {
  const Value unready = pod_with("Running", "False", "2026-11-23T12:00:00Z");
  EXPECT_FALSE(is_available(unready, seconds(0), kNoon));
  EXPECT_EQ(available_at(unready, seconds(0)), std::nullopt);
  EXPECT_EQ(ready_since(Value::object()), std::nullopt);
}

TEST(Pod, Restarts_are_summed_over_containers) {
  Value pod = Value::object();
  pod.set({"status", "containerStatuses"},
          Value::array({Value::object({{"restartCount", 2}}), Value::object(), Value::object({{"restartCount", 3}})}));
  EXPECT_EQ(restarts_of(pod), 5);
}

}  // namespace
}  // namespace slipway::control
