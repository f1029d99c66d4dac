#include "workload/controllers.h"

#include "workload/deployment/controller.h"
#include "workload/endpointslice/controller.h"
#include "workload/garbage/controller.h"
#include "workload/namespaces/controller.h"
#include "workload/nodes/controller.h"
#include "workload/pod_garbage/controller.h"
#include "workload/replicaset/controller.h"
#include "workload/scheduler/controller.h"

namespace slipway::workload {

std::vector<api::Resource> builtin_kinds() {
  return {api::kReleases,    api::kAnalysisRuns, api::kAnalysisTemplates,
          api::kDeployments, api::kReplicaSets,  api::kPods,
          api::kHttpRoutes,  api::kServices,     api::kEndpointSlices,
          api::kConfigMaps,  api::kSecrets,      api::kLeases,
          api::kEvents,      api::kNamespaces,   api::kNodes};
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
  all.push_back(std::make_unique<scheduler::SchedulerController>());
  all.push_back(std::make_unique<endpointslice::EndpointSliceController>());
  all.push_back(std::make_unique<nodes::NodeController>());
  all.push_back(std::make_unique<pod_garbage::PodGarbageController>());
  all.push_back(std::make_unique<namespaces::NamespaceController>(contents));
  for (const api::Resource& kind : graph) all.push_back(std::make_unique<garbage::GarbageController>(kind, graph));
  return all;
}

}  // namespace slipway::workload
