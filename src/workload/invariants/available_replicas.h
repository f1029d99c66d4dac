// Safety: a rolling update never makes fewer replicas available than replicas - maxUnavailable.
//
// Looks at the sizes that a Deployment's decision gives to its ReplicaSets. A set keeps at least the smaller of its
// size and its available replicas, since a ReplicaSet removes unavailable pods first. Where fewer are available
// already, a decision may not take more. Not judged: strategy Recreate, and the proportional scaling after somebody has
// changed spec.replicas, which takes available replicas by request.
#pragma once

#include "control/invariant.h"

namespace slipway::workload {

class AvailableReplicas final : public control::Invariant {
 public:
  std::string_view name() const override { return "available-replicas"; }
  std::optional<control::Violation> check(const control::World& world, const control::Controller& controller,
                                          const control::ObjectName& name, const control::Decision& decision,
                                          base::Time now) const override;
};

}  // namespace slipway::workload
