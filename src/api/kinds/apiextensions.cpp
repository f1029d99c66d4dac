// CustomResourceDefinitions (apiextensions.k8s.io/v1). Their schemas are read by api/crd.cpp.
#include "api/crd.h"
#include "api/kinds/columns.h"
#include "api/kinds/family.h"
#include "base/strings.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type CustomResourceDefinitionNames              | What the resource and its kind are called.
  plural     1 string   required                | Name in URLs, lower case: widgets.
  singular   2 string                           | Name of one, lower case; the kind in lower case if not given.
  shortNames 3 []string                         | Short forms that kubectl accepts.
  kind       4 string   required                | Name in documents, CamelCase: Widget.
  listKind   5 string                           | Kind of a list; the kind with List added if not given.
  categories 6 []string                         | Groups of resources it belongs to, such as all.

type CustomResourceColumnDefinition             | A column of `kubectl get`.
  name        1 string required                 | Heading.
  type        2 string required                 | Kind of value: integer, number, string, boolean or date.
  format      3 string                          | Hint for printing, such as name or date-time.
  description 4 string                          | What the column shows.
  priority    5 int32                           | Above 0: only with -o wide.
  jsonPath    6 string required                 | Where the value stands in the object.

type CustomResourceSubresourceScale             | Lets `kubectl scale` and autoscalers set the number of replicas.
  specReplicasPath   1 string required          | Path of the wanted number, under .spec.
  statusReplicasPath 2 string required          | Path of the observed number, under .status.
  labelSelectorPath  3 *string                  | Path of the selector's text, for autoscalers.

type CustomResourceSubresources                 | What there is beside the object itself.
  status 1 *any                                 | Present: status is written on its own.
  scale  2 *CustomResourceSubresourceScale      | Present: replicas can be scaled.

type CustomResourceValidation                   | Rules for the objects.
  openAPIV3Schema 1 any                         | A structural OpenAPI v3 schema.

type SelectableField                            | A field that field selectors may name.
  jsonPath 1 string required                    | Where it stands.

type CustomResourceDefinitionVersion            | One version in which the objects are served.
  name                     1 string                          required   | Version name: v1, v1beta1.
  served                   2 bool                            keep       | Can clients use it?
  storage                  3 bool                            keep       | Are objects stored in it? True for exactly one.
  deprecated               7 bool                                       | Clients get a warning.
  deprecationWarning       8 *string                                    | Text of that warning.
  schema                   4 *CustomResourceValidation                  | Rules for objects of this version.
  subresources             5 *CustomResourceSubresources                | Status and scale.
  additionalPrinterColumns 6 []CustomResourceColumnDefinition           | Columns of `kubectl get`.
  selectableFields         9 []SelectableField list=map(jsonPath)       | Fields for field selectors.

type ServiceReference                           | A service in the cluster.
  namespace 1 string required                   | Its namespace.
  name      2 string required                   | Its name.
  path      3 *string                           | URL path on it.
  port      4 *int32 =443                       | Its port.

type WebhookClientConfig                        | Where a webhook is.
  url      3 *string                            | A URL, when it is outside.
  service  1 *ServiceReference                  | A service, when it is inside.
  caBundle 2 bytes                              | Certificates to check it with.

type WebhookConversion                          | A program that converts between versions.
  clientConfig             2 *WebhookClientConfig | How to call it.
  conversionReviewVersions 3 []string required    | Versions of the review that it understands.

type CustomResourceConversion                   | How objects change from one version to another.
  strategy 1 string required enum=None,Webhook  | None only rewrites apiVersion.
  webhook  2 *WebhookConversion                 | The converter, for Webhook.

type CustomResourceDefinitionSpec               | What the new resource looks like.
  group                 1 string required immutable | API group.
  names                 3 CustomResourceDefinitionNames required | What it is called.
  scope                 4 string required immutable enum=Cluster,Namespaced | Do objects live in a namespace?
  versions              7 []CustomResourceDefinitionVersion required | Versions, preferred first.
  conversion            9 *CustomResourceConversion ={"strategy":"None"} | How versions convert.
  preserveUnknownFields 10 bool                 | Old way to keep unknown fields; must be false.

type CustomResourceDefinitionCondition          | One observed fact about the definition.
  type               1 string keep              | NamesAccepted, Established, ...
  status             2 string keep              | True, False or Unknown.
  lastTransitionTime 3 time                     | When it last changed.
  reason             4 string                   | Why, in one word.
  message            5 string                   | Why, for people.

type CustomResourceDefinitionStatus             | What the server made of it.
  conditions     1 []CustomResourceDefinitionCondition list=map(type) | Observed facts.
  acceptedNames  2 CustomResourceDefinitionNames | Names in use.
  storedVersions 3 []string                     | Versions that objects may be stored in.

kind CustomResourceDefinition customresourcedefinitions short=crd,crds categories=api-extensions cluster status | Adds a resource to the API.
  spec   2 CustomResourceDefinitionSpec required | What the new resource looks like.
  status 3 CustomResourceDefinitionStatus        | What the server made of it.
)table";

void complete_names(data::Value& crd) {
  const data::Value names = crd["spec"]["names"];
  if (!names.is_object()) return;
  const std::string kind = names["kind"].str();
  if (names["listKind"].is_empty()) crd.set({"spec", "names", "listKind"}, kind + "List");
  if (names["singular"].is_empty()) crd.set({"spec", "names", "singular"}, base::to_lower(kind));
}

}  // namespace

Family apiextensions() {
  return {.group = "apiextensions.k8s.io",
          .version = "v1",
          .package = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1",
          .table = kTable,
          .types = {{"CustomResourceDefinition", {.complete = complete_names}}},
          .kinds = {{"CustomResourceDefinition", {.columns = role_columns(), .check = check_crd}}}};
}

}  // namespace slipway::api::kinds
