// The scheduler: decides about pending pods, one decision at a time, since pods compete for room.
#pragma once

#include "control/controller.h"

namespace slipway::workload::scheduler {

class SchedulerController final : public control::Controller {
 public:
  std::string_view name() const override { return "scheduler"; }
  const api::Resource& resource() const override { return api::kPods; }
  std::vector<control::Watch> watches() const override;
  bool decides_about(const data::Value& pod) const override;
  bool competes() const override { return true; }
  base::Duration min_interval() const override { return base::milliseconds(2); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::scheduler
