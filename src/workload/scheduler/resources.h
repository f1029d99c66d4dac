// Amounts of cpu, memory, pods and other resources: what pods request and what nodes have.
//
// Specification: Kubernetes documentation "Resource Management for Pods and Containers", "Init Containers" (resource
// sharing).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "data/value.h"

namespace slipway::workload::scheduler {

// Thousandths, by resource name. A resource that is not named is 0.
using Amounts = std::map<std::string, std::int64_t, std::less<>>;

// The larger of all containers together and the greediest init container (one that keeps running counts as a
// container), plus the pod's overhead; and one of "pods". A limit stands in for a missing request.
Amounts requests_of(const data::Value& pod);
Amounts allocatable_of(const data::Value& node);
void add(Amounts& to, const Amounts& more);

}  // namespace slipway::workload::scheduler
