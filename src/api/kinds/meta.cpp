// Metadata and selectors, as every kind has them (meta.k8s.io/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type OwnerReference atomic | An object that this one belongs to: when all owners are gone, it is deleted too.
  apiVersion         5 string required | API version of the owner.
  kind               1 string required | Kind of the owner.
  name               3 string required | Name of the owner.
  uid                4 string required | UID of the owner, so that a namesake does not count.
  controller         6 *bool           | Is this the one owner that manages the object?
  blockOwnerDeletion 7 *bool           | Does a foreground deletion of the owner wait for this object?

type ManagedFieldsEntry | Which fields one manager has written.
  manager     1 string  | Who wrote them.
  operation   2 string  | Apply or Update.
  apiVersion  3 string  | API version that the field paths are in.
  time        4 *time   | When the manager last changed one of them.
  fieldsType  6 string  | Format of the set; always FieldsV1.
  fieldsV1    7 *fields | The set of fields, as a tree.
  subresource 8 string  | Subresource they were written through; empty for the object itself.

type ObjectMeta | What every stored object has.
  name                        1 string                         | Name, unique among objects of its kind in the namespace.
  generateName                2 string                         | Start of a name that the server completes.
  namespace                   3 string                         | Namespace it lives in; empty for cluster-wide kinds.
  selfLink                    4 string                         | No longer filled in.
  uid                         5 string                         | Identity in time and space, given by the server.
  resourceVersion             6 string                         | Opaque version for optimistic locking and watches.
  generation                  7 int64                          | Counts the changes of what is wanted.
  creationTimestamp           8 time                           | When it was created.
  deletionTimestamp           9 *time                          | When it goes, once deletion was asked for.
  deletionGracePeriodSeconds 10 *int64                         | Seconds it may still take to end.
  labels                     11 {}string                       | Short texts to select objects by.
  annotations                12 {}string                       | Free texts that tools keep with the object.
  ownerReferences            13 []OwnerReference     merge=uid | Objects it belongs to.
  finalizers                 14 []string             set merge | Names of those who must act before it can be removed.
  managedFields              17 []ManagedFieldsEntry           | Who has written which fields.

type LabelSelectorRequirement | One rule about a label.
  key      1 string   required | Label key.
  operator 2 string   required enum=In,NotIn,Exists,DoesNotExist | How values are compared: In, NotIn, Exists, DoesNotExist.
  values   3 []string          | Values for In and NotIn.

type LabelSelector atomic | Chooses objects by labels; all rules must hold.
  matchLabels      1 {}string                   | Labels that must have exactly these values.
  matchExpressions 2 []LabelSelectorRequirement | Further rules.

type Condition | One observed fact.
  type               1 string keep                         | What the fact is about.
  status             2 string keep enum=True,False,Unknown | True, False or Unknown.
  observedGeneration 3 int64  min=0                        | Generation of the object that this was observed for.
  lastTransitionTime 4 time   keep                         | When the status last changed.
  reason             5 string keep                         | Why, as one CamelCase word.
  message            6 string keep                         | Why, for people.

type Preconditions | What must hold for a deletion to happen.
  uid             1 *string | The object's UID.
  resourceVersion 2 *string | The object's resource version.

kind DeleteOptions deleteoptions virtual= bare | How to delete.
  gracePeriodSeconds 1 *int64 min=0                        | Seconds to end in; 0 at once.
  preconditions      2 *Preconditions                      | Delete only if these hold.
  orphanDependents   3 *bool                               | Older way to say propagationPolicy.
  propagationPolicy  4 *string enum=Orphan,Background,Foreground | What happens to objects owned by this one.
  dryRun             5 []string enum=All                   | All: do everything but delete.
  ignoreStoreReadErrorWithClusterBreakingPotential 6 *bool | Delete even what cannot be read.
)table";

}  // namespace

Family meta() {
  return {.group = "", .version = "v1", .package = "io.k8s.apimachinery.pkg.apis.meta.v1", .table = kTable};
}

}  // namespace slipway::api::kinds
