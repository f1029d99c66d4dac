// The controller of PersistentVolumeClaims: gathers an Observation from the caches and decides.
#pragma once

#include "control/controller.h"

namespace slipway::workload::claims {

class ClaimController final : public control::Controller {
 public:
  std::string_view name() const override { return "claims"; }
  const api::Resource& resource() const override { return api::kPersistentVolumeClaims; }
  std::vector<control::Watch> watches() const override;
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::claims
