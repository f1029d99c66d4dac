// The controllers of this module together, against the real API server in memory, in virtual time, with modelled pods.
#include <gtest/gtest.h>

#include "workload/test_world.h"

namespace slipway::workload::testing {
namespace {

TEST_F(World, A_Deployment_becomes_ready_is_rolled_rolled_back_and_scaled) {
  create_web(4);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 4); }));
  EXPECT_EQ(all(api::kReplicaSets).size(), 1u);

  set_image("web:2");
  std::int64_t lowest = 4;
  ASSERT_TRUE(until([&] {
    lowest = std::min(lowest, available());
    return rolled_out("web:2", 4);
  }));
  EXPECT_GE(lowest, 3);
  EXPECT_EQ(api::annotation(find(api::kDeployments, "web"), "deployment.kubernetes.io/revision"), "2");

  set_image("web:1");  // what `kubectl rollout undo` does
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 4); }));
  EXPECT_EQ(all(api::kReplicaSets).size(), 2u);
  EXPECT_EQ(api::annotation(find(api::kDeployments, "web"), "deployment.kubernetes.io/revision"), "3");

  patch(api::kDeployments, "web", "{spec: {replicas: 7}}");
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 7); }));
  patch(api::kDeployments, "web", "{spec: {replicas: 0}}");
  ASSERT_TRUE(until([&] { return all(api::kPods).empty(); }));
}

TEST_F(World, Nothing_is_written_once_all_is_done) {
  create_web(3);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 3); }));
  loop.run_for(minutes(2));
  const auto before = runner.stats();
  loop.run_for(minutes(30));
  EXPECT_EQ(runner.stats().status_writes, before.status_writes);
  EXPECT_EQ(runner.stats().effects, before.effects);
  EXPECT_EQ(runner.stats().failures, before.failures);
  EXPECT_EQ(runner.stats().refusals, 0u);
}

TEST_F(World, A_bad_image_stops_the_rollout_and_the_deadline_tells) {
  create_web(4, "  progressDeadlineSeconds: 60");
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 4); }));
  kubelet.broken_images.insert("web:bad");
  set_image("web:bad");
  ASSERT_TRUE(until([&] {
    return api::condition(find(api::kDeployments, "web"), "Progressing")["reason"].as_string() ==
           "ProgressDeadlineExceeded";
  }));
  EXPECT_EQ(available(), 3);
  set_image("web:3");
  EXPECT_TRUE(until([&] { return rolled_out("web:3", 4); }));
}

TEST_F(World, MinReadySeconds_holds_the_rollout_back) {
  create_web(2, "  minReadySeconds: 30\n  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}");
  ASSERT_TRUE(until([&] { return available() == 2; }));
  EXPECT_EQ(find(api::kDeployments, "web")["status"]["availableReplicas"].as_int(), 0);
  const base::Time ready = loop.now();
  ASSERT_TRUE(until([&] { return find(api::kDeployments, "web")["status"]["availableReplicas"].as_int() == 2; }));
  EXPECT_GE(loop.now() - ready, seconds(29));
}

TEST_F(World, A_deleted_pod_is_replaced) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  const Value victim = all(api::kPods)[0];
  erase(api::kPods, std::string(api::name_of(victim)));
  ASSERT_TRUE(
      until([&] { return find(api::kPods, std::string(api::name_of(victim))).is_null() && rolled_out("web:1", 2); }));
}

TEST_F(World, A_pod_that_loses_its_label_is_released_and_replaced) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  const std::string name(api::name_of(all(api::kPods)[0]));
  patch(api::kPods, name, "{metadata: {labels: {app: debug}}}");
  ASSERT_TRUE(until([&] { return all(api::kPods).size() == 3 && available() == 3; }));
  EXPECT_TRUE(api::controller_of(find(api::kPods, name)).is_null());
}

TEST_F(World, A_pod_waits_for_room_and_says_why) {
  create_shop();
  create(api::kPods, R"(
apiVersion: v1
kind: Pod
metadata: {name: big, namespace: shop}
spec: {containers: [{name: a, image: "a:1", resources: {requests: {cpu: "65"}}}]}
)");
  ASSERT_TRUE(until([&] {
    return api::condition(find(api::kPods, "big"), "PodScheduled")["reason"].as_string() == "Unschedulable";
  }));
  EXPECT_EQ(api::condition(find(api::kPods, "big"), "PodScheduled")["message"].as_string(),
            "0/1 nodes are available: 1 Insufficient cpu.");
  Kubelet bigger(user, loop, random, "node-2");
  bigger.start("128");
  EXPECT_TRUE(until([&] { return control::node_of(find(api::kPods, "big")) == "node-2"; }));
}

