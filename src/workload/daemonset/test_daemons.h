// A DaemonSet with nodes and pods for tests: carries decisions out at once.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/meta.h"
#include "control/pod.h"
#include "workload/daemonset/decide.h"
#include "workload/daemonset/pods.h"
#include "workload/test_objects.h"

namespace slipway::workload::daemonset::testing {

using data::Value;

inline Value rolling(Value unavailable, Value surge) {
  const Value amounts = Value::object({{"maxUnavailable", std::move(unavailable)}, {"maxSurge", std::move(surge)}});
  return Value::object({{"type", "RollingUpdate"}, {"rollingUpdate", amounts}});
}

inline Value set_of(std::string_view image = "agent:1") {
  const Value labels = Value::object({{"app", "agent"}});
  const Value container = Value::object({{"name", "agent"}, {"image", image}});
  const Value pod_template = Value::object({{"metadata", Value::object({{"labels", labels}})},
                                            {"spec", Value::object({{"containers", Value::array({container})}})}});
  return Value::object(
      {{"apiVersion", "apps/v1"},
       {"kind", "DaemonSet"},
       {"metadata", Value::object({{"name", "agent"}, {"namespace", "shop"}, {"uid", "set-1"}, {"generation", 1}})},
       {"spec", Value::object({{"updateStrategy", rolling(1, 0)},
                               {"revisionHistoryLimit", 10},
                               {"selector", Value::object({{"matchLabels", labels}})},
                               {"template", pod_template}})}});
}

using workload::testing::set_image;

class Cluster : public workload::testing::Objects {
 public:
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  explicit Cluster(Value set, int nodes = 0) : set(std::move(set)) {
    for (int i = 1; i <= nodes; ++i) add_node("n" + std::to_string(i));
  }

  Value set;
  std::map<std::string, Value> nodes;
  control::Decision last;

  void add_node(const std::string& name) {
    nodes[name] = Value::object({{"metadata", Value::object({{"name", name}})}, {"spec", Value::object()}});
  }
  void taint(const std::string& node, std::string_view key, std::string_view effect) {
    nodes.at(node).set({"spec", "taints"}, Value::array({Value::object({{"key", key}, {"effect", effect}})}));
  }

  // A crash loses what comes after the first `effects` of them, and the status.
  control::Decision decide(std::size_t effects = kAll) {
    Observation seen{.set = set, .nodes = {}, .pods = {}, .revisions = {}, .is_taken = [this](const std::string& name) {
                       return pods.contains(name);
                     }};
    for (const auto& [name, node] : nodes) seen.nodes.push_back(node);
    for (const auto& [name, pod] : pods) seen.pods.push_back(pod);
    for (const auto& [name, revision] : revisions) seen.revisions.push_back(revision);
    last = daemonset::decide(seen, now);
    for (std::size_t i = 0; i < std::min(effects, last.effects.size()); ++i) carry_out(last.effects[i]);
    if (effects == kAll && !last.status.is_null()) set.set("status", last.status);
    return last;
  }

  // The scheduler and the nodes do what they have to.
  void place(Value& pod) {
    if (control::node_of(pod).empty()) pod.set({"spec", "nodeName"}, target_of(pod));
  }
  void make_ready(Value& pod, std::string_view phase = "Running", bool ready = true) {
    place(pod);
    pod.set({"status", "phase"}, phase);
    api::set_condition(pod.member("status"), "Ready", ready ? "True" : "False", "", "", now);
  }
  void clear_deleted() {
    std::erase_if(pods, [](const auto& entry) { return api::is_deleting(entry.second); });
  }
  void settle() {
    for (int round = 0; round < 1000; ++round) {
      const std::map<std::string, Value> before = pods;
      const Value status = set["status"];
      decide();
      clear_deleted();
      for (auto& [name, pod] : pods)
        if (!control::is_ready(pod) && !control::is_terminal(pod)) make_ready(pod);
      if (pods == before && set["status"] == status && last.effects.empty()) return;
    }
    ADD_FAILURE() << "it never comes to rest";
  }
  Value& on(std::string_view node) {
    for (auto& [name, pod] : pods)
      if (target_of(pod) == node && !api::is_deleting(pod)) return pod;
    ADD_FAILURE() << "no pod for " << node;
    return pods.begin()->second;
  }
  // "n1=agent:1 n2=agent:2", sorted; those that are not being deleted.
  std::string images() const {
    std::multiset<std::string> all;
    for (const auto& [name, pod] : pods)
      if (!api::is_deleting(pod))
        all.insert(std::string(target_of(pod)) + "=" + pod["spec"]["containers"].at(0)["image"].str());
    std::string text;
    for (const std::string& each : all) text += (text.empty() ? "" : " ") + each;
    return text;
  }
  std::int64_t status(std::string_view field) const { return set["status"][field].as_int(); }
};

}  // namespace slipway::workload::daemonset::testing
