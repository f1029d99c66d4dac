// What is left of objects, and what must not be missing.
#include "delivery/kept.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/meta.h"
#include "data/footprint.h"
#include "data/json.h"
#include "delivery/test_pod.h"

namespace slipway::delivery {
namespace {

using data::Value;

TEST(Kept, OfAPodIsASmallPartWithAllThatIsCounted) {
  const Value pod = typical_pod(7);
  const Value kept = kept_of(api::kPods)(pod);
  EXPECT_LT(data::heap_bytes(kept) * 4, data::heap_bytes(pod));
  EXPECT_EQ(kept["metadata"]["ownerReferences"], pod["metadata"]["ownerReferences"]);
  EXPECT_TRUE(api::is_condition_true(kept, "Ready"));
  EXPECT_EQ(api::condition(kept, "Ready")["lastTransitionTime"], api::condition(pod, "Ready")["lastTransitionTime"]);
  EXPECT_EQ(kept["status"]["containerStatuses"].at(0)["restartCount"], Value(1));
  EXPECT_EQ(kept["status"]["phase"], Value("Running"));
  EXPECT_FALSE(kept.has("spec"));
}

TEST(Kept, SaysWhyAContainerWaits) {
  const Value pod = *data::parse_json(
      R"({"kind":"Pod","metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"containerStatuses":[
      {"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}}},{"restartCount":0,"state":{"running":{}}}]}})");
  const Value kept = kept_of(api::kPods)(pod);
  const Value& containers = kept["status"]["containerStatuses"];
  EXPECT_EQ(containers.at(0)["state"]["waiting"]["reason"], Value("CrashLoopBackOff"));
  EXPECT_EQ(containers.size(), 2u);
  EXPECT_TRUE(api::is_deleting(kept));
}

TEST(Kept, OfWorkloadsIsAllButTheBookkeeping) {
  Value deployment = *data::parse_json(
      R"({"metadata":{"name":"a","annotations":{"mine":"1","kubectl.kubernetes.io/last-applied-configuration":"{}"},
      "managedFields":[{"manager":"x"}]},"spec":{"replicas":3,"template":{"spec":{"volumes":[{"name":"v"}]}}}})");
  const Value kept = kept_of(api::kDeployments)(deployment);
  EXPECT_EQ(kept["spec"], deployment["spec"]);
  EXPECT_EQ(kept["metadata"], *data::parse_json(R"({"name":"a","annotations":{"mine":"1"}})"));
}

// The Service switch counts endpoints by version: without the pod's name it waited for ever on a real cluster.
TEST(Kept, OfAnEndpointIsWhetherItIsReadyAndWhichPodItIs) {
  const Value slice = *data::parse_json(
      R"({"metadata":{"name":"web-x","labels":{"kubernetes.io/service-name":"web"}},"ports":[{"port":80}],
      "endpoints":[{"addresses":["10.244.0.2"],"conditions":{"ready":true},"nodeName":"n","targetRef":{"kind":"Pod","name":"web-1","uid":"u"}},
                   {"addresses":["10.244.0.3"],"conditions":{"ready":false}}]})");
  const Value kept = kept_of(api::kEndpointSlices)(slice);
  EXPECT_EQ(api::label(kept, "kubernetes.io/service-name"), "web");
  EXPECT_EQ(kept["endpoints"],
            *data::parse_json(
                R"([{"conditions":{"ready":true},"targetRef":{"name":"web-1"}},{"conditions":{"ready":false}}])"));
}

TEST(Kept, OfRoutesIsEverything) { EXPECT_EQ(kept_of(api::kHttpRoutes), nullptr); }

}  // namespace
}  // namespace slipway::delivery
