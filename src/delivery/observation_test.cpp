#include "delivery/observation.h"

#include <gtest/gtest.h>

#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

Value set(const char* status) {
  Value rs = json(R"({"metadata":{"name":"web-1","uid":"u","generation":3,"labels":{"pod-template-hash":"1"}},
    "spec":{"replicas":2}})");
  rs.set("status", json(status));
  return rs;
}

Value pod(const char* name, bool ready, const char* waiting = "") {
  Value out = json(R"({"metadata":{},"status":{"phase":"Running","conditions":[{"type":"Ready"}]}})");
  out.set({"metadata", "name"}, name);
  Value condition = out["status"]["conditions"].at(0);
  condition.set("status", ready ? "True" : "False");
  out.set({"status", "conditions"}, Value::array({condition}));
  if (*waiting)
    out.set(
        {"status", "containerStatuses"},
        Value::array({Value::object({{"state", Value::object({{"waiting", Value::object({{"reason", waiting}})}})}})}));
  return out;
}

constexpr const char* kRefused =
    R"({"observedGeneration":3,"availableReplicas":1,"conditions":[{"type":"ReplicaFailure",
  "status":"True","reason":"FailedCreate","message":"exceeded quota: few"}]})";

TEST(VersionOfSet, counts_pods_and_what_is_not_known_yet) {
  const Version v = version_of_set(set(R"({"observedGeneration":2,"availableReplicas":2})"), {pod("a", true)});
  EXPECT_EQ(v.spec, 2);
  EXPECT_EQ(v.ready, 1);
  EXPECT_EQ(v.available, 1) << "no more than are ready now";
  EXPECT_EQ(v.unseen, 1);
  EXPECT_EQ(v.staying(), 0);
}

// A quota, an admission policy: there is no pod that could say it.
TEST(VersionOfSet, says_why_pods_were_never_made) {
  EXPECT_EQ(version_of_set(set(kRefused), {pod("a", true)}).stuck, "FailedCreate: exceeded quota: few");
  EXPECT_EQ(version_of_set(set(kRefused), {pod("a", true), pod("b", true)}).stuck, "") << "all are there by now";
  EXPECT_EQ(version_of_set(set(kRefused), {pod("a", false, "ImagePullBackOff")}).stuck, "a: ImagePullBackOff");
}

}  // namespace
}  // namespace slipway::delivery
