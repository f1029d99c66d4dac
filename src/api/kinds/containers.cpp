// Containers of a pod: image, environment, ports, probes, life cycle, security.
#include "api/kinds/family.h"
#include "api/kinds/pod_rules.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type ContainerPort | A port that the container listens on.
  name          1 string                          | Name that services and probes may use.
  hostPort      2 int32  min=0 max=65535          | Port of the node that leads here.
  containerPort 3 int32  required min=1 max=65535 | Port number in the pod.
  protocol      4 string =TCP enum=TCP,UDP,SCTP   | TCP, UDP or SCTP.
  hostIP        5 string                          | Address of the node to bind hostPort to.

type ConfigMapEnvSource | A ConfigMap as environment.
  ...      1 LocalObjectReference
  optional 2 *bool                | May the source be missing?

type SecretEnvSource | A Secret as environment.
  ...      1 LocalObjectReference
  optional 2 *bool                | May the source be missing?

type EnvFromSource | All keys of an object as environment variables.
  prefix       1 string              | Put before each name.
  configMapRef 2 *ConfigMapEnvSource | The ConfigMap.
  secretRef    3 *SecretEnvSource    | The Secret.

type ConfigMapKeySelector atomic | One key of a ConfigMap.
  ...      1 LocalObjectReference
  key      2 string               required | The key.
  optional 3 *bool                         | May the source be missing?

type SecretKeySelector atomic | One key of a Secret.
  ...      1 LocalObjectReference
  key      2 string               required | The key.
  optional 3 *bool                         | May the source be missing?

type EnvVarSource | Where a variable's value comes from.
  fieldRef         1 *ObjectFieldSelector   | A field of the pod.
  resourceFieldRef 2 *ResourceFieldSelector | A resource amount of a container.
  configMapKeyRef  3 *ConfigMapKeySelector  | A key of a ConfigMap.
  secretKeyRef     4 *SecretKeySelector     | A key of a Secret.

type EnvVar | An environment variable.
  name      1 string        required | Name of the variable.
  value     2 string                 | Its value; $(NAME) stands for earlier variables.
  valueFrom 3 *EnvVarSource          | Where the value comes from instead.

type ResourceClaim | A claimed device that the container uses.
  name    1 string required | Name of the pod's claim.
  request 2 string          | One request of the claim only.

type ResourceRequirements | What a container needs and may use.
  limits   1 {}quantity                     | Most it may use.
  requests 2 {}quantity                     | What is reserved for it.
  claims   3 []ResourceClaim list=map(name) | Claimed devices.

type ContainerResizePolicy | What a change of a resource means.
  resourceName  1 string required | cpu or memory.
  restartPolicy 2 string required | Is the container restarted?

type VolumeMount | Where a volume appears.
  name              1 string  required | Name of the volume.
  readOnly          2 bool             | Mount it read-only.
  recursiveReadOnly 7 *string          | Are mounts below read-only too?
  mountPath         3 string  required | Path in the container.
  subPath           4 string           | Path inside the volume.
  mountPropagation  5 *string enum=None,HostToContainer,Bidirectional | How mounts spread between node and container.
  subPathExpr       6 string           | Path inside the volume, with $(NAME) for variables.

type VolumeDevice | Where a raw device appears.
  name       1 string required | Name of the volume.
  devicePath 2 string required | Path in the container.

type ExecAction | A command in the container; success is exit code 0.
  command 1 []string | Program and arguments; no shell.

type HTTPHeader | A header.
  name  1 string keep | Name of the header.
  value 2 string keep | Value of the header.

type HTTPGetAction | An HTTP GET; success is a status from 200 to 399.
  path        1 string       =/                    | Path to ask for.
  port        2 intOrString  required              | Number or name of the port.
  host        3 string                             | Host to ask; the pod's address if empty.
  scheme      4 string       =HTTP enum=HTTP,HTTPS | HTTP or HTTPS.
  httpHeaders 5 []HTTPHeader                       | Headers to send.

