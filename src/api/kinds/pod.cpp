// Pods and pod templates.
#include "api/kinds/columns.h"
#include "api/kinds/family.h"
#include "api/kinds/pod_rules.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type Sysctl
  name  1 string required
  value 2 string required

type PodSecurityContext
  seLinuxOptions            1 *SELinuxOptions
  windowsOptions            8 *WindowsSecurityContextOptions
  runAsUser                 2 *int64
  runAsGroup                6 *int64
  runAsNonRoot              3 *bool
  supplementalGroups        4 []int64
  supplementalGroupsPolicy 12 *string                        enum=Merge,Strict
  fsGroup                   5 *int64
  sysctls                   7 []Sysctl
  fsGroupChangePolicy       9 *string                        enum=OnRootMismatch,Always
  seccompProfile           10 *SeccompProfile
  appArmorProfile          11 *AppArmorProfile
  seLinuxChangePolicy      13 *string

type NodeSelectorRequirement
  key      1 string   required
  operator 2 string   required enum=In,NotIn,Exists,DoesNotExist,Gt,Lt
  values   3 []string

type NodeSelectorTerm atomic
  matchExpressions 1 []NodeSelectorRequirement
  matchFields      2 []NodeSelectorRequirement

type NodeSelector atomic
  nodeSelectorTerms 1 []NodeSelectorTerm required

type PreferredSchedulingTerm
  weight     1 int32            required min=1 max=100
  preference 2 NodeSelectorTerm keep

type NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution  1 *NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution 2 []PreferredSchedulingTerm

type PodAffinityTerm
  labelSelector     1 *LabelSelector
  namespaces        2 []string
  topologyKey       3 string         required
  namespaceSelector 4 *LabelSelector
  matchLabelKeys    5 []string
  mismatchLabelKeys 6 []string

type WeightedPodAffinityTerm
  weight          1 int32           required min=1 max=100
  podAffinityTerm 2 PodAffinityTerm required

type PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution  1 []PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm

type PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution  1 []PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm

type Affinity
  nodeAffinity    1 *NodeAffinity
  podAffinity     2 *PodAffinity
  podAntiAffinity 3 *PodAntiAffinity

type Toleration
  key               1 string
  operator          2 string enum=Exists,Equal
  value             3 string
  effect            4 string enum=NoSchedule,PreferNoSchedule,NoExecute
  tolerationSeconds 5 *int64

type HostAlias
  ip        1 string   required
  hostnames 2 []string

type PodDNSConfigOption
  name  1 string
  value 2 *string

type PodDNSConfig
  nameservers 1 []string
  searches    2 []string
  options     3 []PodDNSConfigOption

type PodReadinessGate
  conditionType 1 string required

type TopologySpreadConstraint
  maxSkew            1 int32          required min=1
  topologyKey        2 string         required
  whenUnsatisfiable  3 string         required enum=DoNotSchedule,ScheduleAnyway
  labelSelector      4 *LabelSelector
  minDomains         5 *int32
  nodeAffinityPolicy 6 *string        enum=Ignore,Honor
  nodeTaintsPolicy   7 *string        enum=Ignore,Honor
  matchLabelKeys     8 []string

type PodOS
  name 1 string required

type PodSchedulingGate
  name 1 string required

type PodResourceClaim
  name                      1 string  required
  resourceClaimName         3 *string
  resourceClaimTemplateName 4 *string

type PodSpec
  volumes                        1 []Volume                   merge=name retainKeys
  initContainers                20 []Container                merge=name
  containers                     2 []Container                required merge=name
  ephemeralContainers           34 []EphemeralContainer       merge=name
  restartPolicy                  3 string                     =Always enum=Always,OnFailure,Never
  terminationGracePeriodSeconds  4 *int64                     =30 min=0
  activeDeadlineSeconds          5 *int64                     min=1 max=2147483647
  dnsPolicy                      6 string                     =ClusterFirst enum=ClusterFirstWithHostNet,ClusterFirst,Default,None
  nodeSelector                   7 {}string                   atomic
  serviceAccountName             8 string
  serviceAccount                 9 string
  automountServiceAccountToken  21 *bool
  nodeName                      10 string
  hostNetwork                   11 bool
  hostPID                       12 bool
  hostIPC                       13 bool
  shareProcessNamespace         27 *bool
  securityContext               14 *PodSecurityContext        ={}
  imagePullSecrets              15 []LocalObjectReference     merge=name
  hostname                      16 string
  subdomain                     17 string
  affinity                      18 *Affinity
  schedulerName                 19 string                     =default-scheduler
  tolerations                   22 []Toleration
  hostAliases                   23 []HostAlias                merge=ip
  priorityClassName             24 string
  priority                      25 *int32
  dnsConfig                     26 *PodDNSConfig
  readinessGates                28 []PodReadinessGate
  runtimeClassName              29 *string
  enableServiceLinks            30 *bool
  preemptionPolicy              31 *string                    enum=PreemptLowerPriority,Never
  overhead                      32 {}quantity
  topologySpreadConstraints     33 []TopologySpreadConstraint list=map(topologyKey,whenUnsatisfiable) merge=topologyKey
  setHostnameAsFQDN             35 *bool
  os                            36 *PodOS
  hostUsers                     37 *bool
  schedulingGates               38 []PodSchedulingGate        merge=name
  resourceClaims                39 []PodResourceClaim         merge=name retainKeys
  resources                     40 *ResourceRequirements

