// The DaemonSet controller: gathers an Observation from the caches and decides.
#pragma once

#include "control/controller.h"

namespace slipway::workload::daemonset {

class DaemonSetController final : public control::Controller {
 public:
  std::string_view name() const override { return "daemonset"; }
  const api::Resource& resource() const override { return api::kDaemonSets; }
  std::vector<control::Watch> watches() const override;
  base::Duration min_interval() const override { return base::milliseconds(5); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::daemonset
