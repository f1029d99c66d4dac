// EndpointSlices of a Service: which pods answer for it, and whether they are ready.
//
// Specification: Kubernetes documentation "EndpointSlices", API reference discovery.k8s.io/v1. At most 100 endpoints
// per slice; one set of slices per different list of resolved ports (named target ports may differ between pods).
// Endpoints stay in the slice they are in, and slices with room are filled before new ones are made, so that a change
// of one pod writes one slice.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::endpointslice {

inline constexpr std::size_t kEndpointsPerSlice = 100;
inline constexpr std::string_view kServiceName = "kubernetes.io/service-name";
inline constexpr std::string_view kManagedBy = "endpointslice.kubernetes.io/managed-by";
inline constexpr std::string_view kManager = "endpointslice-controller.k8s.io";

// Time to rest per pod that was looked at.
inline constexpr base::Duration kRestPerPod = base::microseconds(25);

struct Observation {
  data::Value service;
  std::vector<data::Value> pods;                     // that its selector matches, in name order
  std::vector<data::Value> slices;                   // of this Service that are ours, in name order
  std::function<bool(const std::string&)> is_taken;  // is there a slice of this name?
};

control::Decision decide(const Observation& seen, base::Time now);

// The ports of the Service as `pod` serves them: named target ports resolved. Public for tests.
data::Value resolve_ports(const data::Value& service, const data::Value& pod);

}  // namespace slipway::workload::endpointslice
