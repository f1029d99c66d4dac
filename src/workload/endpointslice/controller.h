// The EndpointSlice controller: decides about Services with a selector.
#pragma once

#include "control/controller.h"

namespace slipway::workload::endpointslice {

class EndpointSliceController final : public control::Controller {
 public:
  std::string_view name() const override { return "endpointslice"; }
  const api::Resource& resource() const override { return api::kServices; }
  std::vector<control::Watch> watches() const override;
  base::Duration min_interval() const override { return base::milliseconds(5); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;
};

}  // namespace slipway::workload::endpointslice
