#include "workload/controllers.h"

#include <algorithm>

#include "api/scheme.h"
#include "control/invariants/preconditions.h"
#include "workload/claims/controller.h"
#include "workload/daemonset/controller.h"
#include "workload/deployment/controller.h"
#include "workload/endpointslice/controller.h"
#include "workload/garbage/controller.h"
#include "workload/invariants/available_replicas.h"
#include "workload/namespaces/controller.h"
#include "workload/nodes/controller.h"
#include "workload/pod_garbage/controller.h"
#include "workload/replicaset/controller.h"
#include "workload/scheduler/controller.h"
#include "workload/statefulset/controller.h"

namespace slipway::workload {

std::vector<api::Resource> builtin_kinds() {
  std::vector<api::Resource> kinds = {api::kReleases, api::kDeployments, api::kReplicaSets, api::kStatefulSets,
                                      api::kDaemonSets};
  for (const auto& kind : api::Scheme::builtin()->kinds())
    if (kind->stored && std::ranges::find(kinds, kind->resource) == kinds.end()) kinds.push_back(kind->resource);
  return kinds;
}

std::vector<std::unique_ptr<control::Invariant>> make_invariants() {
  std::vector<std::unique_ptr<control::Invariant>> all;
  all.push_back(std::make_unique<control::Preconditions>());
  all.push_back(std::make_unique<AvailableReplicas>());
  return all;
}

std::vector<std::unique_ptr<control::Controller>> make_controllers(const std::vector<api::Resource>& kinds) {
  std::vector<api::Resource> contents, graph;
  for (const api::Resource& kind : kinds) {
    if (kind.namespaced) contents.push_back(kind);
    if (kind != api::kEvents) graph.push_back(kind);
  }
  std::vector<std::unique_ptr<control::Controller>> all;
  all.push_back(std::make_unique<deployment::DeploymentController>());
  all.push_back(std::make_unique<replicaset::ReplicaSetController>());
  all.push_back(std::make_unique<statefulset::StatefulSetController>());
  all.push_back(std::make_unique<daemonset::DaemonSetController>());
  all.push_back(std::make_unique<claims::ClaimController>());
  all.push_back(std::make_unique<scheduler::SchedulerController>());
  all.push_back(std::make_unique<endpointslice::EndpointSliceController>());
  all.push_back(std::make_unique<nodes::NodeController>());
  all.push_back(std::make_unique<pod_garbage::PodGarbageController>());
  all.push_back(std::make_unique<namespaces::NamespaceController>(contents));
  for (const api::Resource& kind : graph) all.push_back(std::make_unique<garbage::GarbageController>(kind, graph));
  return all;
}

}  // namespace slipway::workload
