// Questions about oneself: who am I, and what may I do (authentication.k8s.io/v1, authorization.k8s.io/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kAuthorization = R"table(
type FieldSelectorRequirement
  key      1 string   required
  operator 2 string   required
  values   3 []string

type FieldSelectorAttributes
  rawSelector  1 string
  requirements 2 []FieldSelectorRequirement

type LabelSelectorAttributes
  rawSelector  1 string
  requirements 2 []LabelSelectorRequirement

type ResourceAttributes
  namespace     1 string
  verb          2 string
  group         3 string
  version       4 string
  resource      5 string
  subresource   6 string
  name          7 string
  fieldSelector 8 *FieldSelectorAttributes
  labelSelector 9 *LabelSelectorAttributes

type NonResourceAttributes
  path 1 string
  verb 2 string

type SelfSubjectAccessReviewSpec
  resourceAttributes    1 *ResourceAttributes
  nonResourceAttributes 2 *NonResourceAttributes

type SubjectAccessReviewStatus
  allowed         1 bool   keep
  denied          4 bool
  reason          2 string
  evaluationError 3 string

kind SelfSubjectAccessReview selfsubjectaccessreviews cluster virtual=create
  spec     2 SelfSubjectAccessReviewSpec required
  status   3 SubjectAccessReviewStatus

type SubjectAccessReviewSpec
  resourceAttributes    1 *ResourceAttributes
  nonResourceAttributes 2 *NonResourceAttributes
  user                  3 string
  groups                4 []string
  extra                 5 {}[]string
  uid                   6 string

kind SubjectAccessReview subjectaccessreviews cluster virtual=create
  spec     2 SubjectAccessReviewSpec required
  status   3 SubjectAccessReviewStatus

type SelfSubjectRulesReviewSpec
  namespace 1 string

type ResourceRule
  verbs         1 []string required
  apiGroups     2 []string
  resources     3 []string
  resourceNames 4 []string

type NonResourceRule
  verbs           1 []string required
  nonResourceURLs 2 []string

type SubjectRulesReviewStatus
  resourceRules    1 []ResourceRule    keep
  nonResourceRules 2 []NonResourceRule keep
  incomplete       3 bool              keep
  evaluationError  4 string

kind SelfSubjectRulesReview selfsubjectrulesreviews cluster virtual=create
  spec     2 SelfSubjectRulesReviewSpec required
  status   3 SubjectRulesReviewStatus
)table";

constexpr std::string_view kAuthentication = R"table(
type UserInfo
  username 1 string
  uid      2 string
  groups   3 []string
  extra    4 {}[]string

type SelfSubjectReviewStatus
  userInfo 1 UserInfo

kind SelfSubjectReview selfsubjectreviews cluster virtual=create
  status   2 SelfSubjectReviewStatus
)table";

}  // namespace

Family authorization() {
  return {.group = "authorization.k8s.io", .version = "v1", .package = "io.k8s.api.authorization.v1", .table = kAuthorization};
}

Family authentication() {
  return {.group = "authentication.k8s.io", .version = "v1", .package = "io.k8s.api.authentication.v1", .table = kAuthentication};
}

}  // namespace slipway::api::kinds
