// Volumes of a pod, with every source that core/v1 defines.
#include "api/kinds/columns.h"
#include "api/kinds/family.h"
#include "api/kinds/pod_rules.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type HostPathVolumeSource | A file or directory of the node.
  path 1 string  required | Path on the node.
  type 2 *string = enum=,DirectoryOrCreate,Directory,FileOrCreate,File,Socket,CharDevice,BlockDevice | What must be there, or is created.

type EmptyDirVolumeSource | An empty directory that lives as long as the pod.
  medium    1 string    | Memory for a memory file system; else the node's disk.
  sizeLimit 2 *quantity | Most that may be stored.

type GCEPersistentDiskVolumeSource | A disk of Google Compute Engine.
  pdName    1 string required | Name of the disk.
  fsType    2 string          | File system of the volume, such as ext4.
  partition 3 int32           | Partition to mount; 0 for the whole disk.
  readOnly  4 bool            | Mount it read-only.

type AWSElasticBlockStoreVolumeSource | An EBS disk of AWS.
  volumeID  1 string required | ID of the volume at its provider.
  fsType    2 string          | File system of the volume, such as ext4.
  partition 3 int32           | Partition to mount; 0 for the whole disk.
  readOnly  4 bool            | Mount it read-only.

type GitRepoVolumeSource | A clone of a repository; no longer recommended.
  repository 1 string required | URL to clone.
  revision   2 string          | Commit to check out.
  directory  3 string          | Directory to clone into.

type KeyToPath | Puts one key at a path.
  key  1 string required      | Key in the source.
  path 2 string required      | Relative path of the file.
  mode 3 *int32 min=0 max=511 | Permission bits of the file.

type SecretVolumeSource | Files from a Secret.
  secretName  1 string                         | Name of the Secret.
  items       2 []KeyToPath                    | Only these keys, at these paths.
  defaultMode 3 *int32      =420 min=0 max=511 | Permission bits of files that set none of their own.
  optional    4 *bool                          | May the source be missing?

type NFSVolumeSource | An NFS export.
  server   1 string required | Host name or address of the server.
  path     2 string required | Exported path.
  readOnly 3 bool            | Mount it read-only.

type LocalObjectReference atomic | An object in the same namespace.
  name 1 string | Name of the object.

type ISCSIVolumeSource | A disk over iSCSI.
  targetPortal       1 string                required | Address of the target.
  iqn                2 string                required | Qualified name of the target.
  lun                3 int32                 keep     | Number of the unit.
  iscsiInterface     4 string                =default | Initiator interface to use.
  fsType             5 string                         | File system of the volume, such as ext4.
  readOnly           6 bool                           | Mount it read-only.
  portals            7 []string                       | Further addresses.
  chapAuthDiscovery  8 bool                           | Use CHAP for discovery.
  chapAuthSession   11 bool                           | Use CHAP for sessions.
  secretRef         10 *LocalObjectReference          | Secret with the credentials.
  initiatorName     12 *string                        | Own initiator name.

type GlusterfsVolumeSource | A Gluster volume.
  endpoints 1 string required | Endpoints of the servers.
  path      2 string required | Name of the volume.
  readOnly  3 bool            | Mount it read-only.

type PersistentVolumeClaimVolumeSource | A volume that was claimed.
  claimName 1 string required | Name of the claim.
  readOnly  2 bool            | Mount it read-only.

type RBDVolumeSource | A Ceph block device.
  monitors  1 []string              required           | Addresses of the monitors.
  image     2 string                required           | Image name.
  fsType    3 string                                   | File system of the volume, such as ext4.
  pool      4 string                =rbd               | Pool name.
  user      5 string                =admin             | User name.
  keyring   6 string                =/etc/ceph/keyring | Path of the key ring.
  secretRef 7 *LocalObjectReference                    | Secret with the credentials.
  readOnly  8 bool                                     | Mount it read-only.

type FlexVolumeSource | A volume of a FlexVolume driver.
  driver    1 string                required | Name of the driver.
  fsType    2 string                         | File system of the volume, such as ext4.
  secretRef 3 *LocalObjectReference          | Secret with the credentials.
  readOnly  4 bool                           | Mount it read-only.
  options   5 {}string                       | Options for the driver.

type CinderVolumeSource | An OpenStack block volume.
  volumeID  1 string                required | ID of the volume at its provider.
  fsType    2 string                         | File system of the volume, such as ext4.
  readOnly  3 bool                           | Mount it read-only.
  secretRef 4 *LocalObjectReference          | Secret with the credentials.

