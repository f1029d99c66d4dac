// Containers of a pod: image, environment, ports, probes, life cycle, security.
#include "api/kinds/family.h"
#include "api/kinds/pod_rules.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type ContainerPort
  name          1 string
  hostPort      2 int32  min=0 max=65535
  containerPort 3 int32  required min=1 max=65535
  protocol      4 string =TCP enum=TCP,UDP,SCTP
  hostIP        5 string

type ConfigMapEnvSource
  ...      1 LocalObjectReference
  optional 2 *bool

type SecretEnvSource
  ...      1 LocalObjectReference
  optional 2 *bool

type EnvFromSource
  prefix       1 string
  configMapRef 2 *ConfigMapEnvSource
  secretRef    3 *SecretEnvSource

type ConfigMapKeySelector atomic
  ...      1 LocalObjectReference
  key      2 string               required
  optional 3 *bool

type SecretKeySelector atomic
  ...      1 LocalObjectReference
  key      2 string               required
  optional 3 *bool

type EnvVarSource
  fieldRef         1 *ObjectFieldSelector
  resourceFieldRef 2 *ResourceFieldSelector
  configMapKeyRef  3 *ConfigMapKeySelector
  secretKeyRef     4 *SecretKeySelector

type EnvVar
  name      1 string        required
  value     2 string
  valueFrom 3 *EnvVarSource

type ResourceClaim
  name    1 string required
  request 2 string

type ResourceRequirements
  limits   1 {}quantity
  requests 2 {}quantity
  claims   3 []ResourceClaim list=map(name)

type ContainerResizePolicy
  resourceName  1 string required
  restartPolicy 2 string required

type VolumeMount
  name              1 string  required
  readOnly          2 bool
  recursiveReadOnly 7 *string
  mountPath         3 string  required
  subPath           4 string
  mountPropagation  5 *string enum=None,HostToContainer,Bidirectional
  subPathExpr       6 string

type VolumeDevice
  name       1 string required
  devicePath 2 string required

type ExecAction
  command 1 []string

type HTTPHeader
  name  1 string keep
  value 2 string keep

type HTTPGetAction
  path        1 string       =/
  port        2 intOrString  required
  host        3 string
  scheme      4 string       =HTTP enum=HTTP,HTTPS
  httpHeaders 5 []HTTPHeader

type TCPSocketAction
  port 1 intOrString required
  host 2 string

type GRPCAction
  port    1 int32   required min=1 max=65535
  service 2 *string =

type ProbeHandler
  exec      1 *ExecAction
  httpGet   2 *HTTPGetAction
  tcpSocket 3 *TCPSocketAction
  grpc      4 *GRPCAction

type Probe
  ...                           1 ProbeHandler
  initialDelaySeconds           2 int32        min=0
  timeoutSeconds                3 int32        =1 min=0
  periodSeconds                 4 int32        =10 min=0
  successThreshold              5 int32        =1 min=0
  failureThreshold              6 int32        =3 min=0
  terminationGracePeriodSeconds 7 *int64       min=1

type SleepAction
  seconds 1 int64 keep min=0

type LifecycleHandler
  exec      1 *ExecAction
  httpGet   2 *HTTPGetAction
  tcpSocket 3 *TCPSocketAction
  sleep     4 *SleepAction

type Lifecycle
  postStart  1 *LifecycleHandler
  preStop    2 *LifecycleHandler
  stopSignal 3 *string

type Capabilities
  add  1 []string
  drop 2 []string

type SELinuxOptions
  user  1 string
  role  2 string
  type  3 string
  level 4 string

type WindowsSecurityContextOptions
  gmsaCredentialSpecName 1 *string
  gmsaCredentialSpec     2 *string
  runAsUserName          3 *string
  hostProcess            4 *bool

type SeccompProfile
  type             1 string  required enum=Unconfined,RuntimeDefault,Localhost
  localhostProfile 2 *string

type AppArmorProfile
  type             1 string  required enum=Unconfined,RuntimeDefault,Localhost
  localhostProfile 2 *string

type SecurityContext
  capabilities              1 *Capabilities
  privileged                2 *bool
  seLinuxOptions            3 *SELinuxOptions
  windowsOptions           10 *WindowsSecurityContextOptions
  runAsUser                 4 *int64
  runAsGroup                8 *int64
  runAsNonRoot              5 *bool
  readOnlyRootFilesystem    6 *bool
  allowPrivilegeEscalation  7 *bool
  procMount                 9 *string                        enum=Default,Unmasked
  seccompProfile           11 *SeccompProfile
  appArmorProfile          12 *AppArmorProfile

type Container
  name                      1 string                  required
  image                     2 string
  command                   3 []string
  args                      4 []string
  workingDir                5 string
  ports                     6 []ContainerPort         list=map(containerPort,protocol) merge=containerPort
  envFrom                  19 []EnvFromSource
  env                       7 []EnvVar                merge=name
  resources                 8 ResourceRequirements
  resizePolicy             23 []ContainerResizePolicy
  restartPolicy            24 *string                 enum=Always
  volumeMounts              9 []VolumeMount           merge=mountPath
  volumeDevices            21 []VolumeDevice          merge=devicePath
  livenessProbe            10 *Probe
  readinessProbe           11 *Probe
  startupProbe             22 *Probe
  lifecycle                12 *Lifecycle
  terminationMessagePath   13 string                  =/dev/termination-log
  terminationMessagePolicy 20 string                  =File enum=File,FallbackToLogsOnError
  imagePullPolicy          14 string                  enum=Always,Never,IfNotPresent
  securityContext          15 *SecurityContext
  stdin                    16 bool
  stdinOnce                17 bool
  tty                      18 bool

type EphemeralContainerCommon
  name                      1 string                  required
  image                     2 string
  command                   3 []string
  args                      4 []string
  workingDir                5 string
  ports                     6 []ContainerPort         list=map(containerPort,protocol) merge=containerPort
  envFrom                  19 []EnvFromSource
  env                       7 []EnvVar                merge=name
  resources                 8 ResourceRequirements
  resizePolicy             23 []ContainerResizePolicy
  restartPolicy            24 *string
  volumeMounts              9 []VolumeMount           merge=mountPath
  volumeDevices            21 []VolumeDevice          merge=devicePath
  livenessProbe            10 *Probe
  readinessProbe           11 *Probe
  startupProbe             22 *Probe
  lifecycle                12 *Lifecycle
  terminationMessagePath   13 string                  =/dev/termination-log
  terminationMessagePolicy 20 string                  =File enum=File,FallbackToLogsOnError
  imagePullPolicy          14 string                  enum=Always,Never,IfNotPresent
  securityContext          15 *SecurityContext
  stdin                    16 bool
  stdinOnce                17 bool
  tty                      18 bool

type EphemeralContainer
  ...                 1 EphemeralContainerCommon
  targetContainerName 2 string
)table";

}  // namespace

Family containers() {
  return {.group = "", .version = "v1", .package = "io.k8s.api.core.v1", .table = kTable, .types = container_rules()};
}

}  // namespace slipway::api::kinds
