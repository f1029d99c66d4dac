// The controllers of this module together, against the real API server in memory, in virtual time, with modelled pods.
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "api/meta.h"
#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "control/pod.h"
#include "control/runner.h"
#include "data/yaml.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"
#include "workload/controllers.h"

namespace slipway::workload {
namespace {

using base::minutes;
using base::seconds;
using client::Request;
using client::Verb;
using control::ObjectName;
using data::Value;

// Stands for a node agent: pods become ready some time after they were bound and are gone some time after they were
// deleted.
class Kubelet {
 public:
  Kubelet(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::string node)
      : api_(api), loop_(loop), node_(std::move(node)), pods_(api, loop, random, api::kPods) {}

  void start(std::string cpu = "64") {
    const Value resources = Value::object({{"cpu", cpu}, {"memory", "64Gi"}, {"pods", "110"}});
    const Value node =
        Value::object({{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", Value::object({{"name", node_}})}});
    api_.call({.verb = Verb::Create, .resource = api::kNodes, .body = node}, [this, resources](client::Answer) {
      const Value ready = Value::object({{"type", "Ready"}, {"status", "True"}, {"reason", "KubeletReady"}});
      api_.call({.verb = Verb::Patch,
                 .resource = api::kNodes,
                 .name = node_,
                 .subresource = "status",
                 .body = Value::object(
                     {{"status", Value::object({{"allocatable", resources}, {"conditions", Value::array({ready})}})}})},
                [](client::Answer) {});
    });
    beat();
    pods_.add_listener([this](const Value&, const Value& pod) { changed(pod); });
    pods_.start();
  }
  void die() { dead_ = true; }
  void revive() {
    dead_ = false;
    beat();
    for (const auto& [name, pod] : pods_.all()) changed(pod);
  }

  std::set<std::string> broken_images;  // never become ready

 private:
  void beat() {
    if (dead_) return;
    const Value lease = Value::object({{"apiVersion", "coordination.k8s.io/v1"},
                                       {"kind", "Lease"},
                                       {"metadata", Value::object({{"name", node_}, {"namespace", "kube-node-lease"}})},
                                       {"spec", Value::object({{"renewTime", base::format_micro_time(loop_.now())}})}});
    api_.call({.verb = Verb::Patch,
               .resource = api::kLeases,
               .space = "kube-node-lease",
               .name = node_,
               .body = lease,
               .patch_type = client::PatchType::Apply,
               .field_manager = "kubelet",
               .force = true},
              [](client::Answer) {});
    heart_ = loop_.after(seconds(10), [this] { beat(); });
  }

  void changed(const Value& pod) {
    if (dead_ || control::node_of(pod) != node_) return;
    const std::string uid(api::uid_of(pod));
    const ObjectName name{std::string(api::space_of(pod)), std::string(api::name_of(pod))};
    if (api::is_deleting(pod)) {
      if (!timers_[uid].second)
        timers_[uid] = {loop_.after(seconds(1), [this, name, uid] { remove(name, uid); }), true};
    } else if (!timers_.contains(uid)) {
      timers_[uid] = {loop_.after(seconds(2), [this, name, uid] { run(name, uid); }), false};
    }
  }

  void run(const ObjectName& name, const std::string& uid) {
    if (dead_) return;
    const Value& pod = pods_.find(name);
    const bool broken = broken_images.contains(pod["spec"]["containers"].at(0)["image"].str());
    Value status =
        Value::object({{"phase", "Running"}, {"podIP", "10.244.0." + std::to_string(++addresses_ % 250 + 1)}});
    for (const char* type : {"PodScheduled", "Ready"})
      api::set_condition(status, type, broken && std::string_view(type) == "Ready" ? "False" : "True", "", "",
                         loop_.now());
    api_.call({.verb = Verb::Patch,
               .resource = api::kPods,
               .space = name.space,
               .name = name.name,
               .subresource = "status",
               .body = Value::object({{"metadata", Value::object({{"uid", uid}})}, {"status", status}})},
              [](client::Answer) {});
  }

  void remove(const ObjectName& name, const std::string& uid) {
    if (dead_) return;
    Value options = Value::object({{"gracePeriodSeconds", 0}, {"preconditions", Value::object({{"uid", uid}})}});
    api_.call({.verb = Verb::Delete, .resource = api::kPods, .space = name.space, .name = name.name, .body = options},
              [](client::Answer) {});
  }

  client::ApiClient& api_;
  runtime::Loop& loop_;
  std::string node_;
  client::Cache pods_;
  std::map<std::string, std::pair<runtime::Timer, bool>> timers_;  // by uid; true: is being removed
  runtime::Timer heart_;
  bool dead_ = false;
  int addresses_ = 0;
};

class World : public ::testing::Test {
 protected:
  World() {
    server.start();
    for (auto& controller : make_controllers(builtin_kinds())) runner.add(std::move(controller));
    for (auto& invariant : make_invariants()) runner.add_invariant(std::move(invariant));
    kubelet.start();
    runner.start();
  }

  Value call(Request request) {
    std::optional<client::Answer> answer;
    user.call(std::move(request), [&answer](client::Answer a) { answer = std::move(a); });
    loop.run_until([&] { return answer.has_value(); }, seconds(5));
    EXPECT_TRUE(answer.has_value());
    EXPECT_TRUE(*answer) << (*answer ? "" : answer->error().message);
    return answer->value_or(Value());
  }
  Value create(const api::Resource& resource, std::string_view yaml) {
    Value object = *data::parse_yaml(yaml);
    return call(
        {.verb = Verb::Create, .resource = resource, .space = std::string(api::space_of(object)), .body = object});
  }
  Value patch(const api::Resource& resource, std::string name, std::string_view yaml, std::string subresource = "") {
    return call({.verb = Verb::Patch,
                 .resource = resource,
                 .space = resource.namespaced ? "shop" : "",
                 .name = std::move(name),
                 .subresource = std::move(subresource),
                 .body = *data::parse_yaml(yaml)});
  }
  void erase(const api::Resource& resource, std::string name, std::string propagation = "Background") {
    call({.verb = Verb::Delete,
          .resource = resource,
          .space = resource.namespaced ? "shop" : "",
          .name = std::move(name),
          .body = Value::object({{"propagationPolicy", propagation}})});
  }
  Value find(const api::Resource& resource, const std::string& name) const {
    const auto entry = store->published()->find({resource.qualified(), resource.namespaced ? "shop" : "", name});
    return entry ? entry->object : Value();
  }
  std::vector<Value> all(const api::Resource& resource) const {
    std::vector<Value> objects;
    store->published()->scan(resource.qualified(), resource.namespaced ? "shop" : "", nullptr,
                             [&](const store::EntryPtr& entry) {
                               objects.push_back(entry->object);
                               return true;
                             });
    return objects;
  }
  bool until(const std::function<bool()>& done, base::Duration limit = minutes(5)) {
    return loop.run_until(done, limit);
  }

  void create_shop() { create(api::kNamespaces, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"); }
  void create_web(int replicas, std::string_view extra = "") {
    create_shop();
    create(api::kDeployments, R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: )" + std::to_string(replicas) +
                                  R"(
  selector: {matchLabels: {app: web}}
)" + std::string(extra) + R"(
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{name: http, containerPort: 8080}]}]}
)");
  }
  void set_image(std::string_view image) {
    call({.verb = Verb::Patch,
          .resource = api::kDeployments,
          .space = "shop",
          .name = "web",
          .body = *data::parse_yaml("{spec: {template: {spec: {containers: [{name: web, image: \"" +
                                    std::string(image) + "\"}]}}}}"),
          .patch_type = client::PatchType::Strategic});
  }
  // Every replica is of this image, ready, and the Deployment knows it.
  bool rolled_out(std::string_view image, std::int64_t replicas) const {
    const Value web = find(api::kDeployments, "web");
    const Value& status = web["status"];
    if (status["observedGeneration"].as_int() != api::generation_of(web)) return false;
    if (status["updatedReplicas"].as_int() != replicas || status["replicas"].as_int() != replicas) return false;
    if (status["availableReplicas"].as_int() != replicas) return false;
    std::int64_t ready = 0;
    for (const Value& pod : all(api::kPods)) {
      if (!control::is_active(pod)) continue;
      if (pod["spec"]["containers"].at(0)["image"].as_string() != image || !control::is_ready(pod)) return false;
      ++ready;
    }
    return ready == replicas;
  }
  std::int64_t available() const {
    std::int64_t count = 0;
    for (const Value& pod : all(api::kPods)) count += control::is_active(pod) && control::is_ready(pod);
    return count;
  }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{7};
  std::unique_ptr<store::Store> store = store::make_memory_store(loop);
  apiserver::ApiServer server{*store, loop, random};
  apiserver::LocalClient user{server, loop, {.user = "admin", .groups = {"system:masters"}}};
  apiserver::LocalClient part{server, loop, apiserver::part_identity(apiserver::kControllerUser)};
  control::AlwaysLeader leader;
  control::Runner runner{part, loop, random, leader};
  Kubelet kubelet{user, loop, random, "node-1"};
};

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
}  // namespace slipway::workload
