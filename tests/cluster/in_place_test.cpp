// A StatefulSet and a DaemonSet released beside a real kube-controller-manager, one after the other as a policy says
// (docs/decisions/0014, 0017).
#include <gtest/gtest.h>

#include <algorithm>

#include "api/meta.h"
#include "release_bed.h"
#include "runtime/file.h"

namespace slipway::tests {
namespace {

using data::Value;

class InPlaceTest : public ReleaseOnCluster {
 protected:
  void SetUp() override {
    ReleaseOnCluster::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    apply(R"(
apiVersion: slipway.dev/v1alpha1
kind: ReleasePolicy
metadata: {name: cluster}
spec: {maxConcurrent: 1}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}, annotations: {rehearse.slipway.dev/start: 100ms}}
    spec: {containers: [{name: db, image: "shop/db:v1"}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}, annotations: {rehearse.slipway.dev/start: 100ms}}
    spec: {containers: [{name: agent, image: "shop/agent:v1"}]}
---
apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: db}
spec: {target: {kind: StatefulSet, name: db}, deadline: 2m, strategy: {rolling: {batches: [{replicas: 1}]}}}
---
apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: agent}
spec: {target: {kind: DaemonSet, name: agent}, deadline: 2m, strategy: {rolling: {}}}
)");
    ASSERT_TRUE(until([&] { return serves("db", "v1") && serves("agent", "v1"); })) << status("db") << status("agent");
  }
  void TearDown() override {
    if (!IsSkipped()) (void)kubectl_code({"delete", "releasepolicy", "cluster", "--ignore-not-found"});
    ReleaseOnCluster::TearDown();
  }

  void apply(const std::string& yaml) {
    const std::string file = bed().folder() + "/" + space + "-sets.yaml";
    ASSERT_TRUE(runtime::write_file(file, yaml, 0600).has_value());
    ASSERT_EQ(kubectl_code({"apply", "-f", file}), 0) << yaml;
  }
  std::string status(const std::string& name) {
    const Value release = get(api::kReleases, name);
    return name + ": " + release["status"]["phase"].str() + ", " + release["status"]["message"].str() + "\n";
  }
  // At one moment.
  std::int64_t under_way() {
    const auto list = api().call({.verb = client::Verb::List, .resource = api::kReleases, .space = space});
    if (!list) return 0;
    return std::ranges::count_if((*list)["items"].items(),
                                 [](const Value& r) { return r["status"]["candidate"].is_object(); });
  }
  bool serves(const std::string& name, const std::string& tag) {
    const Value release = get(api::kReleases, name);
    return release["status"]["phase"] == Value("Idle") &&
           release["status"]["stable"]["images"].as_string().ends_with(":" + tag);
  }
};
SLIPWAY_EACH_VERSION(InPlaceTest);

TEST_P(InPlaceTest, TheirPodsAreReplacedOneReleaseAfterTheOtherAndTheirStrategiesComeBack) {
  ASSERT_EQ(kubectl_code({"set", "image", "statefulset/db", "db=shop/db:v2"}), 0);
  ASSERT_EQ(kubectl_code({"set", "image", "daemonset/agent", "agent=shop/agent:v2"}), 0);
  std::int64_t most = 0;
  ASSERT_TRUE(until([&] {
    most = std::max(most, under_way());
    return serves("db", "v2") && serves("agent", "v2");
  })) << status("db")
      << status("agent");
  EXPECT_LE(most, 1);
  ASSERT_EQ(kubectl_code({"delete", "release", "db", "agent"}), 0);
  EXPECT_EQ(get(api::kStatefulSets, "db")["spec"]["updateStrategy"]["rollingUpdate"]["partition"].as_int(), 0);
  EXPECT_EQ(get(api::kDaemonSets, "agent")["spec"]["updateStrategy"]["type"], Value("RollingUpdate"));
}

}  // namespace
}  // namespace slipway::tests