TEST_F(World, A_cordoned_node_gets_no_pods) {
  patch(api::kNodes, "node-1", "{spec: {unschedulable: true}}");
  create_web(1);
  loop.run_for(seconds(30));
  EXPECT_EQ(available(), 0);
  patch(api::kNodes, "node-1", "{spec: {unschedulable: null}}");
  EXPECT_TRUE(until([&] { return rolled_out("web:1", 1); }));
}

TEST_F(World, Endpoints_follow_the_ready_pods) {
  create_web(3);
  create(api::kServices,
         "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: "
         "[{port: 80, targetPort: http}]}}");
  auto ready = [&] {
    std::size_t count = 0;
    for (const Value& slice : all(api::kEndpointSlices)) {
      EXPECT_EQ(slice["ports"].at(0)["port"].as_int(8080), 8080);
      for (const Value& endpoint : slice["endpoints"].items()) count += endpoint["conditions"]["ready"].as_bool();
    }
    return count;
  };
  ASSERT_TRUE(until([&] { return ready() == 3; }));
  patch(api::kDeployments, "web", "{spec: {replicas: 1}}");
  ASSERT_TRUE(until([&] { return ready() == 1 && all(api::kPods).size() == 1; }));
  EXPECT_EQ(all(api::kEndpointSlices).size(), 1u);
  erase(api::kServices, "web");
  EXPECT_TRUE(until([&] { return all(api::kEndpointSlices).empty(); }));
}

TEST_F(World, Deleting_a_Deployment_in_the_background_takes_everything_along) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  erase(api::kDeployments, "web");
  EXPECT_TRUE(find(api::kDeployments, "web").is_null());
  EXPECT_TRUE(until([&] { return all(api::kReplicaSets).empty() && all(api::kPods).empty(); }));
}

TEST_F(World, Deleting_in_the_foreground_waits_for_the_dependents) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  erase(api::kDeployments, "web", "Foreground");
  EXPECT_FALSE(find(api::kDeployments, "web").is_null());
  ASSERT_TRUE(until([&] { return find(api::kDeployments, "web").is_null(); }));
  EXPECT_TRUE(all(api::kReplicaSets).empty());
  EXPECT_TRUE(all(api::kPods).empty());
}

TEST_F(World, Orphaned_sets_stay_and_are_adopted_by_the_next_Deployment) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  const std::string uid(api::uid_of(all(api::kReplicaSets)[0]));
  std::set<std::string> pods;
  for (const Value& pod : all(api::kPods)) pods.insert(std::string(api::uid_of(pod)));
  erase(api::kDeployments, "web", "Orphan");
  ASSERT_TRUE(until([&] { return find(api::kDeployments, "web").is_null(); }));
  loop.run_for(seconds(30));
  ASSERT_EQ(all(api::kReplicaSets).size(), 1u);
  EXPECT_TRUE(api::controller_of(all(api::kReplicaSets)[0]).is_null());
  create(api::kDeployments, R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{name: http, containerPort: 8080}]}]}
)");
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  EXPECT_EQ(api::uid_of(all(api::kReplicaSets)[0]), uid);
  for (const Value& pod : all(api::kPods)) EXPECT_TRUE(pods.contains(std::string(api::uid_of(pod))));
}

TEST_F(World, A_circle_of_owners_does_not_block_foreground_deletion) {
  create_shop();
  auto map = [&](const std::string& name) {
    return create(api::kConfigMaps,
                  "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: shop}}");
  };
  auto own = [&](const std::string& name, const Value& owner) {
    patch(api::kConfigMaps, name,
          "{metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: " + owner["metadata"]["name"].str() +
              ", uid: " + std::string(api::uid_of(owner)) + ", blockOwnerDeletion: true}]}}");
  };
  const Value a = map("a"), b = map("b"), c = map("c");
  own("a", c);
  own("b", a);
  own("c", b);
  erase(api::kConfigMaps, "a", "Foreground");
  EXPECT_TRUE(until([&] {
    return find(api::kConfigMaps, "a").is_null() && find(api::kConfigMaps, "b").is_null() &&
           find(api::kConfigMaps, "c").is_null();
  }));
}

