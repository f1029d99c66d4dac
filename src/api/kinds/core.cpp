// Namespaces, nodes, services, configuration and events (core/v1).
#include "api/kinds/columns.h"
#include "api/kinds/core_rules.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type ServicePort | A port of a service.
  name        1 string                               | Name; needed when there are several.
  protocol    2 string      =TCP enum=TCP,UDP,SCTP   | TCP, UDP or SCTP.
  appProtocol 6 *string                              | What is spoken on it.
  port        3 int32       required min=1 max=65535 | Port of the service.
  targetPort  4 intOrString                          | Number or name of the pods' port.
  nodePort    5 int32       min=0 max=65535          | Port on every node.

type ClientIPConfig | Stickiness by client address.
  timeoutSeconds 1 *int32 =10800 min=1 max=86400 | How long a client stays.

type SessionAffinityConfig | Settings of stickiness.
  clientIP 1 *ClientIPConfig | By client address.

type ServiceSpec | How pods are reached under one name.
  ports                          1 []ServicePort          list=map(port,protocol) merge=port | Ports of the service.
  selector                       2 {}string               atomic | Labels of the pods.
  clusterIP                      3 string                 | Virtual address; None for a headless service.
  clusterIPs                    18 []string               | Virtual addresses.
  type                           4 string                 =ClusterIP enum=ClusterIP,NodePort,LoadBalancer,ExternalName | How it is reached.
  externalIPs                    5 []string               | Further addresses that lead here.
  sessionAffinity                7 string                 =None enum=ClientIP,None | Does a client stay with one pod?
  loadBalancerIP                 8 string                 | Wished address of the load balancer.
  loadBalancerSourceRanges       9 []string               | Who may use the load balancer.
  externalName                  10 string                 | Name that this one stands for.
  externalTrafficPolicy         11 string                 enum=Cluster,Local | Which pods get traffic from outside.
  healthCheckNodePort           12 int32                  | Port for health checks.
  publishNotReadyAddresses      13 bool                   | Publish pods that are not ready.
  sessionAffinityConfig         14 *SessionAffinityConfig | Settings of stickiness.
  ipFamilies                    19 []string               enum=IPv4,IPv6 | IPv4, IPv6 or both.
  ipFamilyPolicy                17 *string                enum=SingleStack,PreferDualStack,RequireDualStack | One family or two.
  allocateLoadBalancerNodePorts 20 *bool                  | Give node ports to a load balancer?
  loadBalancerClass             21 *string                | Which load balancer.
  internalTrafficPolicy         22 *string                enum=Cluster,Local | Which pods get traffic from inside.
  trafficDistribution           23 *string                | Which pods are preferred.

type PortStatus | A port of a load balancer.
  port     1 int32   keep | Number.
  protocol 2 string  keep | Protocol.
  error    3 *string      | What is wrong with it.

type LoadBalancerIngress | A point where traffic comes in.
  ip       1 string       | Address.
  hostname 2 string       | Host name.
  ipMode   3 *string      | How the address acts.
  ports    4 []PortStatus | Its ports.

type LoadBalancerStatus | A load balancer as it is.
  ingress 1 []LoadBalancerIngress | Where traffic comes in.

type ServiceStatus | A service as it is.
  loadBalancer 1 LoadBalancerStatus            | Its load balancer.
  conditions   2 []Condition        merge=type | Observed facts.

type NamespaceSpec | What a namespace waits for.
  finalizers 1 []string | Who must act before it can be removed.

type NamespaceCondition | One observed fact about a namespace.
  type               1 string keep | What the fact is about.
  status             2 string keep | True, False or Unknown.
  lastTransitionTime 4 time        | When the status last changed.
  reason             5 string      | Why, as one CamelCase word.
  message            6 string      | Why, for people.

type NamespaceStatus | A namespace as it is.
  phase      1 string                          | Active or Terminating.
  conditions 2 []NamespaceCondition merge=type | Observed facts.

type Taint | Keeps pods away that do not tolerate it.
  key       1 string required | Its key.
  value     2 string          | Its value.
  effect    3 string required enum=NoSchedule,PreferNoSchedule,NoExecute | NoSchedule, PreferNoSchedule or NoExecute.
  timeAdded 4 *time           | Since when, for NoExecute.

