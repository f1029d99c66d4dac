#include "workload/nodes/controller.h"

#include "api/meta.h"
#include "control/pod.h"
#include "workload/nodes/decide.h"

namespace slipway::workload::nodes {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

constexpr std::string_view kLeaseSpace = "kube-node-lease";

std::vector<ObjectName> node_of_lease(const World&, const Value& lease) {
  if (api::space_of(lease) != kLeaseSpace) return {};
  return {{"", std::string(api::name_of(lease))}};
}

// Pods matter only while their node is in trouble.
std::vector<ObjectName> troubled_node_of_pod(const World& world, const Value& pod) {
  ObjectName node{"", std::string(control::node_of(pod))};
  if (node.name.empty()) return {};
  const Value& ready = api::condition(world.find(api::kNodes, node), "Ready");
  if (ready.is_null() || ready["status"].as_string() == "True") return {};
  return {std::move(node)};
}

}  // namespace

std::vector<control::Watch> NodeController::watches() const {
  return {{api::kLeases, node_of_lease}, {api::kPods, troubled_node_of_pod}};
}

std::optional<control::Decision> NodeController::reconcile(const World& world, const ObjectName& name,
                                                           base::Time now) const {
  const Value& node = world.find(api::kNodes, name);
  if (node.is_null() || api::is_deleting(node)) return std::nullopt;
  Observation seen{.node = node};
  seen.lease = world.find(api::kLeases, {std::string(kLeaseSpace), name.name});
  const control::Fact* fact = world.fact(question_id(node, last_sign(node, seen.lease)));
  seen.confirmed = fact != nullptr;
  const Value& ready = api::condition(node, "Ready");
  const bool fine = (ready.is_null() || ready["status"].as_string() == "True") && !seen.confirmed;
  if (!fine)
    for (const auto& [pod_name, pod] : world.cache(api::kPods).all())
      if (control::node_of(pod) == name.name) seen.pods.push_back(pod);
  return decide(seen, now);
}

}  // namespace slipway::workload::nodes
