#include "workload/daemonset/decide.h"

#include <gtest/gtest.h>

#include "data/yaml.h"
#include "workload/daemonset/test_daemons.h"
#include "workload/scheduler/placement.h"

namespace slipway::workload::daemonset {
namespace {

using base::seconds;
using data::Value;
using testing::Cluster;
using testing::rolling;
using testing::set_image;
using testing::set_of;

Value with(Value set, std::string_view field, Value value) {
  set.set({"spec", field}, std::move(value));
  return set;
}
Value with_pod(Value set, std::string_view field, std::string_view yaml) {
  set.set({"spec", "template", "spec", field}, *data::parse_yaml(yaml));
  return set;
}

TEST(DaemonSet, Every_node_gets_a_pod_that_only_fits_there) {
  Cluster cluster(set_of(), 3);
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n2=agent:1 n3=agent:1");
  const Value& pod = cluster.on("n2");
  EXPECT_TRUE(control::node_of(pod).empty()) << "the scheduler places it";
  for (const auto& [name, node] : cluster.nodes)
    EXPECT_EQ(scheduler::obstacle(pod, node).empty(), name == "n2") << name;
  EXPECT_EQ(api::label(pod, "controller-revision-hash"),
            api::label(cluster.revisions.begin()->second, "controller-revision-hash"));
  EXPECT_EQ(api::controller_of(pod)["kind"].as_string(), "DaemonSet");
  EXPECT_EQ(cluster.decide().effects.size(), 0u);
}

TEST(DaemonSet, Nodes_come_and_go) {
  Cluster cluster(set_of(), 1);
  cluster.settle();
  cluster.add_node("n2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n2=agent:1");
  cluster.nodes.erase("n2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1") << "never placed: nobody else would clear it away";
  cluster.nodes.erase("n1");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1") << "placed: that of its node is the matter of others";
}

TEST(DaemonSet, It_stays_on_nodes_that_are_ill_cordoned_or_under_pressure) {
  struct Case {
    const char *key, *effect;
    bool run, keep;
  };
  for (const Case& c : {Case{"node.kubernetes.io/not-ready", "NoExecute", true, true},
                        {"node.kubernetes.io/unreachable", "NoExecute", true, true},
                        {"node.kubernetes.io/unschedulable", "NoSchedule", true, true},
                        {"node.kubernetes.io/disk-pressure", "NoSchedule", true, true},
                        {"node.kubernetes.io/memory-pressure", "NoSchedule", true, true},
                        {"node.kubernetes.io/pid-pressure", "NoSchedule", true, true},
                        {"node.kubernetes.io/not-ready", "NoSchedule", false, true},
                        {"node.kubernetes.io/network-unavailable", "NoSchedule", false, true},
                        {"mine", "NoSchedule", false, true},
                        {"mine", "PreferNoSchedule", true, true},
                        {"mine", "NoExecute", false, false}}) {
    Cluster cluster(set_of(), 1);
    cluster.taint("n1", c.key, c.effect);
    const NodeWish wish = wish_of(cluster.set, cluster.nodes.at("n1"));
    EXPECT_EQ(wish.run, c.run) << c.key << c.effect;
    EXPECT_EQ(wish.keep, c.keep) << c.key << c.effect;
  }
}

TEST(DaemonSet, Own_tolerations_for_a_time_become_such_for_ever) {
  const Value set = with_pod(set_of(), "tolerations",
                             "[{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, "
                             "tolerationSeconds: 300}, {key: mine}]");
  const Value pod = new_pod(set, {"agent-x", 1}, "n1", "abc", 0);
  EXPECT_EQ(pod["spec"]["tolerations"].size(), 7u);
  for (const Value& each : pod["spec"]["tolerations"].items()) EXPECT_TRUE(each["tolerationSeconds"].is_null());
  EXPECT_EQ(new_pod(with_pod(set, "hostNetwork", "true"), {"a", 1}, "n1", "abc", 0)["spec"]["tolerations"].size(), 8u);
}

TEST(DaemonSet, Selector_affinity_and_name_choose_nodes) {
  Cluster cluster(with_pod(set_of(), "nodeSelector", "{disk: ssd}"), 2);
  cluster.nodes.at("n2").set({"metadata", "labels"}, Value::object({{"disk", "ssd"}}));
  cluster.settle();
  EXPECT_EQ(cluster.images(), "n2=agent:1");
  cluster.nodes.at("n2").erase({"metadata", "labels"});
  cluster.decide();
  EXPECT_EQ(cluster.images(), "");
  Cluster named(with_pod(set_of(), "nodeName", "n2"), 3);
  named.settle();
  EXPECT_EQ(named.images(), "n2=agent:1");
  Cluster affine(with_pod(set_of(), "affinity",
                          "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
                          "[{matchExpressions: [{key: zone, operator: In, values: [a]}]}]}}}"),
                 2);
  affine.nodes.at("n1").set({"metadata", "labels"}, Value::object({{"zone", "a"}}));
  affine.settle();
  EXPECT_EQ(affine.images(), "n1=agent:1");
}

TEST(DaemonSet, A_node_that_may_keep_its_pod_counts_as_wrong_without_losing_it) {
  Cluster cluster(set_of(), 2);
  cluster.settle();
  cluster.taint("n1", "mine", "NoSchedule");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n2=agent:1");
  EXPECT_EQ(cluster.status("desiredNumberScheduled"), 1);
  EXPECT_EQ(cluster.status("numberMisscheduled"), 1);
  cluster.taint("n1", "mine", "NoExecute");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n2=agent:1");
}

TEST(DaemonSet, Of_two_pods_on_a_node_the_older_stays) {
  Cluster cluster(set_of(), 1);
  cluster.settle();
  Value second = cluster.on("n1");
  const std::string first(api::name_of(second));
  second.set({"metadata", "name"}, "aaa");
  second.set({"metadata", "creationTimestamp"}, base::format_time(cluster.now + seconds(1)));
  cluster.pods["aaa"] = second;
  cluster.decide();
  EXPECT_EQ(api::name_of(cluster.on("n1")), first);
}

TEST(DaemonSet, Failed_pods_are_replaced_ever_more_seldom) {
  Cluster cluster(set_of(), 1);
  cluster.settle();
  std::vector<long> waits;
  for (int failures = 0; failures < 5; ++failures) {
    const base::Time failed = cluster.now;
    const std::string name(api::name_of(cluster.on("n1")));
    cluster.make_ready(cluster.on("n1"), "Failed", false);
    while (api::name_of(cluster.on("n1")) == name) {
      cluster.decide();
      if (api::name_of(cluster.on("n1")) == name) cluster.now = cluster.last.wake_at.value();
    }
    cluster.clear_deleted();
    waits.push_back(std::chrono::duration_cast<std::chrono::seconds>(cluster.now - failed).count());
  }
  EXPECT_EQ(waits, (std::vector<long>{0, 1, 2, 4, 8}));
  set_image(cluster.set, "agent:2");
  cluster.make_ready(cluster.on("n1"), "Failed", false);
  cluster.now += base::minutes(1);
  cluster.decide();
  EXPECT_EQ(attempt_of(cluster.on("n1")), 0) << "a new version begins anew";
}

TEST(DaemonSet, Ended_pods_are_replaced_at_once) {
  Cluster cluster(set_of(), 1);
  cluster.settle();
  const std::string name(api::name_of(cluster.on("n1")));
  cluster.make_ready(cluster.on("n1"), "Succeeded", false);
  cluster.decide();
  EXPECT_NE(api::name_of(cluster.on("n1")), name);
}

TEST(DaemonSet, A_pod_that_is_being_deleted_has_to_be_gone_first) {
  Cluster cluster(set_of(), 1);
  cluster.settle();
  cluster.on("n1").set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:00Z");
  EXPECT_EQ(cluster.decide().effects.size(), 0u);
  cluster.clear_deleted();
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1");
}

TEST(DaemonSet, An_update_keeps_the_limit) {
  Cluster cluster(set_of(), 4);
  cluster.settle();
  set_image(cluster.set, "agent:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n2=agent:1 n3=agent:1 n4=agent:1");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n2=agent:1 n3=agent:1 n4=agent:1") << "not gone yet";
  cluster.clear_deleted();
  cluster.decide();
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:2 n2=agent:1 n3=agent:1 n4=agent:1") << "not ready yet";
  cluster.settle();
  EXPECT_EQ(cluster.images(), "n1=agent:2 n2=agent:2 n3=agent:2 n4=agent:2");
}

TEST(DaemonSet, A_percentage_is_rounded_up) {
  Cluster cluster(with(set_of(), "updateStrategy", rolling("30%", 0)), 4);
  cluster.settle();
  set_image(cluster.set, "agent:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n3=agent:1 n4=agent:1");
}

TEST(DaemonSet, Old_pods_that_are_of_no_use_go_beyond_the_limit) {
  Cluster cluster(set_of(), 4);
  cluster.settle();
  cluster.make_ready(cluster.on("n2"), "Running", false);
  cluster.make_ready(cluster.on("n3"), "Running", false);
  set_image(cluster.set, "agent:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n4=agent:1");
}

TEST(DaemonSet, New_pods_count_after_the_minimum_time) {
  Cluster cluster(with(set_of(), "minReadySeconds", 10), 2);
  cluster.settle();
  cluster.now += seconds(20);
  set_image(cluster.set, "agent:2");
  cluster.decide();
  cluster.clear_deleted();
  cluster.decide();
  cluster.make_ready(cluster.on("n1"));
  EXPECT_EQ(cluster.decide().wake_at, cluster.now + seconds(10));
  EXPECT_EQ(cluster.images(), "n1=agent:2 n2=agent:1");
  EXPECT_EQ(cluster.status("numberReady"), 2);
  EXPECT_EQ(cluster.status("numberAvailable"), 1);
  cluster.now += seconds(10);
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:2");
}

TEST(DaemonSet, With_a_surge_new_pods_come_first) {
  Cluster cluster(with(set_of(), "updateStrategy", rolling(0, 1)), 3);
  cluster.settle();
  set_image(cluster.set, "agent:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n1=agent:2 n2=agent:1 n3=agent:1");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n1=agent:2 n2=agent:1 n3=agent:1");
  for (auto& [name, pod] : cluster.pods) cluster.make_ready(pod);
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:2 n2=agent:1 n3=agent:1");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "n1=agent:2 n2=agent:2 n3=agent:2");
}

TEST(DaemonSet, With_a_surge_an_ill_old_pod_is_replaced_without_counting) {
  Cluster cluster(with(set_of(), "updateStrategy", rolling(0, 1)), 3);
  cluster.settle();
  cluster.make_ready(cluster.on("n2"), "Running", false);
  cluster.make_ready(cluster.on("n3"), "Running", false);
  set_image(cluster.set, "agent:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n1=agent:2 n2=agent:1 n2=agent:2 n3=agent:1 n3=agent:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n1=agent:2 n2=agent:2 n3=agent:2");
}

TEST(DaemonSet, On_delete_replaces_what_somebody_deletes) {
  Cluster cluster(with(set_of(), "updateStrategy", Value::object({{"type", "OnDelete"}})), 2);
  cluster.settle();
  set_image(cluster.set, "agent:2");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n2=agent:1");
  EXPECT_EQ(cluster.status("updatedNumberScheduled"), 0);
  cluster.on("n2").set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:00Z");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "n1=agent:1 n2=agent:2");
  EXPECT_EQ(cluster.status("updatedNumberScheduled"), 1);
  EXPECT_EQ(cluster.status("observedGeneration"), 2);
}

TEST(DaemonSet, Versions_are_found_again_numbered_and_forgotten) {
  Cluster cluster(with(set_of(), "revisionHistoryLimit", 1), 1);
  cluster.settle();
  const std::string first = cluster.revisions.begin()->first;
  set_image(cluster.set, "agent:2");
  cluster.settle();
  set_image(cluster.set, "agent:1");
  cluster.settle();
  EXPECT_EQ(cluster.revisions.size(), 2u);
  EXPECT_EQ(cluster.revisions.at(first)["revision"].as_int(), 3);
  set_image(cluster.set, "agent:3");
  cluster.settle();
  EXPECT_EQ(cluster.revisions.size(), 2u);
  EXPECT_TRUE(cluster.revisions.contains(first));
}

TEST(DaemonSet, The_status_tells_how_many) {
  Cluster cluster(set_of(), 3);
  cluster.decide();
  EXPECT_EQ(cluster.status("desiredNumberScheduled"), 3);
  EXPECT_EQ(cluster.status("currentNumberScheduled"), 0);
  EXPECT_EQ(cluster.status("numberUnavailable"), 3);
  cluster.settle();
  EXPECT_EQ(cluster.status("currentNumberScheduled"), 3);
  EXPECT_EQ(cluster.status("numberReady"), 3);
  EXPECT_EQ(cluster.status("numberAvailable"), 3);
  EXPECT_TRUE(cluster.set["status"]["numberUnavailable"].is_null());
  EXPECT_EQ(cluster.status("updatedNumberScheduled"), 3);
}

TEST(DaemonSet, One_that_is_being_deleted_does_nothing) {
  Cluster cluster(set_of(), 1);
  cluster.set.set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:00Z");
  EXPECT_EQ(cluster.decide(), control::Decision{});
}

}  // namespace
}  // namespace slipway::workload::daemonset
