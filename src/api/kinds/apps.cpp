// Workloads (apps/v1).
#include "api/kinds/apps_rules.h"
#include "api/kinds/columns.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type RollingUpdateDeployment | How fast pods are replaced.
  maxUnavailable 1 *intOrString | Most pods that may be missing: a number or a percentage, rounded down.
  maxSurge       2 *intOrString | Most pods above the wanted number: a number or a percentage, rounded up.

type DeploymentStrategy | How old pods give way to new ones.
  type          1 string                   =RollingUpdate enum=Recreate,RollingUpdate | RollingUpdate, or Recreate: all old ones go first.
  rollingUpdate 2 *RollingUpdateDeployment | How fast, for RollingUpdate.

type DeploymentSpec | What a Deployment is to run.
  replicas                1 *int32             =1 min=0       | Number of pods.
  selector                2 *LabelSelector     required immutable | Labels of the pods; fixed after creation.
  template                3 PodTemplateSpec    required       | What the pods are made from.
  strategy                4 DeploymentStrategy ={} retainKeys | How old pods give way to new ones.
  minReadySeconds         5 int32              min=0          | Seconds that a pod must be ready before it counts.
  revisionHistoryLimit    6 *int32             =10 min=0      | Old versions that are kept.
  paused                  7 bool                              | Changes are not rolled out.
  progressDeadlineSeconds 9 *int32             =600 min=0     | Seconds without progress after which it has failed.

type DeploymentCondition | One observed fact about a Deployment.
  type               1 string keep | Available, Progressing or ReplicaFailure.
  status             2 string keep | True, False or Unknown.
  lastUpdateTime     6 time        | When it was last confirmed.
  lastTransitionTime 7 time        | When the status last changed.
  reason             4 string      | Why, as one CamelCase word.
  message            5 string      | Why, for people.

type DeploymentStatus | A Deployment as it is.
  observedGeneration  1 int64                            | Generation of the object that this was observed for.
  replicas            2 int32                            | Pods there are.
  updatedReplicas     3 int32                            | Pods of the current template.
  readyReplicas       7 int32                            | Ready pods.
  availableReplicas   4 int32                            | Pods ready for the minimum time.
  unavailableReplicas 5 int32                            | Pods that are still missing.
  terminatingReplicas 9 *int32                           | Pods that are ending.
  conditions          6 []DeploymentCondition merge=type | Observed facts.
  collisionCount      8 *int32                           | Name clashes of ReplicaSets.

type ReplicaSetSpec | What a ReplicaSet is to run.
  replicas        1 *int32          =1 min=0           | Number of pods.
  minReadySeconds 4 int32           min=0              | Seconds that a pod must be ready before it counts.
  selector        2 *LabelSelector  required immutable | Labels of the pods; fixed after creation.
  template        3 PodTemplateSpec required           | What the pods are made from.

type ReplicaSetCondition | One observed fact about a ReplicaSet.
  type               1 string keep | ReplicaFailure.
  status             2 string keep | True, False or Unknown.
  lastTransitionTime 3 time        | When the status last changed.
  reason             4 string      | Why, as one CamelCase word.
  message            5 string      | Why, for people.

type ReplicaSetStatus | A ReplicaSet as it is.
  replicas             1 int32                 keep       | Pods there are.
  fullyLabeledReplicas 2 int32                            | Pods with all labels of the template.
  readyReplicas        4 int32                            | Ready pods.
  availableReplicas    5 int32                            | Pods ready for the minimum time.
  terminatingReplicas  7 *int32                           | Pods that are ending.
  observedGeneration   3 int64                            | Generation of the object that this was observed for.
  conditions           6 []ReplicaSetCondition merge=type | Observed facts.

type RollingUpdateStatefulSetStrategy | How pods are replaced, the highest ordinal first.
  partition      1 *int32       min=0 | Pods below this ordinal keep the version that they have.
  maxUnavailable 2 *intOrString       | Most pods that may be missing during an update; 1 when absent.

type StatefulSetUpdateStrategy | How old pods give way to new ones.
  type          1 string                            | RollingUpdate, or OnDelete: somebody else deletes the old ones.
  rollingUpdate 2 *RollingUpdateStatefulSetStrategy | How far, for RollingUpdate.

type StatefulSetPersistentVolumeClaimRetentionPolicy | What becomes of the claims of pods that go.
  whenDeleted 1 string =Retain enum=Retain,Delete | When the set is deleted.
  whenScaled  2 string =Retain enum=Retain,Delete | When the set gets smaller.

type StatefulSetOrdinals | How pods are numbered.
  start 1 int32 keep min=0 | Number of the first pod.

type StatefulSetSpec | What a StatefulSet is to run.
  replicas             1 *int32                    =1 min=0      | Number of pods.
  selector             2 *LabelSelector            required      | Labels of the pods; fixed after creation.
  template             3 PodTemplateSpec           required      | What the pods are made from.
  volumeClaimTemplates 4 []PersistentVolumeClaim   list=atomic   | Claims that each pod has for itself.
  serviceName          5 string                                  | Service that gives the pods their names in DNS.
  podManagementPolicy  6 string                    =OrderedReady | OrderedReady: one after the other; Parallel: all at once.
  updateStrategy       7 StatefulSetUpdateStrategy ={}           | How old pods give way to new ones.
  revisionHistoryLimit 8 *int32                    =10           | Old versions that are kept.
  minReadySeconds      9 int32                     min=0         | Seconds that a pod must be ready before it counts.
  persistentVolumeClaimRetentionPolicy 10 *StatefulSetPersistentVolumeClaimRetentionPolicy ={} | What becomes of claims.
  ordinals            11 *StatefulSetOrdinals                    | How pods are numbered.

