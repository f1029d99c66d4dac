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

Value pod(const char* name, bool ready) {
  Value out = json(R"({"metadata":{},"status":{"phase":"Running","conditions":[{"type":"Ready"}]}})");
  out.set({"metadata", "name"}, name);
  Value condition = out["status"]["conditions"].at(0);
  condition.set("status", ready ? "True" : "False");
  out.set({"status", "conditions"}, Value::array({condition}));
  return out;
}

TEST(VersionOfSet, counts_pods_and_what_is_not_known_yet) {
  const Version v = version_of_set(set(R"({"observedGeneration":2,"availableReplicas":2})"), {pod("a", true)});
  EXPECT_EQ(v.spec, 2);
  EXPECT_EQ(v.ready, 1);
  EXPECT_EQ(v.available, 1) << "no more than are ready now";
  EXPECT_EQ(v.unseen, 1);
  EXPECT_EQ(v.staying(), 0);
}

TEST(VersionOfSet, keeps_the_pods_that_are_looked_at_closer) {
  Value killed = pod("b", true);
  killed.set({"status", "containerStatuses"}, json(R"([{"lastState":{"terminated":{"reason":"OOMKilled"}}}])"));
  const Version v = version_of_set(set("{}"), {pod("c", false), killed, pod("a", true)});
  ASSERT_EQ(v.ailing.size(), 2u);
  EXPECT_EQ(v.ailing[0]["metadata"]["name"], Value("b"));
  EXPECT_EQ(v.ailing[1]["metadata"]["name"], Value("c"));
}

}  // namespace
}  // namespace slipway::delivery