type CephFSVolumeSource | A Ceph file system.
  monitors   1 []string              required | Addresses of the monitors.
  path       2 string                         | Path inside it.
  user       3 string                         | User name.
  secretFile 4 string                         | Path of the key ring.
  secretRef  5 *LocalObjectReference          | Secret with the credentials.
  readOnly   6 bool                           | Mount it read-only.

type FlockerVolumeSource | A Flocker volume.
  datasetName 1 string | Name of the data set.
  datasetUUID 2 string | UUID of the data set.

type ObjectFieldSelector atomic | A field of the pod itself.
  apiVersion 1 string =v1      | API version of the path.
  fieldPath  2 string required | Path of the field, such as metadata.name.

type ResourceFieldSelector atomic | A resource amount of a container.
  containerName 1 string            | Container; in volumes only.
  resource      2 string   required | Resource, such as limits.cpu.
  divisor       3 quantity          | Unit to give the amount in.

type DownwardAPIVolumeFile | A file with a fact about the pod.
  path             1 string                 required      | Relative path of the file.
  fieldRef         2 *ObjectFieldSelector                 | A field of the pod.
  resourceFieldRef 3 *ResourceFieldSelector               | A resource amount of a container.
  mode             4 *int32                 min=0 max=511 | Permission bits of the file.

type DownwardAPIVolumeSource | Files with facts about the pod.
  items       1 []DownwardAPIVolumeFile                    | The files.
  defaultMode 2 *int32                  =420 min=0 max=511 | Permission bits of files that set none of their own.

type FCVolumeSource | A Fibre Channel disk.
  targetWWNs 1 []string | World wide names of the target.
  lun        2 *int32   | Number of the unit.
  fsType     3 string   | File system of the volume, such as ext4.
  readOnly   4 bool     | Mount it read-only.
  wwids      5 []string | World wide identifiers.

type AzureFileVolumeSource | A file share of Azure.
  secretName 1 string required | Secret with account and key.
  shareName  2 string required | Name of the share.
  readOnly   3 bool            | Mount it read-only.

type ConfigMapVolumeSource | Files from a ConfigMap.
  ...         1 LocalObjectReference
  items       2 []KeyToPath                             | Only these keys, at these paths.
  defaultMode 3 *int32               =420 min=0 max=511 | Permission bits of files that set none of their own.
  optional    4 *bool                                   | May the source be missing?

type VsphereVirtualDiskVolumeSource | A vSphere disk.
  volumePath        1 string required | Path of the disk.
  fsType            2 string          | File system of the volume, such as ext4.
  storagePolicyName 3 string          | Storage policy by name.
  storagePolicyID   4 string          | Storage policy by ID.

type QuobyteVolumeSource | A Quobyte volume.
  registry 1 string required | Addresses of the registry.
  volume   2 string required | Name of the volume.
  readOnly 3 bool            | Mount it read-only.
  user     4 string          | User to map access to.
  group    5 string          | Group to map access to.
  tenant   6 string          | Tenant that owns it.

type AzureDiskVolumeSource | A disk of Azure.
  diskName    1 string  required | Name of the disk.
  diskURI     2 string  required | URI of the disk.
  cachingMode 3 *string =AzureDataDiskCachingReadWrite enum=None,ReadOnly,ReadWrite | Caching by the host.
  fsType      4 *string =ext4    | File system of the volume, such as ext4.
  readOnly    5 *bool   =false   | Mount it read-only.
  kind        6 *string =AzureSharedBlobDisk enum=Shared,Dedicated,Managed | Kind of disk account.

type PhotonPersistentDiskVolumeSource | A disk of Photon Controller.
  pdID   1 string required | ID of the disk.
  fsType 2 string          | File system of the volume, such as ext4.

type SecretProjection | Keys of a Secret.
  ...      1 LocalObjectReference
  items    2 []KeyToPath          | Only these keys, at these paths.
  optional 4 *bool                | May the source be missing?

type DownwardAPIProjection | Facts about the pod.
  items 1 []DownwardAPIVolumeFile | The files.

type ConfigMapProjection | Keys of a ConfigMap.
  ...      1 LocalObjectReference
  items    2 []KeyToPath          | Only these keys, at these paths.
  optional 4 *bool                | May the source be missing?

type ServiceAccountTokenProjection | A token of the pod's service account.
  audience          1 string               | Who the token is for.
  expirationSeconds 2 *int64 =3600 min=600 | How long it lasts.
  path              3 string required      | Relative path of the file.

