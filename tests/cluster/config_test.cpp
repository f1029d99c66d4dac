// ConfigMaps as parts of versions, beside a real kube-controller-manager (docs/decisions/0019).
#include <gtest/gtest.h>

#include <algorithm>

#include "api/meta.h"
#include "delivery/names.h"
#include "release_bed.h"

namespace slipway::tests {
namespace {

using data::Value;

class ConfigTest : public ReleaseOnCluster {
 protected:
  void SetUp() override {
    ReleaseOnCluster::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    attach(R"({"rolling":{"maxSurge":1,"maxUnavailable":0}})");
    ASSERT_EQ(kubectl_code({"create", "configmap", "web-config", "--from-literal=mode=calm"}), 0);
    patch(api::kReleases, "web", R"({"spec":{"config":{"configMaps":"Versioned"}}})");
    ASSERT_EQ(kubectl_code({"set", "env", "deployment/web", "--from=configmap/web-config"}), 0);
    ASSERT_TRUE(until([&] { return phase() == "Idle" && read() == "calm" && copies().size() == 1; })) << told();
  }

  // What all pods read; "" when they differ, or are not four.
  std::string read() {
    std::set<std::string> modes;
    std::int64_t pods = 0;
    for (const Value& pod : items("pods")) {
      const Value& env = pod["spec"]["containers"].at(0)["env"].at(0);
      modes.insert(get(api::kConfigMaps, env["valueFrom"]["configMapKeyRef"]["name"].str())["data"]["mode"].str());
      ++pods;
    }
    return pods == 4 && modes.size() == 1 ? *modes.begin() : "";
  }
  std::vector<Value> copies() {
    std::vector<Value> out;
    for (const Value& object : items("configmaps"))
      if (object["immutable"].as_bool()) out.push_back(object);
    return out;
  }
  std::vector<Value> items(const char* plural) {
    const api::Resource& resource = std::string_view(plural) == "pods" ? api::kPods : api::kConfigMaps;
    const auto list = api().call({.verb = client::Verb::List, .resource = resource, .space = space});
    if (!list) return {};
    const auto all = (*list)["items"].items();
    return {all.begin(), all.end()};
  }
  std::string live() { return get(api::kConfigMaps, "web-config")["data"]["mode"].str(); }
};
SLIPWAY_EACH_VERSION(ConfigTest);

TEST_P(ConfigTest, AnEditIsReleasedAndUndoneAndTheCopiesFollow) {
  const Value before = get(api::kReleases, "web")["status"]["stable"];
  ASSERT_EQ(kubectl_code({"patch", "configmap", "web-config", "-p", R"({"data":{"mode":"wild"}})"}), 0);
  ASSERT_TRUE(until([&] { return phase() == "Idle" && read() == "wild" && copies().size() == 1; })) << told();
  EXPECT_GE(fewest_ready, 4);
  EXPECT_EQ(owner_of("v1"), "Deployment");
  const auto undone = run_slipway({"undo", "web", "--yes", "-n", space, "--kubeconfig", bed().admin_kubeconfig()});
  ASSERT_EQ(undone.status, 0) << undone.output;
  EXPECT_NE(undone.output.find("ConfigMap web-config.data.mode   wild   calm"), std::string::npos)
      << "what changes back is shown: " << undone.output;
  ASSERT_TRUE(until([&] { return phase() == "Idle" && read() == "calm" && copies().size() == 1; })) << told();
  EXPECT_EQ(live(), "calm");
  EXPECT_EQ(get(api::kReleases, "web")["status"]["stable"]["hash"], before["hash"])
      << "the same content is the same version";
}

TEST_P(ConfigTest, ScaledFromZeroTheDeploymentWakesWhatServesAndADeletedCopyComesBack) {
  ASSERT_EQ(kubectl_code({"patch", "configmap", "web-config", "-p", R"({"data":{"mode":"wild"}})"}), 0);
  ASSERT_TRUE(until([&] { return phase() == "Idle" && read() == "wild" && copies().size() == 1; })) << told();
  ASSERT_EQ(kubectl_code({"scale", "deployment/web", "--replicas=0"}), 0);
  ASSERT_TRUE(until([&] { return pods_of("") == 0; }));
  ASSERT_EQ(kubectl_code({"scale", "deployment/web", "--replicas=4"}), 0);
  ASSERT_TRUE(until([&] { return read() == "wild" && pods_of("v1", true) == 4; })) << told();
  const std::string copy(api::name_of(copies().at(0)));
  ASSERT_EQ(kubectl_code({"delete", "configmap", copy}), 0);
  EXPECT_TRUE(until([&] { return copies().size() == 1 && api::name_of(copies().at(0)) == copy; })) << told();
}

TEST_P(ConfigTest, WithoutItsReleaseTheDeploymentGoesOnWithTheLiveConfigMap) {
  ASSERT_EQ(kubectl_code({"delete", "release", "web"}), 0);
  ASSERT_TRUE(until([&] {
    const Value deployment = get(api::kDeployments, "web");
    return !deployment["spec"]["paused"].as_bool() && deployment["status"]["updatedReplicas"].as_int() == 4 &&
           deployment["status"]["replicas"].as_int() == 4;
  }));
  EXPECT_TRUE(until([&] {  // those of before are on their way out
    return std::ranges::all_of(items("pods"), [](const Value& pod) {
      const Value& env = pod["spec"]["containers"].at(0)["env"].at(0);
      return env["valueFrom"]["configMapKeyRef"]["name"] == Value("web-config");
    });
  }));
  for (const Value& copy : copies())
    EXPECT_EQ(copy["metadata"]["ownerReferences"].at(0)["kind"], Value("ReplicaSet")) << "goes with it";
}

}  // namespace
}  // namespace slipway::tests
