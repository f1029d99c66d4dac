// DaemonSets against the real API server in memory, with modelled nodes.
#include "workload/test_world.h"

namespace slipway::workload::testing {
namespace {

class DaemonWorld : public World {
 protected:
  DaemonWorld() {
    second.start();
    third.start();
  }
  void create_agent(std::string_view extra = "") {
    create_shop();
    create(api::kDaemonSets, R"(
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
)" + std::string(extra) + R"(
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "agent:1"}]}
)");
  }
  void set_image(std::string_view image) {
    call({.verb = Verb::Patch,
          .resource = api::kDaemonSets,
          .space = "shop",
          .name = "agent",
          .body = *data::parse_yaml("{spec: {template: {spec: {containers: [{name: agent, image: \"" +
                                    std::string(image) + "\"}]}}}}"),
          .patch_type = client::PatchType::Strategic});
  }
  Value status() const { return find(api::kDaemonSets, "agent")["status"]; }
  // "node-1=agent:1 node-2=agent:1": ready ones.
  std::string ready() const {
    std::set<std::string> each;
    for (const Value& pod : all(api::kPods))
      if (control::is_active(pod) && control::is_ready(pod))
        each.insert(std::string(control::node_of(pod)) + "=" + pod["spec"]["containers"].at(0)["image"].str());
    std::string text;
    for (const std::string& one : each) text += (text.empty() ? "" : " ") + one;
    return text;
  }

  Kubelet second{user, loop, random, "node-2"};
  Kubelet third{user, loop, random, "node-3"};
};

TEST_F(DaemonWorld, Every_node_runs_it_and_an_update_goes_node_by_node) {
  create_agent();
  ASSERT_TRUE(until([&] { return ready() == "node-1=agent:1 node-2=agent:1 node-3=agent:1"; }));
  set_image("agent:2");
  std::int64_t lowest = 3;
  ASSERT_TRUE(until([&] {
    lowest = std::min(lowest, available());
    return ready() == "node-1=agent:2 node-2=agent:2 node-3=agent:2";
  }));
  EXPECT_EQ(lowest, 2);
  ASSERT_TRUE(until([&] { return status()["numberAvailable"].as_int() == 3; }));
  EXPECT_EQ(status()["updatedNumberScheduled"].as_int(), 3);
  EXPECT_EQ(all(api::kControllerRevisions).size(), 2u);
}

TEST_F(DaemonWorld, With_a_surge_no_node_is_ever_without) {
  create_agent("  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}");
  ASSERT_TRUE(until([&] { return available() == 3; }));
  set_image("agent:2");
  std::int64_t lowest = 3;
  ASSERT_TRUE(until([&] {
    lowest = std::min(lowest, available());
    return ready() == "node-1=agent:2 node-2=agent:2 node-3=agent:2";
  }));
  EXPECT_EQ(lowest, 3);
}

TEST_F(DaemonWorld, A_new_node_gets_it_and_a_cordoned_one_keeps_it) {
  create_agent();
  patch(api::kNodes, "node-2", "{spec: {unschedulable: true}}");
  ASSERT_TRUE(until([&] { return available() == 3; }));
  Kubelet fourth{user, loop, random, "node-4"};
  fourth.start();
  ASSERT_TRUE(until([&] { return available() == 4; }));
  patch(api::kNodes, "node-2", "{spec: {taints: [{key: mine, effect: NoExecute}]}}");
  ASSERT_TRUE(until([&] { return ready() == "node-1=agent:1 node-3=agent:1 node-4=agent:1"; }));
  EXPECT_TRUE(until([&] { return status()["desiredNumberScheduled"].as_int() == 3; }));
}

TEST_F(DaemonWorld, With_on_delete_somebody_else_says_when) {
  create_agent("  updateStrategy: {type: OnDelete}");
  ASSERT_TRUE(until([&] { return available() == 3; }));
  set_image("agent:2");
  loop.run_for(minutes(1));
  EXPECT_EQ(ready(), "node-1=agent:1 node-2=agent:1 node-3=agent:1");
  for (const Value& pod : all(api::kPods))
    if (control::node_of(pod) == "node-2") erase(api::kPods, std::string(api::name_of(pod)));
  ASSERT_TRUE(until([&] { return ready() == "node-1=agent:1 node-2=agent:2 node-3=agent:1"; }));
  EXPECT_TRUE(until([&] { return status()["updatedNumberScheduled"].as_int() == 1; }));
}

TEST_F(DaemonWorld, Everything_goes_with_it) {
  create_agent();
  ASSERT_TRUE(until([&] { return available() == 3; }));
  erase(api::kDaemonSets, "agent");
  ASSERT_TRUE(until([&] { return all(api::kPods).empty() && all(api::kControllerRevisions).empty(); }));
}

}  // namespace
}  // namespace slipway::workload::testing
