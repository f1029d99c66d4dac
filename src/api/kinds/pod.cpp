// Pods and pod templates.
#include "api/kinds/columns.h"
#include "api/kinds/family.h"
#include "api/kinds/pod_rules.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type Sysctl | A kernel parameter.
  name  1 string required | Name of it.
  value 2 string required | Value of it.

type PodSecurityContext | What all containers of the pod may do.
  seLinuxOptions            1 *SELinuxOptions                | SELinux labels.
  windowsOptions            8 *WindowsSecurityContextOptions | Settings for Windows.
  runAsUser                 2 *int64                         | User ID to run as.
  runAsGroup                6 *int64                         | Group ID to run as.
  runAsNonRoot              3 *bool                          | Refuse to run as user 0.
  supplementalGroups        4 []int64                        | Further group IDs.
  supplementalGroupsPolicy 12 *string                        enum=Merge,Strict | Do groups of the image count too?
  fsGroup                   5 *int64                         | Group that owns volumes.
  sysctls                   7 []Sysctl                       | Kernel parameters.
  fsGroupChangePolicy       9 *string                        enum=OnRootMismatch,Always | When the owner of files is changed.
  seccompProfile           10 *SeccompProfile                | Allowed system calls.
  appArmorProfile          11 *AppArmorProfile               | AppArmor rules.
  seLinuxChangePolicy      13 *string                        | How volumes get their SELinux label.

type NodeSelectorRequirement | One rule about a node.
  key      1 string   required | Label key or field.
  operator 2 string   required enum=In,NotIn,Exists,DoesNotExist,Gt,Lt | How values are compared.
  values   3 []string          | Values to compare with.

type NodeSelectorTerm atomic | Rules that must all hold.
  matchExpressions 1 []NodeSelectorRequirement | Rules about labels.
  matchFields      2 []NodeSelectorRequirement | Rules about fields.

type NodeSelector atomic | Chooses nodes; one term must hold.
  nodeSelectorTerms 1 []NodeSelectorTerm required | The terms.

type PreferredSchedulingTerm | A wish with a weight.
  weight     1 int32            required min=1 max=100 | 1 to 100.
  preference 2 NodeSelectorTerm keep                   | Nodes that are wished for.

type NodeAffinity | Which nodes a pod may or would like to run on.
  requiredDuringSchedulingIgnoredDuringExecution  1 *NodeSelector | Nodes must match.
  preferredDuringSchedulingIgnoredDuringExecution 2 []PreferredSchedulingTerm | Nodes that match are better.

type PodAffinityTerm | Pods to be near to, or away from.
  labelSelector     1 *LabelSelector          | Which labels to match.
  namespaces        2 []string                | Namespaces to look in.
  topologyKey       3 string         required | Node label that says what near means.
  namespaceSelector 4 *LabelSelector          | Namespaces to look in, by label.
  matchLabelKeys    5 []string                | Label keys whose values of the new pod are added to the selector.
  mismatchLabelKeys 6 []string                | Label keys whose values of the new pod are excluded.

type WeightedPodAffinityTerm | A wish with a weight.
  weight          1 int32           required min=1 max=100 | 1 to 100.
  podAffinityTerm 2 PodAffinityTerm required               | The wish.

type PodAffinity | Pods to be near to.
  requiredDuringSchedulingIgnoredDuringExecution  1 []PodAffinityTerm | Must be near.
  preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm | Near is better.

type PodAntiAffinity | Pods to be away from.
  requiredDuringSchedulingIgnoredDuringExecution  1 []PodAffinityTerm | Must be away.
  preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm | Away is better.

type Affinity | Where a pod likes to run.
  nodeAffinity    1 *NodeAffinity    | On which nodes.
  podAffinity     2 *PodAffinity     | Near which pods.
  podAntiAffinity 3 *PodAntiAffinity | Away from which pods.

type Toleration | Lets the pod run on nodes with a matching taint.
  key               1 string                   | Taint key; empty for all.
  operator          2 string enum=Exists,Equal | Exists or Equal.
  value             3 string                   | Taint value, for Equal.
  effect            4 string enum=NoSchedule,PreferNoSchedule,NoExecute | Taint effect; empty for all.
  tolerationSeconds 5 *int64                   | How long a NoExecute taint is borne.

type HostAlias | A line in the pod's hosts file.
  ip        1 string   required | Address.
  hostnames 2 []string          | Names for it.

type PodDNSConfigOption | An option of the resolver.
  name  1 string  | Name.
  value 2 *string | Value.

type PodDNSConfig | Settings of the resolver.
  nameservers 1 []string             | Addresses of DNS servers.
  searches    2 []string             | Search domains.
  options     3 []PodDNSConfigOption | Further options.

type PodReadinessGate | A condition that readiness waits for.
  conditionType 1 string required | Type of the condition.

