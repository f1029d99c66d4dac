// Removes pods whose node does not exist any more: nobody else would ever finish them. The API is asked first, since
// the caches of pods and nodes are not equally fresh.
#pragma once

#include "control/controller.h"

namespace slipway::workload::pod_garbage {

struct Observation {
  enum class Node { Present, Missing, Asked, Gone };
  data::Value pod;
  Node node = Node::Present;
};

std::string question_id(const data::Value& pod);
control::Decision decide(const Observation& seen);

class PodGarbageController final : public control::Controller {
 public:
  std::string_view name() const override { return "pod-garbage-collector"; }
  const api::Resource& resource() const override { return api::kPods; }
  std::vector<control::Watch> watches() const override;
  bool decides_about(const data::Value& pod) const override { return !pod["spec"]["nodeName"].is_empty(); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::pod_garbage
