// The Deployment controller: gathers an Observation from the caches and decides.
#pragma once

#include "control/controller.h"

namespace slipway::workload::deployment {

class DeploymentController final : public control::Controller {
 public:
  std::string_view name() const override { return "deployment"; }
  const api::Resource& resource() const override { return api::kDeployments; }
  std::vector<control::Watch> watches() const override;
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::deployment