type ClusterTrustBundleProjection | Trusted certificates.
  name          1 *string                 | One bundle by name.
  signerName    2 *string                 | All bundles of this signer.
  labelSelector 3 *LabelSelector          | Which labels to match.
  optional      5 *bool                   | May the source be missing?
  path          4 string         required | Relative path of the file.

type VolumeProjection | One source of a projected volume.
  secret              1 *SecretProjection              | Keys of a Secret.
  downwardAPI         2 *DownwardAPIProjection         | Facts about the pod.
  configMap           3 *ConfigMapProjection           | Keys of a ConfigMap.
  serviceAccountToken 4 *ServiceAccountTokenProjection | A token of the service account.
  clusterTrustBundle  5 *ClusterTrustBundleProjection  | Trusted certificates.

type ProjectedVolumeSource | Several sources in one directory.
  sources     1 []VolumeProjection                    | The sources.
  defaultMode 2 *int32             =420 min=0 max=511 | Permission bits of files that set none of their own.

type PortworxVolumeSource | A Portworx volume.
  volumeID 1 string required | ID of the volume at its provider.
  fsType   2 string          | File system of the volume, such as ext4.
  readOnly 3 bool            | Mount it read-only.

type ScaleIOVolumeSource | A ScaleIO volume.
  gateway           1 string                required         | Address of the gateway.
  system            2 string                required         | Name of the storage system.
  secretRef         3 *LocalObjectReference                  | Secret with the credentials.
  sslEnabled        4 bool                                   | Talk TLS to the gateway.
  protectionDomain  5 string                                 | Protection domain.
  storagePool       6 string                                 | Storage pool.
  storageMode       7 string                =ThinProvisioned | Thick or thin provisioning.
  volumeName        8 string                                 | Name of the volume.
  fsType            9 string                =xfs             | File system of the volume, such as ext4.
  readOnly         10 bool                                   | Mount it read-only.

type StorageOSVolumeSource | A StorageOS volume.
  volumeName      1 string                | Name of the volume.
  volumeNamespace 2 string                | Namespace of the volume in StorageOS.
  fsType          3 string                | File system of the volume, such as ext4.
  readOnly        4 bool                  | Mount it read-only.
  secretRef       5 *LocalObjectReference | Secret with the credentials.

type CSIVolumeSource | A volume of a CSI driver that lives as long as the pod.
  driver               1 string                required | Name of the driver.
  readOnly             2 *bool                          | Mount it read-only.
  fsType               3 *string                        | File system of the volume, such as ext4.
  volumeAttributes     4 {}string                       | Options for the driver.
  nodePublishSecretRef 5 *LocalObjectReference          | Secret for mounting.

type VolumeResourceRequirements | How much storage.
  limits   1 {}quantity | Most of it.
  requests 2 {}quantity | Least of it.

type TypedLocalObjectReference atomic | An object of any kind in the same namespace.
  apiGroup 1 *string          | API group.
  kind     2 string  required | Kind.
  name     3 string  required | Name.

type TypedObjectReference | An object of any kind.
  apiGroup  1 *string          | API group.
  kind      2 string  required | Kind.
  name      3 string  required | Name.
  namespace 4 *string          | Namespace; the own one if empty.

type PersistentVolumeClaimSpec | A wish for storage.
  accessModes               1 []string                   enum=ReadWriteOnce,ReadOnlyMany,ReadWriteMany,ReadWriteOncePod | How it is mounted.
  selector                  4 *LabelSelector             | Labels of the volumes to choose from.
  resources                 2 VolumeResourceRequirements | How much.
  volumeName                3 string                     | A certain volume.
  storageClassName          5 *string                    | Storage class.
  volumeMode                6 *string                    =Filesystem enum=Block,Filesystem | File system or raw block device.
  dataSource                7 *TypedLocalObjectReference | What to fill it with, in the same namespace.
  dataSourceRef             8 *TypedObjectReference      | What to fill it with.
  volumeAttributesClassName 9 *string                    | Class of changeable attributes.

type PersistentVolumeClaimCondition | One observed fact about a claim.
  type               1 string keep | Resizing, FileSystemResizePending and others.
  status             2 string keep | True, False or Unknown.
  lastProbeTime      3 time        | When it was last asked for.
  lastTransitionTime 4 time        | When the status last changed.
  reason             5 string      | Why, as one CamelCase word.
  message            6 string      | Why, for people.

type ModifyVolumeStatus | A change of attributes that is under way.
  targetVolumeAttributesClassName 1 string      | Class that it shall get.
  status                          2 string keep | Pending, InProgress or Infeasible.

