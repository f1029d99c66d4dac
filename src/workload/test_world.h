// The controllers of this module against the real API server in memory, in virtual time, with modelled nodes: for
// tests.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

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

namespace slipway::workload::testing {

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

}  // namespace slipway::workload::testing
