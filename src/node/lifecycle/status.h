// A pod's status from its record. Pure.
//
// Specification: PodStatus in the API reference; conditions in the order PodScheduled, PodReadyToStartContainers,
// Initialized, ContainersReady, Ready. Conditions of others (readiness gates) are not part of the result: the agent's
// patch merges by type.
#pragma once

#include <string_view>
#include <vector>

#include "data/value.h"
#include "node/lifecycle/record.h"

namespace slipway::node::lifecycle {

enum class Outcome { Open, Succeeded, Failed };

// Has the pod come to its end: nothing runs and nothing will start again?
Outcome outcome_of(const data::Value& pod, const PodRecord& record);
bool init_done(const data::Value& pod, const PodRecord& record);

// {"exitCode","reason","startedAt","finishedAt","containerID", ...} of a run that ended.
data::Value terminated_value(const ContainerRecord& c);
data::Value status_of(const data::Value& pod, const PodRecord& record, const Clock& clock);
// Guaranteed, Burstable or BestEffort.
std::string_view qos_class(const data::Value& pod);

// The strategic merge patch that brings it about: what a condition no longer says must be taken away by name.
data::Value patch_of(data::Value status);
// Would a patch with `status` change the pod? Conditions compare by type.
bool changes(const data::Value& pod, const data::Value& status);

}  // namespace slipway::node::lifecycle
