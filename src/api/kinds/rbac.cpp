// Roles and who has them (rbac.authorization.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/core_rules.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type PolicyRule | What may be done with what.
  verbs           1 []string required | Verbs; * for all.
  apiGroups       2 []string          | API groups; * for all.
  resources       3 []string          | Resources; * for all.
  resourceNames   4 []string          | Only objects of these names.
  nonResourceURLs 5 []string          | URLs that are no resources.

type Subject atomic | Who gets the rights.
  kind      1 string required enum=User,Group,ServiceAccount | User, Group or ServiceAccount.
  apiGroup  2 string                                         | API group of the kind.
  name      3 string required                                | Name.
  namespace 4 string                                         | Namespace, for service accounts.

type RoleRef atomic | Which role is granted.
  apiGroup 1 string =rbac.authorization.k8s.io     | API group of the role.
  kind     2 string required enum=Role,ClusterRole | Role or ClusterRole.
  name     3 string required                       | Name of the role.

type AggregationRule | Makes a role of others.
  clusterRoleSelectors 1 []LabelSelector | Labels of the roles that are put together.

kind Role roles name=path | Rights in a namespace.
  rules    2 []PolicyRule | The rights.

kind RoleBinding rolebindings name=path | Grants rights in a namespace.
  subjects 2 []Subject                     | Who gets them.
  roleRef  3 RoleRef    required immutable | Which role; fixed after creation.

kind ClusterRole clusterroles cluster name=path | Rights in the whole cluster.
  rules           2 []PolicyRule     | The rights.
  aggregationRule 3 *AggregationRule | Puts it together from other roles.

kind ClusterRoleBinding clusterrolebindings cluster name=path | Grants rights in the whole cluster.
  subjects 2 []Subject                     | Who gets them.
  roleRef  3 RoleRef    required immutable | Which role; fixed after creation.
)table";

}  // namespace

Family rbac() {
  return {.group = "rbac.authorization.k8s.io",
          .version = "v1",
          .package = "io.k8s.api.rbac.v1",
          .table = kTable,
          .types = {{"RoleBinding", {.complete = complete_role_binding}},
                    {"ClusterRoleBinding", {.complete = complete_role_binding}}},
          .kinds = {{"Role", {.columns = role_columns()}},
                    {"ClusterRole", {.columns = role_columns()}},
                    {"RoleBinding", {.columns = role_binding_columns()}},
                    {"ClusterRoleBinding", {.columns = role_binding_columns()}}}};
}

}  // namespace slipway::api::kinds
