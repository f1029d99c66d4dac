// Workloads (apps/v1).
#include "api/kinds/apps_rules.h"
#include "api/kinds/columns.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type RollingUpdateDeployment
  maxUnavailable 1 *intOrString
  maxSurge       2 *intOrString

type DeploymentStrategy
  type          1 string                   =RollingUpdate enum=Recreate,RollingUpdate
  rollingUpdate 2 *RollingUpdateDeployment

type DeploymentSpec
  replicas                1 *int32             =1 min=0
  selector                2 *LabelSelector     required immutable
  template                3 PodTemplateSpec    required
  strategy                4 DeploymentStrategy ={} retainKeys
  minReadySeconds         5 int32              min=0
  revisionHistoryLimit    6 *int32             =10 min=0
  paused                  7 bool
  progressDeadlineSeconds 9 *int32             =600 min=0

type DeploymentCondition
  type               1 string keep
  status             2 string keep
  lastUpdateTime     6 time
  lastTransitionTime 7 time
  reason             4 string
  message            5 string

type DeploymentStatus
  observedGeneration  1 int64
  replicas            2 int32
  updatedReplicas     3 int32
  readyReplicas       7 int32
  availableReplicas   4 int32
  unavailableReplicas 5 int32
  terminatingReplicas 9 *int32
  conditions          6 []DeploymentCondition merge=type
  collisionCount      8 *int32

type ReplicaSetSpec
  replicas        1 *int32          =1 min=0
  minReadySeconds 4 int32           min=0
  selector        2 *LabelSelector  required immutable
  template        3 PodTemplateSpec required

type ReplicaSetCondition
  type               1 string keep
  status             2 string keep
  lastTransitionTime 3 time
  reason             4 string
  message            5 string

type ReplicaSetStatus
  replicas             1 int32                 keep
  fullyLabeledReplicas 2 int32
  readyReplicas        4 int32
  availableReplicas    5 int32
  terminatingReplicas  7 *int32
  observedGeneration   3 int64
  conditions           6 []ReplicaSetCondition merge=type

kind Deployment deployments short=deploy categories=all status scale
  spec   2 DeploymentSpec required
  status 3 DeploymentStatus

kind ReplicaSet replicasets short=rs categories=all status scale selectable=status.replicas
  spec   2 ReplicaSetSpec required
  status 3 ReplicaSetStatus
)table";

}  // namespace

Family apps() {
  return {.group = "apps", .version = "v1", .package = "io.k8s.api.apps.v1", .table = kTable,
          .types = {{"DeploymentStrategy", {.complete = complete_strategy}}},
          .kinds = {{"Deployment", {.columns = deployment_columns(), .check = check_deployment}},
                    {"ReplicaSet", {.columns = replica_set_columns(), .check = check_replica_set}}}};
}

}  // namespace slipway::api::kinds
