// Roles and who has them (rbac.authorization.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/core_rules.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type PolicyRule
  verbs           1 []string required
  apiGroups       2 []string
  resources       3 []string
  resourceNames   4 []string
  nonResourceURLs 5 []string

type Subject atomic
  kind      1 string required enum=User,Group,ServiceAccount
  apiGroup  2 string
  name      3 string required
  namespace 4 string

type RoleRef atomic
  apiGroup 1 string =rbac.authorization.k8s.io
  kind     2 string required enum=Role,ClusterRole
  name     3 string required

type AggregationRule
  clusterRoleSelectors 1 []LabelSelector

kind Role roles name=path
  rules    2 []PolicyRule

kind RoleBinding rolebindings name=path
  subjects 2 []Subject
  roleRef  3 RoleRef    required immutable

kind ClusterRole clusterroles cluster name=path
  rules           2 []PolicyRule
  aggregationRule 3 *AggregationRule

kind ClusterRoleBinding clusterrolebindings cluster name=path
  subjects 2 []Subject
  roleRef  3 RoleRef    required immutable
)table";

}  // namespace

Family rbac() {
  return {.group = "rbac.authorization.k8s.io", .version = "v1", .package = "io.k8s.api.rbac.v1", .table = kTable,
          .types = {{"RoleBinding", {.complete = complete_role_binding}}, {"ClusterRoleBinding", {.complete = complete_role_binding}}},
          .kinds = {{"Role", {.columns = role_columns()}},
                    {"ClusterRole", {.columns = role_columns()}},
                    {"RoleBinding", {.columns = role_binding_columns()}},
                    {"ClusterRoleBinding", {.columns = role_binding_columns()}}}};
}

}  // namespace slipway::api::kinds
