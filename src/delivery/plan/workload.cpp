#include "delivery/plan/workload.h"

#include "base/error.h"

namespace slipway::delivery::plan {

std::string_view to_text(WorkloadKind kind) { return resource_of(kind).kind; }

const std::vector<WorkloadKind>& all_workload_kinds() {
  using enum WorkloadKind;
  static const std::vector<WorkloadKind> all = {Deployment, StatefulSet, DaemonSet};
  return all;
}

std::optional<WorkloadKind> workload_kind_of(std::string_view kind) {
  for (const WorkloadKind each : all_workload_kinds())
    if (to_text(each) == kind) return each;
  return std::nullopt;
}

const api::Resource& resource_of(WorkloadKind kind) {
  switch (kind) {
    case WorkloadKind::Deployment:
      return api::kDeployments;
    case WorkloadKind::StatefulSet:
      return api::kStatefulSets;
    case WorkloadKind::DaemonSet:
      return api::kDaemonSets;
  }
  base::bug("unknown kind of workload", __FILE__, __LINE__);
}

WorkloadKind target_kind_of(const data::Value& release) {
  return workload_kind_of(release["spec"]["target"]["kind"].as_string("Deployment")).value_or(WorkloadKind::Deployment);
}

}  // namespace slipway::delivery::plan
