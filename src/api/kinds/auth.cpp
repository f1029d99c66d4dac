// Questions about oneself: who am I, and what may I do (authentication.k8s.io/v1, authorization.k8s.io/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kAuthorization = R"table(
type FieldSelectorRequirement | One rule about a field.
  key      1 string   required | Field.
  operator 2 string   required | How values are compared.
  values   3 []string          | Values to compare with.

type FieldSelectorAttributes | Field selector of a list.
  rawSelector  1 string                     | As text.
  requirements 2 []FieldSelectorRequirement | As rules.

type LabelSelectorAttributes | Label selector of a list.
  rawSelector  1 string                     | As text.
  requirements 2 []LabelSelectorRequirement | As rules.

type ResourceAttributes | A request for a resource.
  namespace     1 string                   | Namespace; empty for all.
  verb          2 string                   | Verb.
  group         3 string                   | API group.
  version       4 string                   | API version.
  resource      5 string                   | Resource.
  subresource   6 string                   | Subresource.
  name          7 string                   | Object; empty for all.
  fieldSelector 8 *FieldSelectorAttributes | Field selector of a list.
  labelSelector 9 *LabelSelectorAttributes | Label selector of a list.

type NonResourceAttributes | A request for a URL that is no resource.
  path 1 string | Path.
  verb 2 string | Verb.

type SelfSubjectAccessReviewSpec | What is asked.
  resourceAttributes    1 *ResourceAttributes    | A resource.
  nonResourceAttributes 2 *NonResourceAttributes | A URL.

type SubjectAccessReviewStatus | The answer.
  allowed         1 bool   keep | Yes?
  denied          4 bool        | Certainly no?
  reason          2 string      | Why, as one CamelCase word.
  evaluationError 3 string      | What went wrong in finding out.

kind SelfSubjectAccessReview selfsubjectaccessreviews cluster virtual=create | May I do this?
  spec     2 SelfSubjectAccessReviewSpec required | What is wanted.
  status   3 SubjectAccessReviewStatus            | What was observed last.

type SubjectAccessReviewSpec | What is asked, and for whom.
  resourceAttributes    1 *ResourceAttributes    | A resource.
  nonResourceAttributes 2 *NonResourceAttributes | A URL.
  user                  3 string                 | Name of the user.
  groups                4 []string               | Groups of the user.
  extra                 5 {}[]string             | Further facts about the user.
  uid                   6 string                 | UID of the user.

kind SubjectAccessReview subjectaccessreviews cluster virtual=create | May somebody do this?
  spec     2 SubjectAccessReviewSpec required | What is wanted.
  status   3 SubjectAccessReviewStatus        | What was observed last.

type SelfSubjectRulesReviewSpec | What is asked.
  namespace 1 string | Namespace.

type ResourceRule | What may be done with which resources.
  verbs         1 []string required | Verbs.
  apiGroups     2 []string          | API groups.
  resources     3 []string          | Resources.
  resourceNames 4 []string          | Only objects of these names.

type NonResourceRule | What may be done with which URLs.
  verbs           1 []string required | Verbs.
  nonResourceURLs 2 []string          | URLs.

type SubjectRulesReviewStatus | The answer.
  resourceRules    1 []ResourceRule    keep | Rights on resources.
  nonResourceRules 2 []NonResourceRule keep | Rights on URLs.
  incomplete       3 bool              keep | Is something missing?
  evaluationError  4 string                 | What went wrong in finding out.

kind SelfSubjectRulesReview selfsubjectrulesreviews cluster virtual=create | What may I do in a namespace?
  spec     2 SelfSubjectRulesReviewSpec required | What is wanted.
  status   3 SubjectRulesReviewStatus            | What was observed last.
)table";

constexpr std::string_view kAuthentication = R"table(
type UserInfo | Who somebody is.
  username 1 string     | Name.
  uid      2 string     | UID.
  groups   3 []string   | Groups.
  extra    4 {}[]string | Further facts.

type SelfSubjectReviewStatus | The answer.
  userInfo 1 UserInfo | Who I am.

kind SelfSubjectReview selfsubjectreviews cluster virtual=create | Who am I?
  status   2 SelfSubjectReviewStatus | What was observed last.
)table";

}  // namespace

Family authorization() {
  return {.group = "authorization.k8s.io",
          .version = "v1",
          .package = "io.k8s.api.authorization.v1",
          .table = kAuthorization};
}

Family authentication() {
  return {.group = "authentication.k8s.io",
          .version = "v1",
          .package = "io.k8s.api.authentication.v1",
          .table = kAuthentication};
}

}  // namespace slipway::api::kinds