type TCPSocketAction | A TCP connection; success is that it opens.
  port 1 intOrString required | Number or name of the port.
  host 2 string               | Host to connect to; the pod's address if empty.

type GRPCAction | A gRPC health check.
  port    1 int32   required min=1 max=65535 | Number of the port.
  service 2 *string =                        | Service name to ask for.

type ProbeHandler | How to probe; exactly one of these.
  exec      1 *ExecAction      | Run a command.
  httpGet   2 *HTTPGetAction   | Ask over HTTP.
  tcpSocket 3 *TCPSocketAction | Open a connection.
  grpc      4 *GRPCAction      | Ask over gRPC.

type Probe | A check of a container, repeated.
  ...                           1 ProbeHandler
  initialDelaySeconds           2 int32        min=0     | Seconds before the first.
  timeoutSeconds                3 int32        =1 min=0  | Seconds that one may take.
  periodSeconds                 4 int32        =10 min=0 | Seconds between two.
  successThreshold              5 int32        =1 min=0  | Successes in a row that count as good.
  failureThreshold              6 int32        =3 min=0  | Failures in a row that count as bad.
  terminationGracePeriodSeconds 7 *int64       min=1     | Seconds to end in after this probe failed.

type SleepAction | A pause.
  seconds 1 int64 keep min=0 | How long.

type LifecycleHandler | What to do at a turn of the life cycle; exactly one of these.
  exec      1 *ExecAction      | Run a command.
  httpGet   2 *HTTPGetAction   | Ask over HTTP.
  tcpSocket 3 *TCPSocketAction | Has no effect.
  sleep     4 *SleepAction     | Pause.

type Lifecycle | What to do after the start and before the end.
  postStart  1 *LifecycleHandler | Right after the container was made.
  preStop    2 *LifecycleHandler | Before the container is told to end.
  stopSignal 3 *string           | Signal that tells it to end.

type Capabilities | Linux capabilities.
  add  1 []string | Given in addition.
  drop 2 []string | Taken away.

type SELinuxOptions | SELinux labels.
  user  1 string | User label.
  role  2 string | Role label.
  type  3 string | Type label.
  level 4 string | Level label.

type WindowsSecurityContextOptions | Settings for Windows.
  gmsaCredentialSpecName 1 *string | Name of the GMSA specification.
  gmsaCredentialSpec     2 *string | The GMSA specification.
  runAsUserName          3 *string | User to run as.
  hostProcess            4 *bool   | Run on the host itself?

type SeccompProfile | Which system calls are allowed.
  type             1 string  required enum=Unconfined,RuntimeDefault,Localhost | Which kind of profile.
  localhostProfile 2 *string | File of the profile, for Localhost.

type AppArmorProfile | Which AppArmor rules hold.
  type             1 string  required enum=Unconfined,RuntimeDefault,Localhost | Which kind of profile.
  localhostProfile 2 *string | Name of the profile, for Localhost.

type SecurityContext | What a container may do.
  capabilities              1 *Capabilities                  | Linux capabilities.
  privileged                2 *bool                          | Run with the rights of the host.
  seLinuxOptions            3 *SELinuxOptions                | SELinux labels.
  windowsOptions           10 *WindowsSecurityContextOptions | Settings for Windows.
  runAsUser                 4 *int64                         | User ID to run as.
  runAsGroup                8 *int64                         | Group ID to run as.
  runAsNonRoot              5 *bool                          | Refuse to run as user 0.
  readOnlyRootFilesystem    6 *bool                          | Root file system cannot be written.
  allowPrivilegeEscalation  7 *bool                          | May a process gain more rights than its parent?
  procMount                 9 *string                        enum=Default,Unmasked | How /proc is mounted.
  seccompProfile           11 *SeccompProfile                | Allowed system calls.
  appArmorProfile          12 *AppArmorProfile               | AppArmor rules.

