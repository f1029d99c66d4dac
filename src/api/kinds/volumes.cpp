// Volumes of a pod, with every source that core/v1 defines.
#include "api/kinds/family.h"
#include "api/kinds/pod_rules.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type HostPathVolumeSource
  path 1 string  required
  type 2 *string = enum=,DirectoryOrCreate,Directory,FileOrCreate,File,Socket,CharDevice,BlockDevice

type EmptyDirVolumeSource
  medium    1 string
  sizeLimit 2 *quantity

type GCEPersistentDiskVolumeSource
  pdName    1 string required
  fsType    2 string
  partition 3 int32
  readOnly  4 bool

type AWSElasticBlockStoreVolumeSource
  volumeID  1 string required
  fsType    2 string
  partition 3 int32
  readOnly  4 bool

type GitRepoVolumeSource
  repository 1 string required
  revision   2 string
  directory  3 string

type KeyToPath
  key  1 string required
  path 2 string required
  mode 3 *int32 min=0 max=511

type SecretVolumeSource
  secretName  1 string
  items       2 []KeyToPath
  defaultMode 3 *int32      =420 min=0 max=511
  optional    4 *bool

type NFSVolumeSource
  server   1 string required
  path     2 string required
  readOnly 3 bool

type LocalObjectReference atomic
  name 1 string

type ISCSIVolumeSource
  targetPortal       1 string                required
  iqn                2 string                required
  lun                3 int32                 keep
  iscsiInterface     4 string                =default
  fsType             5 string
  readOnly           6 bool
  portals            7 []string
  chapAuthDiscovery  8 bool
  chapAuthSession   11 bool
  secretRef         10 *LocalObjectReference
  initiatorName     12 *string

type GlusterfsVolumeSource
  endpoints 1 string required
  path      2 string required
  readOnly  3 bool

type PersistentVolumeClaimVolumeSource
  claimName 1 string required
  readOnly  2 bool

type RBDVolumeSource
  monitors  1 []string              required
  image     2 string                required
  fsType    3 string
  pool      4 string                =rbd
  user      5 string                =admin
  keyring   6 string                =/etc/ceph/keyring
  secretRef 7 *LocalObjectReference
  readOnly  8 bool

type FlexVolumeSource
  driver    1 string                required
  fsType    2 string
  secretRef 3 *LocalObjectReference
  readOnly  4 bool
  options   5 {}string

type CinderVolumeSource
  volumeID  1 string                required
  fsType    2 string
  readOnly  3 bool
  secretRef 4 *LocalObjectReference

type CephFSVolumeSource
  monitors   1 []string              required
  path       2 string
  user       3 string
  secretFile 4 string
  secretRef  5 *LocalObjectReference
  readOnly   6 bool

type FlockerVolumeSource
  datasetName 1 string
  datasetUUID 2 string

type ObjectFieldSelector atomic
  apiVersion 1 string =v1
  fieldPath  2 string required

type ResourceFieldSelector atomic
  containerName 1 string
  resource      2 string   required
  divisor       3 quantity

type DownwardAPIVolumeFile
  path             1 string                 required
  fieldRef         2 *ObjectFieldSelector
  resourceFieldRef 3 *ResourceFieldSelector
  mode             4 *int32                 min=0 max=511

type DownwardAPIVolumeSource
  items       1 []DownwardAPIVolumeFile
  defaultMode 2 *int32                  =420 min=0 max=511

type FCVolumeSource
  targetWWNs 1 []string
  lun        2 *int32
  fsType     3 string
  readOnly   4 bool
  wwids      5 []string

type AzureFileVolumeSource
  secretName 1 string required
  shareName  2 string required
  readOnly   3 bool

type ConfigMapVolumeSource
  ...         1 LocalObjectReference
  items       2 []KeyToPath
  defaultMode 3 *int32               =420 min=0 max=511
  optional    4 *bool

type VsphereVirtualDiskVolumeSource
  volumePath        1 string required
  fsType            2 string
  storagePolicyName 3 string
  storagePolicyID   4 string

type QuobyteVolumeSource
  registry 1 string required
  volume   2 string required
  readOnly 3 bool
  user     4 string
  group    5 string
  tenant   6 string

type AzureDiskVolumeSource
  diskName    1 string  required
  diskURI     2 string  required
  cachingMode 3 *string =AzureDataDiskCachingReadWrite enum=None,ReadOnly,ReadWrite
  fsType      4 *string =ext4
  readOnly    5 *bool   =false
  kind        6 *string =AzureSharedBlobDisk enum=Shared,Dedicated,Managed

type PhotonPersistentDiskVolumeSource
  pdID   1 string required
  fsType 2 string

type SecretProjection
  ...      1 LocalObjectReference
  items    2 []KeyToPath
  optional 4 *bool

type DownwardAPIProjection
  items 1 []DownwardAPIVolumeFile

