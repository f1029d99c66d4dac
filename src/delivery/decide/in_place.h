// Releasing a workload whose pods are replaced in place: a StatefulSet or a DaemonSet (docs/decisions/0017).
//
// There is one set of pods, and its own controller makes each of them. What this program decides is how many may be of
// the new version:
// - A StatefulSet is held by `spec.updateStrategy.rollingUpdate.partition`, which is out of reach except while pods are
//   to be replaced. Below it the controller makes pods of the version that it calls current, so a pod that is deleted
//   comes back as what it was, and the way back needs no other template.
// - A DaemonSet is held by the update strategy OnDelete, and its pods are deleted here. Its controller knows one
//   template only, so the way back writes that of the stable version into it.
//
// Specification: apps/v1, "Partitioned rolling updates" and "DaemonSet Update Strategy" of the Kubernetes
// documentation; kube-controller-manager 1.34 (pkg/controller/statefulset, pkg/controller/daemon).
#pragma once

#include "delivery/decide/workload.h"

namespace slipway::delivery {

// Nothing is replaced: no ordinal is as large.
inline constexpr std::int64_t kHeldPartition = 2'147'483'647;

const Workload& placed_workload();

}  // namespace slipway::delivery
