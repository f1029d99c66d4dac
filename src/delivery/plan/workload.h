// The kinds of workloads that a Release can release, and what each of them can do: the table of docs/support-matrix.md.
//
// Specification: apps/v1. A Deployment makes a ReplicaSet for each version, so that two versions can stand side by
// side. A StatefulSet and a DaemonSet have one set of pods, whose template is exchanged under them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "data/value.h"

namespace slipway::delivery::plan {

enum class WorkloadKind { Deployment, StatefulSet, DaemonSet };
std::string_view to_text(WorkloadKind kind);  // as in spec.target.kind
std::optional<WorkloadKind> workload_kind_of(std::string_view kind);
const std::vector<WorkloadKind>& all_workload_kinds();
const api::Resource& resource_of(WorkloadKind kind);

// spec.target.kind; what is not known counts as a Deployment.
WorkloadKind target_kind_of(const data::Value& release);

// Pods are replaced in place: the versions are told apart by their label controller-revision-hash.
inline bool is_in_place(WorkloadKind kind) { return kind != WorkloadKind::Deployment; }

}  // namespace slipway::delivery::plan