TEST_F(World, An_object_with_another_owner_only_loses_the_reference) {
  create_shop();
  auto map = [&](const std::string& name) {
    return create(api::kConfigMaps,
                  "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: shop}}");
  };
  const Value a = map("a"), b = map("b");
  map("shared");
  auto reference = [](const Value& owner) {
    return "{apiVersion: v1, kind: ConfigMap, name: " + owner["metadata"]["name"].str() +
           ", uid: " + std::string(api::uid_of(owner)) + "}";
  };
  patch(api::kConfigMaps, "shared", "{metadata: {ownerReferences: [" + reference(a) + ", " + reference(b) + "]}}");
  erase(api::kConfigMaps, "a");
  ASSERT_TRUE(until([&] { return find(api::kConfigMaps, "shared")["metadata"]["ownerReferences"].size() == 1; }));
  erase(api::kConfigMaps, "b");
  EXPECT_TRUE(until([&] { return find(api::kConfigMaps, "shared").is_null(); }));
}

TEST_F(World, A_deleted_namespace_is_emptied_and_gone) {
  create_web(3);
  create(api::kConfigMaps, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}");
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 3); }));
  erase(api::kNamespaces, "shop");
  EXPECT_EQ(find(api::kNamespaces, "shop")["status"]["phase"].as_string(), "Terminating");
  ASSERT_TRUE(until([&] { return find(api::kNamespaces, "shop").is_null(); }));
  for (const api::Resource& kind : builtin_kinds())
    if (kind.namespaced) EXPECT_TRUE(all(kind).empty()) << kind.qualified();
}

TEST_F(World, A_silent_node_loses_readiness_then_its_pods_and_recovers) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  kubelet.die();
  ASSERT_TRUE(
      until([&] { return api::condition(find(api::kNodes, "node-1"), "Ready")["status"].as_string() == "Unknown"; },
            minutes(2)));
  ASSERT_TRUE(until([&] { return available() == 0; }));
  EXPECT_EQ(find(api::kNodes, "node-1")["spec"]["taints"].size(), 2u);
  Kubelet other(user, loop, random, "node-2");
  other.start();
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }, minutes(10)));
  for (const Value& pod : all(api::kPods))
    if (control::is_active(pod)) EXPECT_EQ(control::node_of(pod), "node-2");
  kubelet.revive();
  ASSERT_TRUE(until([&] { return api::is_condition_true(find(api::kNodes, "node-1"), "Ready"); }));
  EXPECT_TRUE(until([&] { return find(api::kNodes, "node-1")["spec"]["taints"].is_empty(); }));
}

TEST_F(World, A_wall_clock_that_jumps_takes_no_node_for_dead) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  for (const base::Duration jump :
       {base::Duration(base::hours(2)), base::Duration(-base::hours(5)), base::Duration(minutes(20))}) {
    loop.jump_clock(jump);
    for (int i = 0; i < 90; ++i) {
      loop.run_for(seconds(1));
      ASSERT_EQ(available(), 2);
    }
  }
  EXPECT_TRUE(api::is_condition_true(find(api::kNodes, "node-1"), "Ready"));
}

TEST_F(World, Pods_of_a_node_that_was_removed_are_removed) {
  create_web(2);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 2); }));
  kubelet.die();
  erase(api::kNodes, "node-1");
  EXPECT_TRUE(until([&] { return available() == 0; }));
  Kubelet other(user, loop, random, "node-2");
  other.start();
  EXPECT_TRUE(until([&] { return rolled_out("web:1", 2); }));
}

TEST_F(World, Events_tell_the_story) {
  create_web(1);
  ASSERT_TRUE(until([&] { return rolled_out("web:1", 1); }));
  loop.run_for(seconds(5));
  std::map<std::string, int> reasons;
  for (const Value& event : all(api::kEvents)) ++reasons[event["reason"].str()];
  EXPECT_EQ(reasons["ScalingReplicaSet"], 1);
  EXPECT_EQ(reasons["SuccessfulCreate"], 1);
  EXPECT_EQ(reasons["Scheduled"], 1);
}

}  // namespace
}  // namespace slipway::workload::testing