type ConfigMapNodeConfigSource | A ConfigMap with node settings.
  namespace        1 string required | Its namespace.
  name             2 string required | Its name.
  uid              3 string          | Its UID.
  resourceVersion  4 string          | Its version.
  kubeletConfigKey 5 string required | Key with the settings.

type NodeConfigSource | Where node settings come from.
  configMap 2 *ConfigMapNodeConfigSource | From a ConfigMap.

type NodeSpec | What is wanted of a node.
  podCIDR       1 string                      | Addresses for its pods.
  podCIDRs      7 []string          set merge | Addresses for its pods, by family.
  providerID    3 string                      | ID at its provider.
  unschedulable 4 bool                        | Takes no new pods.
  taints        5 []Taint                     | Keep pods away.
  configSource  6 *NodeConfigSource           | No longer used.
  externalID    2 string                      | No longer used.

type NodeCondition | One observed fact about a node.
  type               1 string keep | Ready, MemoryPressure, DiskPressure, ...
  status             2 string keep | True, False or Unknown.
  lastHeartbeatTime  3 time        | When it was last confirmed.
  lastTransitionTime 4 time        | When the status last changed.
  reason             5 string      | Why, as one CamelCase word.
  message            6 string      | Why, for people.

type NodeAddress | An address of a node.
  type    1 string keep | Hostname, InternalIP, ExternalIP, ...
  address 2 string keep | The address.

type DaemonEndpoint | A port of a daemon.
  Port 1 int32 keep | Number.

type NodeDaemonEndpoints | Ports of the node's daemons.
  kubeletEndpoint 1 DaemonEndpoint | Port of the node agent.

type NodeSwapStatus | Swap of a node.
  capacity 1 *int64 | Bytes.

type NodeSystemInfo | What a node is.
  machineID                1 string          keep | Machine ID.
  systemUUID               2 string          keep | System UUID.
  bootID                   3 string          keep | Boot ID.
  kernelVersion            4 string          keep | Kernel.
  osImage                  5 string          keep | Operating system with version.
  containerRuntimeVersion  6 string          keep | What runs its containers.
  kubeletVersion           7 string          keep | Version of its agent.
  kubeProxyVersion         8 string          keep | No longer filled in.
  operatingSystem          9 string          keep | Operating system.
  architecture            10 string          keep | Processor architecture.
  swap                    11 *NodeSwapStatus      | Swap.

type ContainerImage | An image on a node.
  names     1 []string | Its names.
  sizeBytes 2 int64    | Its size.

type AttachedVolume | A volume attached to a node.
  name       1 string keep | Name of it.
  devicePath 2 string keep | Device it appears as.

type NodeConfigStatus | Node settings as they are.
  assigned      1 *NodeConfigSource | To be used.
  active        2 *NodeConfigSource | In use.
  lastKnownGood 3 *NodeConfigSource | Fallback.
  error         4 string            | What is wrong.

type NodeRuntimeHandlerFeatures | What a runtime can do.
  recursiveReadOnlyMounts 1 *bool | Recursive read-only mounts?
  userNamespaces          2 *bool | User namespaces?

type NodeRuntimeHandler | A runtime of a node.
  name     1 string                      | Name of it.
  features 2 *NodeRuntimeHandlerFeatures | What it can do.

type NodeFeatures | What a node can do.
  supplementalGroupsPolicy 1 *bool | Supplemental group policies?

type NodeStatus | A node as it is.
  capacity         1 {}quantity                      | All it has.
  allocatable      2 {}quantity                      | What pods can have.
  phase            3 string                          | No longer used.
  conditions       4 []NodeCondition      merge=type | Observed facts.
  addresses        5 []NodeAddress        merge=type | Its addresses.
  daemonEndpoints  6 NodeDaemonEndpoints             | Ports of its daemons.
  nodeInfo         7 NodeSystemInfo                  | What it is.
  images           8 []ContainerImage                | Images on it.
  volumesInUse     9 []string                        | Volumes in use.
  volumesAttached 10 []AttachedVolume                | Volumes attached.
  config          11 *NodeConfigStatus               | Settings as they are.
  runtimeHandlers 12 []NodeRuntimeHandler            | Runtimes it has.
  features        13 *NodeFeatures                   | What it can do.