type PersistentVolumeClaimStatus | A claim as it is.
  phase                            1 string                           =Pending | Pending, Bound or Lost.
  accessModes                      2 []string                                  | How it can be mounted.
  capacity                         3 {}quantity                                | What there is.
  conditions                       4 []PersistentVolumeClaimCondition merge=type | Observed facts.
  allocatedResources               5 {}quantity                                | What was set aside for a resize.
  allocatedResourceStatuses        7 {}string                                  | How far resizes are.
  currentVolumeAttributesClassName 8 *string                                   | Class of changeable attributes in use.
  modifyVolumeStatus               9 *ModifyVolumeStatus                       | A change of attributes.

kind PersistentVolumeClaim persistentvolumeclaims short=pvc status | A claim to storage that outlives pods.
  spec   2 PersistentVolumeClaimSpec       | What is wanted.
  status 3 PersistentVolumeClaimStatus ={} | What was observed last.

type PersistentVolumeClaimTemplate | A claim to make for a pod.
  metadata 1 ObjectMeta                         | Labels and annotations of the claim.
  spec     2 PersistentVolumeClaimSpec required | What is wanted.

type EphemeralVolumeSource | A claimed volume that lives as long as the pod.
  volumeClaimTemplate 1 *PersistentVolumeClaimTemplate | The claim to make.

type ImageVolumeSource | The files of an image.
  reference  1 string                                | Image name.
  pullPolicy 2 string enum=Always,Never,IfNotPresent | When to fetch the image.

type VolumeSource | Where a volume's files come from; exactly one of these.
  hostPath               1 *HostPathVolumeSource              | Path on the node.
  emptyDir               2 *EmptyDirVolumeSource              | Empty directory, gone with the pod.
  gcePersistentDisk      3 *GCEPersistentDiskVolumeSource     | Google disk.
  awsElasticBlockStore   4 *AWSElasticBlockStoreVolumeSource  | AWS disk.
  gitRepo                5 *GitRepoVolumeSource               | Clone of a repository.
  secret                 6 *SecretVolumeSource                | Files from a Secret.
  nfs                    7 *NFSVolumeSource                   | NFS export.
  iscsi                  8 *ISCSIVolumeSource                 | iSCSI disk.
  glusterfs              9 *GlusterfsVolumeSource             | Gluster volume.
  persistentVolumeClaim 10 *PersistentVolumeClaimVolumeSource | Claimed volume.
  rbd                   11 *RBDVolumeSource                   | Ceph block device.
  flexVolume            12 *FlexVolumeSource                  | FlexVolume driver.
  cinder                13 *CinderVolumeSource                | OpenStack volume.
  cephfs                14 *CephFSVolumeSource                | Ceph file system.
  flocker               15 *FlockerVolumeSource               | Flocker volume.
  downwardAPI           16 *DownwardAPIVolumeSource           | Facts about the pod.
  fc                    17 *FCVolumeSource                    | Fibre Channel disk.
  azureFile             18 *AzureFileVolumeSource             | Azure file share.
  configMap             19 *ConfigMapVolumeSource             | Files from a ConfigMap.
  vsphereVolume         20 *VsphereVirtualDiskVolumeSource    | vSphere disk.
  quobyte               21 *QuobyteVolumeSource               | Quobyte volume.
  azureDisk             22 *AzureDiskVolumeSource             | Azure disk.
  photonPersistentDisk  23 *PhotonPersistentDiskVolumeSource  | Photon disk.
  projected             26 *ProjectedVolumeSource             | Several sources in one directory.
  portworxVolume        24 *PortworxVolumeSource              | Portworx volume.
  scaleIO               25 *ScaleIOVolumeSource               | ScaleIO volume.
  storageos             27 *StorageOSVolumeSource             | StorageOS volume.
  csi                   28 *CSIVolumeSource                   | CSI driver.
  ephemeral             29 *EphemeralVolumeSource             | Claimed volume, gone with the pod.
  image                 30 *ImageVolumeSource                 | Files of an image.

type Volume | Files that containers of the pod can mount.
  name 1 string       required | Name that mounts use.
  ...  2 VolumeSource
)table";

}  // namespace

Family volumes() {
  return {
      .group = "",
      .version = "v1",
      .package = "io.k8s.api.core.v1",
      .table = kTable,
      .types = volume_rules(),
      .kinds = {{"PersistentVolumeClaim", {.columns = claim_columns(), .check = check_claim, .begin = begin_claim}}}};
}

}  // namespace slipway::api::kinds
