#include "workload/pod_garbage/controller.h"

#include "api/meta.h"
#include "control/outside.h"
#include "control/pod.h"

namespace slipway::workload::pod_garbage {

using control::ObjectName;
using control::World;
using data::Value;
using Node = Observation::Node;

namespace {

std::vector<ObjectName> pods_of_lost_node(const World& world, const Value& node) {
  std::vector<ObjectName> names;
  const ObjectName name{"", std::string(api::name_of(node))};
  if (!world.find(api::kNodes, name).is_null()) return names;
  for (const auto& [pod_name, pod] : world.cache(api::kPods).all())
    if (control::node_of(pod) == name.name) names.push_back(pod_name);
  return names;
}

Node look_at_node(const World& world, const Value& pod) {
  if (!world.find(api::kNodes, {"", std::string(control::node_of(pod))}).is_null()) return Node::Present;
  if (world.is_pending(question_id(pod))) return Node::Asked;
  const control::Fact* fact = world.fact(question_id(pod));
  if (fact == nullptr || !fact->answer) return Node::Missing;
  return fact->answer->is_null() ? Node::Gone : Node::Present;
}

}  // namespace

std::string question_id(const Value& pod) { return "pod-garbage/" + std::string(api::uid_of(pod)); }

control::Decision decide(const Observation& seen) {
  control::Decision out;
  const Value& pod = seen.pod;
  const std::string id = question_id(pod);
  const std::string_view node = control::node_of(pod);
  if (seen.node == Node::Missing) {
    out.effects.push_back(control::Forget{id});
    out.effects.push_back(
        control::Ask{.id = id, .port = "object", .question = control::ObjectPort::question(api::kNodes, "", node)});
  } else if (seen.node == Node::Gone) {
    out.effects.push_back(control::Delete{.resource = api::kPods,
                                          .space = std::string(api::space_of(pod)),
                                          .name = std::string(api::name_of(pod)),
                                          .uid = std::string(api::uid_of(pod)),
                                          .grace_seconds = 0});
    out.reasons.push_back({.rule = "pod.node-gone", .text = "Node " + std::string(node) + " does not exist."});
  }
  return out;
}

std::vector<control::Watch> PodGarbageController::watches() const { return {{api::kNodes, pods_of_lost_node}}; }

std::optional<control::Decision> PodGarbageController::reconcile(const World& world, const ObjectName& name,
                                                                 base::Time) const {
  const Value& pod = world.find(api::kPods, name);
  if (pod.is_null() || !decides_about(pod)) return std::nullopt;
  return decide({pod, look_at_node(world, pod)});
}

}  // namespace slipway::workload::pod_garbage