type TopologySpreadConstraint | How pods spread over the cluster.
  maxSkew            1 int32          required min=1    | Largest difference that is allowed.
  topologyKey        2 string         required          | Node label that makes the parts.
  whenUnsatisfiable  3 string         required enum=DoNotSchedule,ScheduleAnyway | What to do when it cannot be met.
  labelSelector      4 *LabelSelector                   | Which labels to match.
  minDomains         5 *int32                           | Least number of parts.
  nodeAffinityPolicy 6 *string        enum=Ignore,Honor | Does node affinity count?
  nodeTaintsPolicy   7 *string        enum=Ignore,Honor | Do taints count?
  matchLabelKeys     8 []string                         | Label keys whose values of the new pod are added to the selector.

type PodOS | Operating system of the pod.
  name 1 string required | linux or windows.

type PodSchedulingGate | Holds scheduling back.
  name 1 string required | Name of it.

type PodResourceClaim | A claim on devices for the pod.
  name                      1 string  required | Name that containers use.
  resourceClaimName         3 *string          | An existing claim.
  resourceClaimTemplateName 4 *string          | Make a claim from this template.

type PodSpec | What a pod is to run, and where.
  volumes                        1 []Volume                   merge=name retainKeys | Files that containers can mount.
  initContainers                20 []Container                merge=name | Containers that run before the others, one after another.
  containers                     2 []Container                required merge=name | The containers.
  ephemeralContainers           34 []EphemeralContainer       merge=name | Containers put into the running pod.
  restartPolicy                  3 string                     =Always enum=Always,OnFailure,Never | Which ended containers are started again.
  terminationGracePeriodSeconds  4 *int64                     =30 min=0 | Seconds the pod may take to end.
  activeDeadlineSeconds          5 *int64                     min=1 max=2147483647 | Seconds after which the pod has failed.
  dnsPolicy                      6 string                     =ClusterFirst enum=ClusterFirstWithHostNet,ClusterFirst,Default,None | How names are resolved.
  nodeSelector                   7 {}string                   atomic | Labels that the node must have.
  serviceAccountName             8 string                | Service account it runs as.
  serviceAccount                 9 string                | Older name of serviceAccountName.
  automountServiceAccountToken  21 *bool                 | Give containers a token?
  nodeName                      10 string                | Node it runs on; set by the scheduler.
  hostNetwork                   11 bool                  | Share the node's network.
  hostPID                       12 bool                  | Share the node's processes.
  hostIPC                       13 bool                  | Share the node's IPC.
  shareProcessNamespace         27 *bool                 | Containers see each other's processes.
  securityContext               14 *PodSecurityContext        ={} | What all containers may do.
  imagePullSecrets              15 []LocalObjectReference     merge=name | Secrets to fetch images with.
  hostname                      16 string                | Host name in the pod.
  subdomain                     17 string                | Subdomain of the host name.
  affinity                      18 *Affinity             | Where it likes to run.
  schedulerName                 19 string                     =default-scheduler | Scheduler that chooses its node.
  tolerations                   22 []Toleration          | Taints it bears.
  hostAliases                   23 []HostAlias                merge=ip | Lines in its hosts file.
  priorityClassName             24 string                | Priority by class.
  priority                      25 *int32                | Priority as a number.
  dnsConfig                     26 *PodDNSConfig         | Settings of the resolver.
  readinessGates                28 []PodReadinessGate    | Further conditions for readiness.
  runtimeClassName              29 *string               | Which runtime runs it.
  enableServiceLinks            30 *bool                 | Tell services by environment variables.
  preemptionPolicy              31 *string                    enum=PreemptLowerPriority,Never | May it push others out?
  overhead                      32 {}quantity            | What its runtime needs beside it.
  topologySpreadConstraints     33 []TopologySpreadConstraint list=map(topologyKey,whenUnsatisfiable) merge=topologyKey | How pods like it spread.
  setHostnameAsFQDN             35 *bool                 | Use the full name as host name.
  os                            36 *PodOS                | Operating system.
  hostUsers                     37 *bool                 | Use the node's user namespace.
  schedulingGates               38 []PodSchedulingGate        merge=name | Not scheduled while there are any.
  resourceClaims                39 []PodResourceClaim         merge=name retainKeys | Claims on devices.
  resources                     40 *ResourceRequirements | What the pod as a whole needs and may use.

type PodCondition | One observed fact about a pod.
  type               1 string keep | PodScheduled, Initialized, ContainersReady, Ready, ...
  observedGeneration 7 int64       | Generation of the object that this was observed for.
  status             2 string keep | True, False or Unknown.
  lastProbeTime      3 time        | When it was last checked.
  lastTransitionTime 4 time        | When the status last changed.
  reason             5 string      | Why, as one CamelCase word.
  message            6 string      | Why, for people.

