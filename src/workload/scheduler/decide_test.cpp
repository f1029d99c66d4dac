#include "workload/scheduler/decide.h"

#include <gtest/gtest.h>

#include "api/meta.h"
#include "data/yaml.h"
#include "workload/scheduler/placement.h"

namespace slipway::workload::scheduler {
namespace {

using control::Create;
using control::Decision;
using data::Value;

const base::Time kNow = *base::parse_time("2026-11-23T12:00:00Z");

Value yaml(std::string_view text) { return *data::parse_yaml(text); }

Value pod(std::string_view spec, std::string_view name = "a") {
  Value out = Value::object(
      {{"metadata", Value::object({{"name", name}, {"namespace", "shop"}, {"uid", name}})}, {"spec", yaml(spec)}});
  return out;
}

Room room(std::string_view name, std::string_view cpu, std::string_view extra = "{}") {
  Value node = yaml(extra);
  node.set({"metadata", "name"}, name);
  node.set({"status", "allocatable"}, Value::object({{"cpu", cpu}, {"memory", "8Gi"}, {"pods", "10"}}));
  return {node, allocatable_of(node), {}};
}

// The nodes that the pods went to, in order.
std::vector<std::string> placed(const Decision& decision) {
  std::vector<std::string> nodes;
  for (const control::Effect& effect : decision.effects)
    nodes.push_back(std::get<Create>(effect).object["target"]["name"].str());
  return nodes;
}

using Nodes = std::vector<std::string>;
constexpr const char* kOneCpu = "{containers: [{resources: {requests: {cpu: '1'}}}]}";

TEST(Requests, Are_those_of_containers_or_of_the_greediest_init_container) {
  const Amounts amounts = requests_of(pod(R"(
containers: [{resources: {requests: {cpu: 100m, memory: 1Gi}}}, {resources: {limits: {cpu: 200m}}}]
initContainers: [{resources: {requests: {cpu: 500m}}}, {restartPolicy: Always, resources: {requests: {cpu: 50m}}}]
overhead: {cpu: 10m}
)"));
  EXPECT_EQ(amounts.at("cpu"), 510);
  EXPECT_EQ(amounts.at("memory"), (std::int64_t{1} << 30) * 1000);
  EXPECT_EQ(amounts.at("pods"), 1000);
}

TEST(Placement, Obstacles_are_named) {
  struct Case {
    const char* pod;
    const char* node;
    const char* obstacle;
  };
  const Case cases[] = {
      {"{}", "{}", ""},
      {"{}", "{spec: {unschedulable: true}}", "node(s) were unschedulable"},
      {"{tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]}", "{spec: {unschedulable: true}}",
       ""},
      {"{}", "{spec: {taints: [{key: k, value: v, effect: NoSchedule}]}}", "node(s) had untolerated taint {k: v}"},
      {"{}", "{spec: {taints: [{key: k, value: v, effect: PreferNoSchedule}]}}", ""},
      {"{tolerations: [{key: k, value: v, effect: NoSchedule}]}",
       "{spec: {taints: [{key: k, value: v, effect: NoSchedule}]}}", ""},
      {"{tolerations: [{key: k, value: other}]}", "{spec: {taints: [{key: k, value: v, effect: NoExecute}]}}",
       "node(s) had untolerated taint {k: v}"},
      {"{tolerations: [{operator: Exists}]}", "{spec: {taints: [{key: k, effect: NoExecute}]}}", ""},
      {"{nodeSelector: {disk: ssd}}", "{metadata: {labels: {disk: ssd}}}", ""},
      {"{nodeSelector: {disk: ssd}}", "{metadata: {labels: {disk: hdd}}}",
       "node(s) didn't match Pod's node affinity/selector"},
      {"{}", "{status: {conditions: [{type: Ready, status: Unknown}]}}", "node(s) were not ready"},
      {"{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
       "[{matchExpressions: [{key: zone, operator: In, values: [a, b]}]}]}}}}",
       "{metadata: {labels: {zone: b}}}", ""},
      {"{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
       "[{matchExpressions: [{key: cores, operator: Gt, values: ['8']}]}]}}}}",
       "{metadata: {labels: {cores: '4'}}}", "node(s) didn't match Pod's node affinity/selector"},
  };
  for (const Case& c : cases) EXPECT_EQ(obstacle(pod(c.pod), yaml(c.node)), c.obstacle) << c.pod << " on " << c.node;
}

TEST(Scheduler, Goes_where_there_is_most_room) {
  EXPECT_EQ(placed(decide({pod(kOneCpu), {}, {room("n1", "2"), room("n2", "4"), room("n3", "3")}}, kNow)), Nodes{"n2"});
}

TEST(Scheduler, Spreads_pods_of_one_controller) {
  Room crowded = room("n1", "8");
  crowded.pods_of["rs"] = 2;
  Value owned = pod(kOneCpu);
  owned.set({"metadata", "ownerReferences"}, Value::array({Value::object({{"uid", "rs"}, {"controller", true}})}));
  EXPECT_EQ(placed(decide({owned, {}, {crowded, room("n2", "2")}}, kNow)), Nodes{"n2"});
}

TEST(Scheduler, A_batch_never_takes_room_twice) {
  std::vector<Value> others;
  for (const char* name : {"b", "c", "d", "e"}) others.push_back(pod(kOneCpu, name));
  const Decision decision = decide({pod(kOneCpu), others, {room("n1", "2"), room("n2", "1")}}, kNow);
  EXPECT_EQ(placed(decision), (Nodes{"n1", "n2", "n1"}));
  EXPECT_TRUE(decision.status.is_null());
}

TEST(Scheduler, Says_why_nothing_fits_and_looks_again) {
  const Decision decision = decide(
      {pod(kOneCpu), {}, {room("n1", "500m"), room("n2", "8", "{spec: {unschedulable: true}}"), room("n3", "100m")}},
      kNow);
  EXPECT_TRUE(decision.effects.empty());
  EXPECT_EQ(decision.status["conditions"].at(0)["message"].as_string(),
            "0/3 nodes are available: 2 Insufficient cpu, 1 node(s) were unschedulable.");
  EXPECT_EQ(decision.wake_at, kNow + base::seconds(1));
  Value waiting = pod(kOneCpu);
  waiting.set("status", decision.status);
  const Decision again =
      decide({waiting, {}, {room("n1", "500m"), room("n2", "8", "{spec: {unschedulable: true}}"), room("n3", "100m")}},
             kNow + base::seconds(60));
  EXPECT_EQ(again.status, waiting["status"]) << "nothing new, nothing to write";
  EXPECT_EQ(again.wake_at, kNow + base::seconds(75));
}

TEST(Scheduler, Leaves_alone_what_is_not_its_own) {
  EXPECT_TRUE(is_pending(pod("{}")));
  EXPECT_FALSE(is_pending(pod("{nodeName: n1}")));
  EXPECT_FALSE(is_pending(pod("{schedulerName: other}")));
  EXPECT_FALSE(is_pending(pod("{schedulingGates: [{name: wait}]}")));
}

}  // namespace
}  // namespace slipway::workload::scheduler