type Container | A program that runs in the pod.
  name                      1 string                  required | Name, unique in the pod.
  image                     2 string                           | Image to run.
  command                   3 []string                         | Program, instead of the image's own.
  args                      4 []string                         | Arguments, instead of the image's own.
  workingDir                5 string                           | Directory to start in.
  ports                     6 []ContainerPort         list=map(containerPort,protocol) merge=containerPort | Ports that it listens on.
  envFrom                  19 []EnvFromSource                  | Objects whose keys become variables.
  env                       7 []EnvVar                merge=name | Environment variables.
  resources                 8 ResourceRequirements             | What it needs and may use.
  resizePolicy             23 []ContainerResizePolicy          | What a change of resources means.
  restartPolicy            24 *string                 enum=Always | Always makes an init container run beside the others.
  volumeMounts              9 []VolumeMount           merge=mountPath | Volumes it sees.
  volumeDevices            21 []VolumeDevice          merge=devicePath | Raw devices it sees.
  livenessProbe            10 *Probe                           | Failing restarts the container.
  readinessProbe           11 *Probe                           | Failing takes the pod out of services.
  startupProbe             22 *Probe                           | The other probes wait until this one succeeds.
  lifecycle                12 *Lifecycle                       | What to do after start and before end.
  terminationMessagePath   13 string                  =/dev/termination-log | File with a last message.
  terminationMessagePolicy 20 string                  =File enum=File,FallbackToLogsOnError | Where the last message comes from.
  imagePullPolicy          14 string                  enum=Always,Never,IfNotPresent | When to fetch the image.
  securityContext          15 *SecurityContext                 | What it may do.
  stdin                    16 bool                             | Keep a standard input open.
  stdinOnce                17 bool                             | Close standard input after the first client.
  tty                      18 bool                             | Give it a terminal.

type EphemeralContainerCommon | A container put into a running pod, without its target.
  name                      1 string                  required | Name, unique in the pod.
  image                     2 string                           | Image to run.
  command                   3 []string                         | Program, instead of the image's own.
  args                      4 []string                         | Arguments, instead of the image's own.
  workingDir                5 string                           | Directory to start in.
  ports                     6 []ContainerPort         list=map(containerPort,protocol) merge=containerPort | Ports that it listens on.
  envFrom                  19 []EnvFromSource                  | Objects whose keys become variables.
  env                       7 []EnvVar                merge=name | Environment variables.
  resources                 8 ResourceRequirements             | What it needs and may use.
  resizePolicy             23 []ContainerResizePolicy          | What a change of resources means.
  restartPolicy            24 *string                          | Always makes an init container run beside the others.
  volumeMounts              9 []VolumeMount           merge=mountPath | Volumes it sees.
  volumeDevices            21 []VolumeDevice          merge=devicePath | Raw devices it sees.
  livenessProbe            10 *Probe                           | Failing restarts the container.
  readinessProbe           11 *Probe                           | Failing takes the pod out of services.
  startupProbe             22 *Probe                           | The other probes wait until this one succeeds.
  lifecycle                12 *Lifecycle                       | What to do after start and before end.
  terminationMessagePath   13 string                  =/dev/termination-log | File with a last message.
  terminationMessagePolicy 20 string                  =File enum=File,FallbackToLogsOnError | Where the last message comes from.
  imagePullPolicy          14 string                  enum=Always,Never,IfNotPresent | When to fetch the image.
  securityContext          15 *SecurityContext                 | What it may do.
  stdin                    16 bool                             | Keep a standard input open.
  stdinOnce                17 bool                             | Close standard input after the first client.
  tty                      18 bool                             | Give it a terminal.

type EphemeralContainer | A container put into a running pod to look around.
  ...                 1 EphemeralContainerCommon
  targetContainerName 2 string                   | Container whose processes it sees.
)table";

}  // namespace

Family containers() {
  return {.group = "", .version = "v1", .package = "io.k8s.api.core.v1", .table = kTable, .types = container_rules()};
}

}  // namespace slipway::api::kinds
