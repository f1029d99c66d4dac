// Metadata and selectors, as every kind has them (meta.k8s.io/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type OwnerReference atomic
  apiVersion         5 string required
  kind               1 string required
  name               3 string required
  uid                4 string required
  controller         6 *bool
  blockOwnerDeletion 7 *bool

type ManagedFieldsEntry
  manager     1 string
  operation   2 string
  apiVersion  3 string
  time        4 *time
  fieldsType  6 string
  fieldsV1    7 *fields
  subresource 8 string

type ObjectMeta
  name                        1 string
  generateName                2 string
  namespace                   3 string
  selfLink                    4 string
  uid                         5 string
  resourceVersion             6 string
  generation                  7 int64
  creationTimestamp           8 time
  deletionTimestamp           9 *time
  deletionGracePeriodSeconds 10 *int64
  labels                     11 {}string
  annotations                12 {}string
  ownerReferences            13 []OwnerReference     merge=uid
  finalizers                 14 []string             set merge
  managedFields              17 []ManagedFieldsEntry

type LabelSelectorRequirement
  key      1 string   required
  operator 2 string   required enum=In,NotIn,Exists,DoesNotExist
  values   3 []string

type LabelSelector atomic
  matchLabels      1 {}string
  matchExpressions 2 []LabelSelectorRequirement

type Condition
  type               1 string keep
  status             2 string keep enum=True,False,Unknown
  observedGeneration 3 int64  min=0
  lastTransitionTime 4 time   keep
  reason             5 string keep
  message            6 string keep

type Preconditions
  uid             1 *string
  resourceVersion 2 *string

kind DeleteOptions deleteoptions virtual= bare
  gracePeriodSeconds 1 *int64 min=0
  preconditions      2 *Preconditions
  orphanDependents   3 *bool
  propagationPolicy  4 *string enum=Orphan,Background,Foreground
  dryRun             5 []string enum=All
  ignoreStoreReadErrorWithClusterBreakingPotential 6 *bool
)table";

}  // namespace

Family meta() {
  return {.group = "", .version = "v1", .package = "io.k8s.apimachinery.pkg.apis.meta.v1", .table = kTable};
}

}  // namespace slipway::api::kinds
