// The versions of a StatefulSet or DaemonSet, kept as ControllerRevisions: found by the equality of their templates,
// numbered, and forgotten again.
//
// Specification: API reference apps/v1 ControllerRevision; "StatefulSet" and "Perform a Rollback on a DaemonSet" in the
// Kubernetes documentation. `data` is a strategic merge patch that replaces spec.template, the form in which `kubectl
// rollout undo` applies it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::revisions {

// Of pods: which version they were made from. A StatefulSet writes the name of the ControllerRevision, a DaemonSet its
// hash.
inline constexpr std::string_view kPodLabel = "controller-revision-hash";

struct History {
  std::vector<data::Value> known;  // the owner's, oldest first
  data::Value present;             // that of the template as it is now; as it will be when `effects` have made it
  std::vector<control::Effect> effects = {};  // that make or number it
  std::int64_t collisions = 0;                // name clashes so far
  bool waits = false;  // its name is taken by a version of an earlier workload of this name, which is going
};

// `owned`: the owner's own; `in_space`: all of the namespace, whose names are taken. `hash_label`: the label of a
// ControllerRevision that carries its hash. An older version with the same template becomes the newest one again.
History history_of(const data::Value& owner, const api::Resource& resource, std::vector<data::Value> owned,
                   const std::vector<data::Value>& in_space, std::string_view hash_label);

// The pod template that a ControllerRevision brings back.
data::Value template_of(const data::Value& revision);

// Deletes the first `count`, if there are so many.
std::vector<control::Effect> forget(const std::vector<data::Value>& oldest_first, std::int64_t count);

}  // namespace slipway::workload::revisions