type ConfigMapProjection
  ...      1 LocalObjectReference
  items    2 []KeyToPath
  optional 4 *bool

type ServiceAccountTokenProjection
  audience          1 string
  expirationSeconds 2 *int64 =3600 min=600
  path              3 string required

type ClusterTrustBundleProjection
  name          1 *string
  signerName    2 *string
  labelSelector 3 *LabelSelector
  optional      5 *bool
  path          4 string         required

type VolumeProjection
  secret              1 *SecretProjection
  downwardAPI         2 *DownwardAPIProjection
  configMap           3 *ConfigMapProjection
  serviceAccountToken 4 *ServiceAccountTokenProjection
  clusterTrustBundle  5 *ClusterTrustBundleProjection

type ProjectedVolumeSource
  sources     1 []VolumeProjection
  defaultMode 2 *int32             =420 min=0 max=511

type PortworxVolumeSource
  volumeID 1 string required
  fsType   2 string
  readOnly 3 bool

type ScaleIOVolumeSource
  gateway           1 string                required
  system            2 string                required
  secretRef         3 *LocalObjectReference
  sslEnabled        4 bool
  protectionDomain  5 string
  storagePool       6 string
  storageMode       7 string                =ThinProvisioned
  volumeName        8 string
  fsType            9 string                =xfs
  readOnly         10 bool

type StorageOSVolumeSource
  volumeName      1 string
  volumeNamespace 2 string
  fsType          3 string
  readOnly        4 bool
  secretRef       5 *LocalObjectReference

type CSIVolumeSource
  driver               1 string                required
  readOnly             2 *bool
  fsType               3 *string
  volumeAttributes     4 {}string
  nodePublishSecretRef 5 *LocalObjectReference

type VolumeResourceRequirements
  limits   1 {}quantity
  requests 2 {}quantity

type TypedLocalObjectReference atomic
  apiGroup 1 *string
  kind     2 string  required
  name     3 string  required

type TypedObjectReference
  apiGroup  1 *string
  kind      2 string  required
  name      3 string  required
  namespace 4 *string

type PersistentVolumeClaimSpec
  accessModes               1 []string                   enum=ReadWriteOnce,ReadOnlyMany,ReadWriteMany,ReadWriteOncePod
  selector                  4 *LabelSelector
  resources                 2 VolumeResourceRequirements
  volumeName                3 string
  storageClassName          5 *string
  volumeMode                6 *string                    =Filesystem enum=Block,Filesystem
  dataSource                7 *TypedLocalObjectReference
  dataSourceRef             8 *TypedObjectReference
  volumeAttributesClassName 9 *string

type PersistentVolumeClaimTemplate
  metadata 1 ObjectMeta
  spec     2 PersistentVolumeClaimSpec required

type EphemeralVolumeSource
  volumeClaimTemplate 1 *PersistentVolumeClaimTemplate

type ImageVolumeSource
  reference  1 string
  pullPolicy 2 string enum=Always,Never,IfNotPresent

type VolumeSource
  hostPath               1 *HostPathVolumeSource
  emptyDir               2 *EmptyDirVolumeSource
  gcePersistentDisk      3 *GCEPersistentDiskVolumeSource
  awsElasticBlockStore   4 *AWSElasticBlockStoreVolumeSource
  gitRepo                5 *GitRepoVolumeSource
  secret                 6 *SecretVolumeSource
  nfs                    7 *NFSVolumeSource
  iscsi                  8 *ISCSIVolumeSource
  glusterfs              9 *GlusterfsVolumeSource
  persistentVolumeClaim 10 *PersistentVolumeClaimVolumeSource
  rbd                   11 *RBDVolumeSource
  flexVolume            12 *FlexVolumeSource
  cinder                13 *CinderVolumeSource
  cephfs                14 *CephFSVolumeSource
  flocker               15 *FlockerVolumeSource
  downwardAPI           16 *DownwardAPIVolumeSource
  fc                    17 *FCVolumeSource
  azureFile             18 *AzureFileVolumeSource
  configMap             19 *ConfigMapVolumeSource
  vsphereVolume         20 *VsphereVirtualDiskVolumeSource
  quobyte               21 *QuobyteVolumeSource
  azureDisk             22 *AzureDiskVolumeSource
  photonPersistentDisk  23 *PhotonPersistentDiskVolumeSource
  projected             26 *ProjectedVolumeSource
  portworxVolume        24 *PortworxVolumeSource
  scaleIO               25 *ScaleIOVolumeSource
  storageos             27 *StorageOSVolumeSource
  csi                   28 *CSIVolumeSource
  ephemeral             29 *EphemeralVolumeSource
  image                 30 *ImageVolumeSource

type Volume
  name 1 string       required
  ...  2 VolumeSource
)table";

}  // namespace

Family volumes() {
  return {.group = "", .version = "v1", .package = "io.k8s.api.core.v1", .table = kTable, .types = volume_rules()};
}

}  // namespace slipway::api::kinds
