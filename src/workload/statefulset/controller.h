// The StatefulSet controller: gathers an Observation from the caches and decides.
#pragma once

#include "control/controller.h"

namespace slipway::workload::statefulset {

class StatefulSetController final : public control::Controller {
 public:
  std::string_view name() const override { return "statefulset"; }
  const api::Resource& resource() const override { return api::kStatefulSets; }
  std::vector<control::Watch> watches() const override;
  base::Duration min_interval() const override { return base::milliseconds(5); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::statefulset