type ObjectReference atomic | Points at an object.
  kind            1 string | Kind.
  namespace       2 string | Namespace.
  name            3 string | Name.
  uid             4 string | UID.
  apiVersion      5 string | API version.
  resourceVersion 6 string | Version that is meant.
  fieldPath       7 string | Part of the object that is meant.

type EventSource | Who reports.
  component 1 string | Program that reports.
  host      2 string | Node it runs on.

type EventSeries | Repetitions of an event.
  count            1 int32     | How many.
  lastObservedTime 2 microTime | When it was seen last.

kind Namespace namespaces short=ns cluster status name=label selectable=status.phase | A room for names and rights.
  spec   2 NamespaceSpec                       | What is wanted.
  status 3 NamespaceStatus ={"phase":"Active"} | What was observed last.

kind Node nodes short=no cluster status selectable=spec.unschedulable | A machine that runs pods.
  spec   2 NodeSpec   | What is wanted.
  status 3 NodeStatus | What was observed last.

kind Service services short=svc categories=all status name=label1035 selectable=spec.clusterIP,spec.type | A stable name and address for pods.
  spec   2 ServiceSpec required | What is wanted.
  status 3 ServiceStatus ={}    | What was observed last.

kind ConfigMap configmaps short=cm | Configuration that is no secret.
  immutable  4 *bool    | Contents can no longer change.
  data       2 {}string | Texts by key.
  binaryData 3 {}bytes  | Bytes by key, in base64.

kind Secret secrets selectable=type | Configuration that is a secret.
  immutable  5 *bool                        | Contents can no longer change.
  data       2 {}bytes                      | Bytes by key, in base64.
  stringData 4 {}string                     | Texts by key; moved into data when written.
  type       3 string     =Opaque immutable | What it is for.

kind ServiceAccount serviceaccounts short=sa | An identity for pods.
  secrets                      2 []ObjectReference      merge=name | Secrets that its pods may use.
  imagePullSecrets             3 []LocalObjectReference | Secrets to fetch images with.
  automountServiceAccountToken 4 *bool                  | Give containers a token?

kind Binding bindings virtual= | Puts a pod on a node.
  target 2 ObjectReference required | The node.

kind Event events short=ev selectable=involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type | Something that happened to an object.
  involvedObject      2 ObjectReference  keep | The object.
  reason              3 string                | Why, as one CamelCase word.
  message             4 string                | Why, for people.
  source              5 EventSource           | Who reports it.
  firstTimestamp      6 time                  | When it was seen first.
  lastTimestamp       7 time                  | When it was seen last.
  count               8 int32                 | How often it was seen.
  type                9 string                | Normal or Warning.
  eventTime          10 microTime             | When it was seen first, to the microsecond.
  series             11 *EventSeries          | Its repetitions.
  action             12 string                | What was done.
  related            13 *ObjectReference      | A second object.
  reportingComponent 14 string                | Controller that reports it.
  reportingInstance  15 string                | Instance of that controller.
)table";

}  // namespace

Family core() {
  return {.group = "",
          .version = "v1",
          .package = "io.k8s.api.core.v1",
          .table = kTable,
          .types = {{"Service", {.complete = complete_service}},
                    {"Namespace", {.complete = complete_namespace}},
                    {"Secret", {.complete = complete_secret}}},
          .kinds = {{"Namespace",
                     {.columns = namespace_columns(),
                      .begin = begin_namespace,
                      .subresources = {{"finalize", "", "v1", "Namespace", {"update"}}}}},
                    {"Node", {.columns = node_columns()}},
                    {"Service", {.columns = service_columns(), .check = check_service}},
                    {"ConfigMap", {.columns = config_map_columns(), .check = check_config}},
                    {"Secret", {.columns = secret_columns(), .check = check_config}},
                    {"ServiceAccount", {.columns = service_account_columns()}},
                    {"Event", {.columns = event_columns()}}}};
}

}  // namespace slipway::api::kinds
