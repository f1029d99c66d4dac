// Namespaces, nodes, services, configuration and events (core/v1).
#include "api/kinds/columns.h"
#include "api/kinds/core_rules.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type ServicePort
  name        1 string
  protocol    2 string      =TCP enum=TCP,UDP,SCTP
  appProtocol 6 *string
  port        3 int32       required min=1 max=65535
  targetPort  4 intOrString
  nodePort    5 int32       min=0 max=65535

type ClientIPConfig
  timeoutSeconds 1 *int32 =10800 min=1 max=86400

type SessionAffinityConfig
  clientIP 1 *ClientIPConfig

type ServiceSpec
  ports                          1 []ServicePort          list=map(port,protocol) merge=port
  selector                       2 {}string               atomic
  clusterIP                      3 string
  clusterIPs                    18 []string
  type                           4 string                 =ClusterIP enum=ClusterIP,NodePort,LoadBalancer,ExternalName
  externalIPs                    5 []string
  sessionAffinity                7 string                 =None enum=ClientIP,None
  loadBalancerIP                 8 string
  loadBalancerSourceRanges       9 []string
  externalName                  10 string
  externalTrafficPolicy         11 string                 enum=Cluster,Local
  healthCheckNodePort           12 int32
  publishNotReadyAddresses      13 bool
  sessionAffinityConfig         14 *SessionAffinityConfig
  ipFamilies                    19 []string               enum=IPv4,IPv6
  ipFamilyPolicy                17 *string                enum=SingleStack,PreferDualStack,RequireDualStack
  allocateLoadBalancerNodePorts 20 *bool
  loadBalancerClass             21 *string
  internalTrafficPolicy         22 *string                enum=Cluster,Local
  trafficDistribution           23 *string

type PortStatus
  port     1 int32   keep
  protocol 2 string  keep
  error    3 *string

type LoadBalancerIngress
  ip       1 string
  hostname 2 string
  ipMode   3 *string
  ports    4 []PortStatus

type LoadBalancerStatus
  ingress 1 []LoadBalancerIngress

type ServiceStatus
  loadBalancer 1 LoadBalancerStatus
  conditions   2 []Condition        merge=type

type NamespaceSpec
  finalizers 1 []string

type NamespaceCondition
  type               1 string keep
  status             2 string keep
  lastTransitionTime 4 time
  reason             5 string
  message            6 string

type NamespaceStatus
  phase      1 string
  conditions 2 []NamespaceCondition merge=type

type Taint
  key       1 string required
  value     2 string
  effect    3 string required enum=NoSchedule,PreferNoSchedule,NoExecute
  timeAdded 4 *time

type ConfigMapNodeConfigSource
  namespace        1 string required
  name             2 string required
  uid              3 string
  resourceVersion  4 string
  kubeletConfigKey 5 string required

type NodeConfigSource
  configMap 2 *ConfigMapNodeConfigSource

type NodeSpec
  podCIDR       1 string
  podCIDRs      7 []string          set merge
  providerID    3 string
  unschedulable 4 bool
  taints        5 []Taint
  configSource  6 *NodeConfigSource
  externalID    2 string

type NodeCondition
  type               1 string keep
  status             2 string keep
  lastHeartbeatTime  3 time
  lastTransitionTime 4 time
  reason             5 string
  message            6 string

type NodeAddress
  type    1 string keep
  address 2 string keep

type DaemonEndpoint
  Port 1 int32 keep

type NodeDaemonEndpoints
  kubeletEndpoint 1 DaemonEndpoint

type NodeSwapStatus
  capacity 1 *int64

type NodeSystemInfo
  machineID                1 string          keep
  systemUUID               2 string          keep
  bootID                   3 string          keep
  kernelVersion            4 string          keep
  osImage                  5 string          keep
  containerRuntimeVersion  6 string          keep
  kubeletVersion           7 string          keep
  kubeProxyVersion         8 string          keep
  operatingSystem          9 string          keep
  architecture            10 string          keep
  swap                    11 *NodeSwapStatus

type ContainerImage
  names     1 []string
  sizeBytes 2 int64

type AttachedVolume
  name       1 string keep
  devicePath 2 string keep

type NodeConfigStatus
  assigned      1 *NodeConfigSource
  active        2 *NodeConfigSource
  lastKnownGood 3 *NodeConfigSource
  error         4 string

type NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts 1 *bool
  userNamespaces          2 *bool

type NodeRuntimeHandler
  name     1 string
  features 2 *NodeRuntimeHandlerFeatures

type NodeFeatures
  supplementalGroupsPolicy 1 *bool

type NodeStatus
  capacity         1 {}quantity
  allocatable      2 {}quantity
  phase            3 string
  conditions       4 []NodeCondition      merge=type
  addresses        5 []NodeAddress        merge=type
  daemonEndpoints  6 NodeDaemonEndpoints
  nodeInfo         7 NodeSystemInfo
  images           8 []ContainerImage
  volumesInUse     9 []string
  volumesAttached 10 []AttachedVolume
  config          11 *NodeConfigStatus
  runtimeHandlers 12 []NodeRuntimeHandler
  features        13 *NodeFeatures

type ObjectReference atomic
  kind            1 string
  namespace       2 string
  name            3 string
  uid             4 string
  apiVersion      5 string
  resourceVersion 6 string
  fieldPath       7 string

type EventSource
  component 1 string
  host      2 string

type EventSeries
  count            1 int32
  lastObservedTime 2 microTime

kind Namespace namespaces short=ns cluster status name=label selectable=status.phase
  spec   2 NamespaceSpec
  status 3 NamespaceStatus ={"phase":"Active"}

kind Node nodes short=no cluster status selectable=spec.unschedulable
  spec   2 NodeSpec
  status 3 NodeStatus

kind Service services short=svc categories=all status name=label1035 selectable=spec.clusterIP,spec.type
  spec   2 ServiceSpec required
  status 3 ServiceStatus ={}

kind ConfigMap configmaps short=cm
  immutable  4 *bool
  data       2 {}string
  binaryData 3 {}bytes

kind Secret secrets selectable=type
  immutable  5 *bool
  data       2 {}bytes
  stringData 4 {}string
  type       3 string     =Opaque immutable

kind ServiceAccount serviceaccounts short=sa
  secrets                      2 []ObjectReference      merge=name
  imagePullSecrets             3 []LocalObjectReference
  automountServiceAccountToken 4 *bool

kind Binding bindings virtual=
  target 2 ObjectReference required

kind Event events short=ev selectable=involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,reportingComponent,source,type
  involvedObject      2 ObjectReference  keep
  reason              3 string
  message             4 string
  source              5 EventSource
  firstTimestamp      6 time
  lastTimestamp       7 time
  count               8 int32
  type                9 string
  eventTime          10 microTime
  series             11 *EventSeries
  action             12 string
  related            13 *ObjectReference
  reportingComponent 14 string
  reportingInstance  15 string
)table";

}  // namespace

Family core() {
  return {.group = "", .version = "v1", .package = "io.k8s.api.core.v1", .table = kTable,
          .types = {{"Service", {.complete = complete_service}},
                    {"Namespace", {.complete = complete_namespace}},
                    {"Secret", {.complete = complete_secret}}},
          .kinds = {{"Namespace", {.columns = namespace_columns(),
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
