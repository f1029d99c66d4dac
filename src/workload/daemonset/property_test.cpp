// Random worlds: whatever users, nodes and crashes do, no node has too many pods, and an update keeps its limits.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "workload/daemonset/test_daemons.h"
#include "workload/revisions/history.h"

namespace slipway::workload::daemonset {
namespace {

using base::seconds;
using control::Create;
using control::Delete;
using data::Value;
using testing::Cluster;
using testing::rolling;
using testing::set_image;
using testing::set_of;

int pick(int from, int to) { return *rc::gen::inRange(from, to); }

bool is_available(const Cluster& cluster, const Value& pod) {
  return control::is_active(pod) && control::is_available(pod, control::min_ready_of(cluster.set), cluster.now);
}

// Pods that run or will run, by node.
std::map<std::string, std::vector<Value>> places(const Cluster& cluster) {
  std::map<std::string, std::vector<Value>> out;
  for (const auto& [name, node] : cluster.nodes) out[name];
  for (const auto& [name, pod] : cluster.pods)
    if (control::is_active(pod)) out[std::string(target_of(pod))].push_back(pod);
  return out;
}

// Nodes that want a pod and have one that is available.
std::int64_t served(const Cluster& cluster) {
  std::int64_t count = 0;
  for (const auto& [name, pods] : places(cluster))
    if (cluster.nodes.contains(name) && wish_of(cluster.set, cluster.nodes.at(name)).run)
      count += std::ranges::any_of(pods, [&](const Value& pod) { return is_available(cluster, pod); });
  return count;
}

std::int64_t wanted(const Cluster& cluster) {
  return std::ranges::count_if(cluster.nodes, [&](const auto& node) { return wish_of(cluster.set, node.second).run; });
}

// A user was faster than an update: of two old pods the older one stays, whichever is of more use.
bool has_two_of_a_kind(const Cluster& before, const Cluster& after) {
  const auto newest = std::ranges::max_element(after.revisions, {},
                                               [](const auto& entry) { return entry.second["revision"].as_int(); });
  const std::string_view hash = newest == after.revisions.end() ? "" : api::label(newest->second, revisions::kPodLabel);
  return std::ranges::any_of(places(before), [&](const auto& place) {
    const auto fresh = std::ranges::count_if(
        place.second, [&](const Value& pod) { return api::label(pod, revisions::kPodLabel) == hash; });
    return fresh > 1 || static_cast<std::int64_t>(place.second.size()) - fresh > 1;
  });
}

void judge(const Cluster& before, const Cluster& after, const control::Decision& decision) {
  const Value& amounts = before.set["spec"]["updateStrategy"]["rollingUpdate"];
  const bool surges = amounts["maxSurge"].as_int() > 0;
  for (const control::Effect& effect : decision.effects) {
    const auto* create = std::get_if<Create>(&effect);
    if (create == nullptr || create->resource != api::kPods) continue;
    const std::string node(target_of(create->object));
    RC_ASSERT(wish_of(before.set, before.nodes.at(node)).run);
    const std::size_t there = places(before)[node].size();
    RC_ASSERT(there <= (surges ? 1u : 0u));
  }
  // What is lost by us is lost within the limit.
  const std::int64_t lost = served(before) - served(after);
  if (surges)
    RC_ASSERT(lost <= 0 || has_two_of_a_kind(before, after));
  else if (lost > 0)
    RC_ASSERT(wanted(before) - served(after) <= std::max<std::int64_t>(1, amounts["maxUnavailable"].as_int()));
}

void nodes_act(Cluster& cluster) {
  for (auto& [name, pod] : cluster.pods) {
    const int what = pick(0, 10);
    if (api::is_deleting(pod) || control::is_terminal(pod)) continue;
    if (what < 5) cluster.make_ready(pod);
    if (what == 5) cluster.make_ready(pod, "Running", false);
    if (what == 6) cluster.make_ready(pod, pick(0, 2) == 0 ? "Failed" : "Succeeded", false);
    if (what == 7) pod.set({"metadata", "deletionTimestamp"}, base::format_time(cluster.now));
  }
  if (pick(0, 2) == 0) cluster.clear_deleted();
}

void user_acts(Cluster& cluster) {
  const std::string node = "n" + std::to_string(pick(1, 6));
  switch (pick(0, 5)) {
    case 0:
      return set_image(cluster.set, "agent:" + std::to_string(pick(1, 4)));
    case 1:
      return cluster.add_node(node);
    case 2:
      if (cluster.nodes.contains(node)) cluster.taint(node, "mine", pick(0, 2) == 0 ? "NoSchedule" : "NoExecute");
      return;
    case 3:
      if (cluster.nodes.contains(node)) cluster.nodes.at(node).erase({"spec", "taints"});
      return;
    default:
      return;
  }
}

RC_GTEST_PROP(DaemonSetWorld, Keeps_its_limits_and_comes_to_rest, ()) {
  Cluster cluster(set_of(), pick(0, 6));
  const int amount = pick(1, 4);
  const int kind = pick(0, 3);
  if (kind == 0) cluster.set.set({"spec", "updateStrategy"}, rolling(0, amount));
  if (kind == 1) cluster.set.set({"spec", "updateStrategy"}, rolling(amount, 0));
  if (kind == 2) cluster.set.set({"spec", "updateStrategy"}, Value::object({{"type", "OnDelete"}}));
  if (pick(0, 3) == 0) cluster.set.set({"spec", "minReadySeconds"}, 5);
  for (int round = 0; round < 40; ++round) {
    const Cluster before = cluster;
    const bool crashes = pick(0, 8) == 0;
    const control::Decision decision = cluster.decide(crashes ? static_cast<std::size_t>(pick(0, 3)) : Cluster::kAll);
    judge(before, cluster, decision);
    nodes_act(cluster);
    if (pick(0, 3) == 0) user_acts(cluster);
    cluster.now += seconds(pick(0, 4));
  }
  if (kind == 2) cluster.set.set({"spec", "updateStrategy"}, rolling(1, 0));
  cluster.set.set({"spec", "minReadySeconds"}, 0);
  cluster.now += 2 * kLongestBackoff;
  cluster.settle();
  const std::string image = cluster.set["spec"]["template"]["spec"]["containers"].at(0)["image"].str();
  for (const auto& [name, pods] : places(cluster)) {
    const NodeWish wish = wish_of(cluster.set, cluster.nodes.at(name));
    RC_ASSERT(pods.size() <= 1u);
    RC_ASSERT(!wish.run || pods.size() == 1u);
    RC_ASSERT(wish.keep || pods.empty());
    if (wish.run) RC_ASSERT(pods[0]["spec"]["containers"].at(0)["image"].as_string() == image);
  }
  RC_ASSERT(cluster.status("numberAvailable") == wanted(cluster));
}

}  // namespace
}  // namespace slipway::workload::daemonset