type StatefulSetCondition | One observed fact about a StatefulSet.
  type               1 string keep | What it is about.
  status             2 string keep | True, False or Unknown.
  lastTransitionTime 3 time        | When the status last changed.
  reason             4 string      | Why, as one CamelCase word.
  message            5 string      | Why, for people.

type StatefulSetStatus | A StatefulSet as it is.
  observedGeneration  1 int64                             | Generation of the object that this was observed for.
  replicas            2 int32                  keep       | Pods there are.
  readyReplicas       3 int32                             | Ready pods.
  currentReplicas     4 int32                             | Pods of the current revision.
  updatedReplicas     5 int32                             | Pods of the update revision.
  currentRevision     6 string                            | ControllerRevision that pods had before an update.
  updateRevision      7 string                            | ControllerRevision that pods get by an update.
  collisionCount      9 *int32                            | Name clashes of ControllerRevisions.
  conditions         10 []StatefulSetCondition merge=type | Observed facts.
  availableReplicas  11 int32                  keep       | Pods ready for the minimum time.

type RollingUpdateDaemonSet | How fast pods are replaced; one of the two is not 0.
  maxUnavailable 1 *intOrString | Most nodes without an available pod: a number or a percentage, rounded up.
  maxSurge       2 *intOrString | Most nodes with a second pod: a number or a percentage, rounded up.

type DaemonSetUpdateStrategy | How old pods give way to new ones.
  type          1 string =RollingUpdate enum=OnDelete,RollingUpdate | RollingUpdate, or OnDelete: somebody else deletes the old ones.
  rollingUpdate 2 *RollingUpdateDaemonSet                           | How fast, for RollingUpdate.

type DaemonSetSpec | What a DaemonSet is to run.
  selector             1 *LabelSelector          required immutable | Labels of the pods; fixed after creation.
  template             2 PodTemplateSpec         required           | What the pods are made from.
  updateStrategy       3 DaemonSetUpdateStrategy ={}                | How old pods give way to new ones.
  minReadySeconds      4 int32                   min=0              | Seconds that a pod must be ready before it counts.
  revisionHistoryLimit 6 *int32                  =10 min=0          | Old versions that are kept.

type DaemonSetCondition | One observed fact about a DaemonSet.
  type               1 string keep | What it is about.
  status             2 string keep | True, False or Unknown.
  lastTransitionTime 3 time        | When the status last changed.
  reason             4 string      | Why, as one CamelCase word.
  message            5 string      | Why, for people.

type DaemonSetStatus | A DaemonSet as it is.
  currentNumberScheduled  1 int32                keep       | Nodes that have the pod and should.
  numberMisscheduled      2 int32                keep       | Nodes that have the pod and should not.
  desiredNumberScheduled  3 int32                keep       | Nodes that should have the pod.
  numberReady             4 int32                keep       | Nodes with a ready pod.
  observedGeneration      5 int64                           | Generation of the object that this was observed for.
  updatedNumberScheduled  6 int32                           | Nodes with a pod of the current template.
  numberAvailable         7 int32                           | Nodes with a pod that was ready for the minimum time.
  numberUnavailable       8 int32                           | Nodes that should have an available pod and do not.
  collisionCount          9 *int32                          | Name clashes of ControllerRevisions.
  conditions             10 []DaemonSetCondition merge=type | Observed facts.

kind Deployment deployments short=deploy categories=all status scale | Runs pods and rolls out changes to them.
  spec   2 DeploymentSpec required | What is wanted.
  status 3 DeploymentStatus        | What was observed last.

kind ReplicaSet replicasets short=rs categories=all status scale selectable=status.replicas | Keeps a number of equal pods running.
  spec   2 ReplicaSetSpec required | What is wanted.
  status 3 ReplicaSetStatus        | What was observed last.

kind StatefulSet statefulsets short=sts categories=all status scale name=label | Keeps pods with names of their own running, in order.
  spec   2 StatefulSetSpec required | What is wanted.
  status 3 StatefulSetStatus        | What was observed last.

kind DaemonSet daemonsets short=ds categories=all status | Keeps one pod running on every node.
  spec   2 DaemonSetSpec required | What is wanted.
  status 3 DaemonSetStatus        | What was observed last.

kind ControllerRevision controllerrevisions | What a workload was at one time, kept by its controller.
  data     2 *any  immutable | The state, in a form that only its controller knows.
  revision 3 int64 required min=0 | Which of two is newer.
)table";

}  // namespace

Family apps() {
  return {.group = "apps",
          .version = "v1",
          .package = "io.k8s.api.apps.v1",
          .table = kTable,
          .types = {{"DeploymentStrategy", {.complete = complete_strategy}},
                    {"StatefulSetSpec", {.complete = complete_stateful_set}},
                    {"StatefulSetUpdateStrategy", {.complete = complete_stateful_strategy}},
                    {"DaemonSetUpdateStrategy", {.complete = complete_daemon_strategy}}},
          .kinds = {{"Deployment", {.columns = deployment_columns(), .check = check_deployment}},
                    {"ReplicaSet", {.columns = replica_set_columns(), .check = check_replica_set}},
                    {"StatefulSet", {.columns = stateful_set_columns(), .check = check_stateful_set}},
                    {"DaemonSet", {.columns = daemon_set_columns(), .check = check_daemon_set}},
                    {"ControllerRevision", {.columns = controller_revision_columns()}}}};
}

}  // namespace slipway::api::kinds