type PodCondition
  type               1 string keep
  observedGeneration 7 int64
  status             2 string keep
  lastProbeTime      3 time
  lastTransitionTime 4 time
  reason             5 string
  message            6 string

type HostIP
  ip 1 string keep

type PodIP
  ip 1 string keep

type ContainerStateWaiting
  reason  1 string
  message 2 string

type ContainerStateRunning
  startedAt 1 time

type ContainerStateTerminated
  exitCode    1 int32  keep
  signal      2 int32
  reason      3 string
  message     4 string
  startedAt   5 time
  finishedAt  6 time
  containerID 7 string

type ContainerState
  waiting    1 *ContainerStateWaiting
  running    2 *ContainerStateRunning
  terminated 3 *ContainerStateTerminated

type VolumeMountStatus
  name              1 string  keep
  mountPath         2 string  keep
  readOnly          3 bool
  recursiveReadOnly 4 *string

type LinuxContainerUser
  uid                1 int64   keep
  gid                2 int64   keep
  supplementalGroups 3 []int64

type ContainerUser
  linux 1 *LinuxContainerUser

type ResourceHealth
  resourceID 1 string required
  health     2 string

type ResourceStatus
  name      1 string           keep
  resources 2 []ResourceHealth list=map(resourceID)

type ContainerStatus
  name                      1 string                keep
  state                     2 ContainerState
  lastState                 3 ContainerState
  ready                     4 bool                  keep
  restartCount              5 int32                 keep
  image                     6 string                keep
  imageID                   7 string                keep
  containerID               8 string
  started                   9 *bool
  allocatedResources       10 {}quantity
  resources                11 *ResourceRequirements
  volumeMounts             12 []VolumeMountStatus   merge=mountPath
  user                     13 *ContainerUser
  allocatedResourcesStatus 14 []ResourceStatus      merge=name
  stopSignal               15 *string

type PodResourceClaimStatus
  name              1 string  keep
  resourceClaimName 2 *string

type PodStatus
  observedGeneration         17 int64
  phase                       1 string
  conditions                  2 []PodCondition           merge=type
  message                     3 string
  reason                      4 string
  nominatedNodeName          11 string
  hostIP                      5 string
  hostIPs                    16 []HostIP                 merge=ip list=atomic
  podIP                       6 string
  podIPs                     12 []PodIP                  merge=ip
  startTime                   7 *time
  initContainerStatuses      10 []ContainerStatus
  containerStatuses           8 []ContainerStatus
  qosClass                    9 string
  ephemeralContainerStatuses 13 []ContainerStatus
  resize                     14 string
  resourceClaimStatuses      15 []PodResourceClaimStatus merge=name retainKeys

type PodTemplateSpec
  metadata 1 ObjectMeta
  spec     2 PodSpec

kind Pod pods short=po categories=all status selectable=spec.nodeName,spec.restartPolicy,spec.schedulerName,spec.serviceAccountName,spec.hostNetwork,status.phase,status.podIP,status.nominatedNodeName
  spec   2 PodSpec required
  status 3 PodStatus
)table";

}  // namespace

Family pod() {
  return {.group = "", .version = "v1", .package = "io.k8s.api.core.v1", .table = kTable,
          .types = pod_rules(),
          .kinds = {{"Pod",
                     {.columns = pod_columns(),
                      .check = check_pod_update,
                      .begin = begin_pod,
                      .subresources = {{"binding", "", "v1", "Binding", {"create"}},
                                       {"eviction", "policy", "v1", "Eviction", {"create"}},
                                       {"log", "", "v1", "Pod", {"get"}}}}}}};
}

}  // namespace slipway::api::kinds
