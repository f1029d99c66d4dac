// Which ReplicaSets belong to a Deployment: adopts matching ones without a controller, releases its own that match no
// more.
#pragma once

#include <functional>
#include <vector>

#include "control/controller.h"
#include "control/decision.h"
#include "data/selector.h"
#include "data/value.h"

namespace slipway::workload {

struct Claim {
  std::vector<data::Value> owned;        // controlled by the owner, and matching
  std::vector<control::Effect> effects;  // that adopt and release others
};

// Sorts `candidates` (of one kind and namespace) for `owner`. A deleting owner adopts nothing; a deleting candidate is
// neither adopted nor released. Works for ReplicaSets of a Deployment and for pods of a ReplicaSet alike. `fits`: what
// an object needs beside the labels; what does not fit is treated as one that does not match.
Claim claim(const data::Value& owner, const api::Resource& owner_resource, const data::LabelSelector& selector,
            const std::vector<data::Value>& candidates, const api::Resource& resource,
            const std::function<bool(const data::Value&)>& fits = {});

// Affected by a change of a claimed kind: its controller when that is of kind `owner`; for an object without a
// controller, all owners of the namespace whose selector matches it.
std::function<std::vector<control::ObjectName>(const control::World&, const data::Value&)> claimants_of(
    api::Resource owner);

}  // namespace slipway::workload
