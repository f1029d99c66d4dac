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

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// Nothing is replaced: no ordinal is as large.
inline constexpr std::int64_t kHeldPartition = 2'147'483'647;

// The one version that all pods have, when the workload has come to rest; null: it has not.
const Version* settled_in_place(const Turn& turn);
// The workload's controller makes pods of this version wherever nothing is to be replaced.
bool is_current_in_place(const Turn& turn, const Version& version);
// What its template and its controller's records say of a version.
Revision revision_in_place(const Turn& turn, const Version& version);

// Keeps the workload's own controller from replacing pods, and says so where its users look.
void hold_in_place(Turn& turn);
// Gives it its own update strategy back. Done: it has it.
Reach free_in_place(Turn& turn);
// It stays held, and `why` says so on it.
void leave_held_in_place(Turn& turn, const std::string& why);

// As many pods of the candidate as the step asks for; Done when they are available.
Reach reach_in_place(Turn& turn, const plan::Scale& scale);
// The workload counts the candidate as its own from now on.
Reach promote_in_place(Turn& turn);
// Every pod is of the stable version again. Done as well where there is no way back by pods: another version is asked
// for already, and its release replaces whatever is there.
Reach back_in_place(Turn& turn, Retreat& retreat);

}  // namespace slipway::delivery
