// Versions and pods of a workload whose pods are replaced in place: a StatefulSet or a DaemonSet.
//
// Its controller writes every template that it has seen into a ControllerRevision, and which one a pod has into the
// pod's label controller-revision-hash: the name of the revision (StatefulSet), or that without the workload's name
// (DaemonSet). Versions carry the short form here.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "control/controller.h"
#include "delivery/observation.h"

namespace slipway::delivery {

inline constexpr std::string_view kRevisionHashLabel = "controller-revision-hash";

// Fills in what differs: versions and placed.
void observe_in_place(const control::World& world, Observation& o, base::Time now);

// Identity of a pod template as objects of different kinds hold it: fields without a value do not count.
std::string placed_template_hash(const data::Value& pod_template);
// The same of what a ControllerRevision of such a workload holds; empty when it holds none.
std::string revision_template_hash(const data::Value& controller_revision);
// Where the caches keep it (kept.h), instead of the template.
inline constexpr std::string_view kKeptTemplateHash = "templateHash";

}  // namespace slipway::delivery
