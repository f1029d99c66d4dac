// The node lifecycle controller.
#pragma once

#include "control/controller.h"

namespace slipway::workload::nodes {

class NodeController final : public control::Controller {
 public:
  std::string_view name() const override { return "node-lifecycle"; }
  const api::Resource& resource() const override { return api::kNodes; }
  std::vector<control::Watch> watches() const override;
  base::Duration min_interval() const override { return base::milliseconds(100); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::nodes