type HostIP | An address of the node.
  ip 1 string keep | The address.

type PodIP | An address of the pod.
  ip 1 string keep | The address.

type ContainerStateWaiting | Not started yet.
  reason  1 string | Why, as one CamelCase word.
  message 2 string | Why, for people.

type ContainerStateRunning | Running.
  startedAt 1 time | Since when.

type ContainerStateTerminated | Ended.
  exitCode    1 int32  keep | Exit code.
  signal      2 int32       | Signal that ended it.
  reason      3 string      | Why, as one CamelCase word.
  message     4 string      | Why, for people.
  startedAt   5 time        | When it was started.
  finishedAt  6 time        | When it ended.
  containerID 7 string      | ID of the run.

type ContainerState | State of a container; one of these.
  waiting    1 *ContainerStateWaiting    | Not started yet.
  running    2 *ContainerStateRunning    | Running.
  terminated 3 *ContainerStateTerminated | Ended.

type VolumeMountStatus | A mount as it is.
  name              1 string  keep | Name of the volume.
  mountPath         2 string  keep | Path in the container.
  readOnly          3 bool         | Mount it read-only.
  recursiveReadOnly 4 *string      | Are mounts below read-only too?

type LinuxContainerUser | Who the first process is.
  uid                1 int64   keep | User ID.
  gid                2 int64   keep | Group ID.
  supplementalGroups 3 []int64      | Further group IDs.

type ContainerUser | Who the first process is.
  linux 1 *LinuxContainerUser | On Linux.

type ResourceHealth | Health of a device.
  resourceID 1 string required | ID of the device.
  health     2 string          | Healthy, Unhealthy or Unknown.

type ResourceStatus | Devices of a container.
  name      1 string           keep                 | Name of the resource.
  resources 2 []ResourceHealth list=map(resourceID) | Health of each device.

type ContainerStatus | A container as it is.
  name                      1 string                keep       | Name of the container.
  state                     2 ContainerState                   | State now.
  lastState                 3 ContainerState                   | State before the last restart.
  ready                     4 bool                  keep       | Is it ready?
  restartCount              5 int32                 keep       | How often it was restarted.
  image                     6 string                keep       | Image that runs.
  imageID                   7 string                keep       | Digest of the image that runs.
  containerID               8 string                           | ID of the run.
  started                   9 *bool                            | Has it passed its startup probe?
  allocatedResources       10 {}quantity                       | Amounts given to it.
  resources                11 *ResourceRequirements            | Amounts in force.
  volumeMounts             12 []VolumeMountStatus   merge=mountPath | Mounts as they are.
  user                     13 *ContainerUser                   | Who its first process is.
  allocatedResourcesStatus 14 []ResourceStatus      merge=name | Devices given to it.
  stopSignal               15 *string                          | Signal that tells it to end.

type PodResourceClaimStatus | A claim made for the pod.
  name              1 string  keep | Name in the pod.
  resourceClaimName 2 *string      | Name of the claim.

type PodStatus | A pod as it is.
  observedGeneration         17 int64             | Generation of the object that this was observed for.
  phase                       1 string            | Pending, Running, Succeeded, Failed or Unknown.
  conditions                  2 []PodCondition           merge=type | Observed facts.
  message                     3 string            | Why, for people.
  reason                      4 string            | Why, as one CamelCase word.
  nominatedNodeName          11 string            | Node that is being cleared for it.
  hostIP                      5 string            | Address of its node.
  hostIPs                    16 []HostIP                 merge=ip list=atomic | Addresses of its node.
  podIP                       6 string            | Its address.
  podIPs                     12 []PodIP                  merge=ip | Its addresses.
  startTime                   7 *time             | When the node took it on.
  initContainerStatuses      10 []ContainerStatus | Init containers as they are.
  containerStatuses           8 []ContainerStatus | Containers as they are.
  qosClass                    9 string            | Guaranteed, Burstable or BestEffort.
  ephemeralContainerStatuses 13 []ContainerStatus | Ephemeral containers as they are.
  resize                     14 string            | State of a change of resources.
  resourceClaimStatuses      15 []PodResourceClaimStatus merge=name retainKeys | Claims made for it.

type PodTemplateSpec | What pods are made from.
  metadata 1 ObjectMeta | Labels and annotations of the pods.
  spec     2 PodSpec    | What the pods run.

kind Pod pods short=po categories=all status selectable=spec.nodeName,spec.restartPolicy,spec.schedulerName,spec.serviceAccountName,spec.hostNetwork,status.phase,status.podIP,status.nominatedNodeName | Containers that run together on one node.
  spec   2 PodSpec required | What is wanted.
  status 3 PodStatus        | What was observed last.
)table";

}  // namespace

Family pod() {
  return {.group = "",
          .version = "v1",
          .package = "io.k8s.api.core.v1",
          .table = kTable,
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
