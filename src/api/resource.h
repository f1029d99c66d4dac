// Names of REST resources, and the ones this program works with.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "data/value.h"

namespace slipway::api {

// A REST resource: {"apps", "v1", "deployments", "Deployment"}; the core group is "".
struct Resource {
  std::string group;
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  auto operator<=>(const Resource&) const = default;
  // "deployments.apps", "pods": the name in discovery, in RBAC messages and in the store.
  std::string qualified() const { return group.empty() ? plural : plural + "." + group; }
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

inline const Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline const Resource kNodes{"", "v1", "nodes", "Node", false};
inline const Resource kPods{"", "v1", "pods", "Pod"};
inline const Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline const Resource kSecrets{"", "v1", "secrets", "Secret"};
inline const Resource kPersistentVolumeClaims{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"};
inline const Resource kServices{"", "v1", "services", "Service"};
inline const Resource kEvents{"", "v1", "events", "Event"};
inline const Resource kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"};
inline const Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline const Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet"};
inline const Resource kControllerRevisions{"apps", "v1", "controllerrevisions", "ControllerRevision"};
inline const Resource kDeployments{"apps", "v1", "deployments", "Deployment"};
inline const Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet"};
inline const Resource kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet"};
inline const Resource kHttpRoutes{"gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"};
inline const Resource kCustomResourceDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                                 "CustomResourceDefinition", false};
inline const Resource kReleases{"slipway.dev", "v1alpha1", "releases", "Release"};
inline const Resource kCohorts{"slipway.dev", "v1alpha1", "cohorts", "Cohort"};
inline const Resource kNotifications{"slipway.dev", "v1alpha1", "notifications", "Notification"};
inline const Resource kReleasePolicies{"slipway.dev", "v1alpha1", "releasepolicies", "ReleasePolicy", false};
inline const Resource kAnalysisTemplates{"slipway.dev", "v1alpha1", "analysistemplates", "AnalysisTemplate"};
inline const Resource kClusterAnalysisTemplates{"slipway.dev", "v1alpha1", "clusteranalysistemplates",
                                                "ClusterAnalysisTemplate", false};
inline const Resource kAnalysisRuns{"slipway.dev", "v1alpha1", "analysisruns", "AnalysisRun"};

}  // namespace slipway::api
