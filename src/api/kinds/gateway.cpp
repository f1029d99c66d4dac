// HTTPRoutes of the Gateway API (gateway.networking.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/family.h"
#include "api/problems.h"
#include "data/json.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

constexpr std::string_view kTable = R"table(
type ParentReference | What a route belongs to.
  group       - *string =gateway.networking.k8s.io maxLength=253 pattern=^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ | API group.
  kind        - *string =Gateway minLength=1 maxLength=63 pattern=^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$ | Kind: Gateway, or Service.
  namespace   - *string pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ minLength=1 maxLength=63 | Namespace; the route's own if not given.
  name        - string  required minLength=1 maxLength=253 | Name.
  sectionName - *string pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ minLength=1 maxLength=253 | Listener of a gateway, or port name of a service.
  port        - *int32  min=1 max=65535                    | Port of it.

type CommonRouteSpec | What all routes have.
  parentRefs - []ParentReference maxItems=32 | What the route belongs to.

type HTTPPathMatch | Matches the path.
  type  - *string =PathPrefix enum=Exact,PathPrefix,RegularExpression | Exact, PathPrefix or RegularExpression.
  value - *string =/ maxLength=1024 | Path to compare with.

type HTTPHeaderMatch | Matches a header.
  type  - *string =Exact enum=Exact,RegularExpression | Exact or RegularExpression.
  name  - string  required minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$ | Name of the header.
  value - string  required minLength=1 maxLength=4096 | Value to compare with.

type HTTPQueryParamMatch | Matches a query parameter.
  type  - *string =Exact enum=Exact,RegularExpression | Exact or RegularExpression.
  name  - string  required minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$ | Name of the parameter.
  value - string  required minLength=1 maxLength=1024 | Value to compare with.

type HTTPRouteMatch | Matches requests; all parts must hold.
  path        - *HTTPPathMatch        ={"type":"PathPrefix","value":"/"} | Path.
  headers     - []HTTPHeaderMatch     list=map(name) maxItems=16 | Headers.
  queryParams - []HTTPQueryParamMatch list=map(name) maxItems=16 | Query parameters.
  method      - *string               enum=GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH | Method.

type HTTPHeader | A header.
  name  - string required minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$ | Name of the header.
  value - string required minLength=1 maxLength=4096 | Value of the header.

type HTTPHeaderFilter | Changes headers.
  set    - []HTTPHeader list=map(name) maxItems=16 | Headers to set.
  add    - []HTTPHeader list=map(name) maxItems=16 | Headers to add.
  remove - []string     set maxItems=16            | Headers to take away.

type BackendObjectReference | Where requests go.
  group     - *string = maxLength=253 pattern=^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ | API group.
  kind      - *string =Service minLength=1 maxLength=63 pattern=^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$ | Kind; Service if not given.
  name      - string  required minLength=1 maxLength=253 | Name.
  namespace - *string pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ minLength=1 maxLength=63 | Namespace; the route's own if not given.
  port      - *int32  min=1 max=65535                    | Port of the service.

type Fraction | A share.
  numerator   - int32  required min=0 | Parts.
  denominator - *int32 =100 min=1     | Of so many.

type HTTPRequestMirrorFilter | Sends a copy of requests elsewhere.
  backendRef - BackendObjectReference required      | Where copies go.
  percent    - *int32                 min=0 max=100 | Share of requests in percent.
  fraction   - *Fraction                            | Share of requests.

type HTTPPathModifier | Changes the path.
  type               - string  required enum=ReplaceFullPath,ReplacePrefixMatch | Which part is replaced.
  replaceFullPath    - *string maxLength=1024 | New path.
  replacePrefixMatch - *string maxLength=1024 | New start of the path.

type HTTPRequestRedirectFilter | Answers with a redirect.
  scheme     - *string           enum=http,https               | New scheme.
  hostname   - *string           minLength=1 maxLength=253 pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ | New host.
  path       - *HTTPPathModifier                               | New path.
  port       - *int32            min=1 max=65535               | New port.
  statusCode - *int32            =302 enum=301,302,303,307,308 | Status of the answer.

type HTTPURLRewriteFilter | Changes the URL on the way.
  hostname - *string           minLength=1 maxLength=253 pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ | New host.
  path     - *HTTPPathModifier | New path.

type HTTPCORSFilter | Lets scripts of other sites in.
  allowOrigins     - []string set maxItems=64 minLength=1 maxLength=253 pattern=(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$) | Sites.
  allowCredentials - *bool             | Are credentials sent?
  allowMethods     - []string set maxItems=9 enum=GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH,* | Methods.
  allowHeaders     - []string set maxItems=64 minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$ | Headers of requests.
  exposeHeaders    - []string set maxItems=64 minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$ | Headers of answers.
  maxAge           - int32    =5 min=1 | Seconds that browsers may remember this.

type LocalObjectReference atomic | An object in the same namespace.
  group - string required maxLength=253 pattern=^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ | API group of the object.
  kind  - string required minLength=1 maxLength=63 pattern=^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$ | Kind of the object.
  name  - string required minLength=1 maxLength=253 | Name of the object.

type HTTPRouteFilter | Does something to requests or answers.
  type                   - string                     required enum=RequestHeaderModifier,ResponseHeaderModifier,RequestMirror,RequestRedirect,URLRewrite,ExtensionRef,CORS | What it does; the field of that name says how.
  requestHeaderModifier  - *HTTPHeaderFilter          | Changes headers of requests.
  responseHeaderModifier - *HTTPHeaderFilter          | Changes headers of answers.
  requestMirror          - *HTTPRequestMirrorFilter   | Sends a copy elsewhere.
  requestRedirect        - *HTTPRequestRedirectFilter | Answers with a redirect.
  urlRewrite             - *HTTPURLRewriteFilter      | Changes the URL.
  cors                   - *HTTPCORSFilter            | Lets scripts of other sites in.
  extensionRef           - *LocalObjectReference      | Something of the implementation's own.

type BackendRef | A backend with a weight.
  ...    - BackendObjectReference
  weight - *int32                 =1 min=0 max=1000000 | Share of requests, beside the weights of the others.

type HTTPBackendRef | A backend with a weight and filters.
  ...     - BackendRef
  filters - []HTTPRouteFilter maxItems=16 | What is done to requests for this backend.

type HTTPRouteTimeouts | How long requests may take.
  request        - *string pattern=^([0-9]{1,5}(h|m|s|ms)){1,4}$ | In all.
  backendRequest - *string pattern=^([0-9]{1,5}(h|m|s|ms)){1,4}$ | At one backend.

type HTTPRouteRule | Which requests go where.
  name        - *string            pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ minLength=1 maxLength=253 | Name of the rule.
  matches     - []HTTPRouteMatch   maxItems=64 =[{"path":{"type":"PathPrefix","value":"/"}}] | Which requests; one match must hold.
  filters     - []HTTPRouteFilter  maxItems=16 | What is done to them.
  backendRefs - []HTTPBackendRef   maxItems=16 | Where they go.
  timeouts    - *HTTPRouteTimeouts             | How long they may take.

type HTTPRouteSpec | What a route does.
  ...       - CommonRouteSpec
  hostnames - []string        maxItems=16 minLength=1 maxLength=253 pattern=^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ | Hosts that it is for.
  rules     - []HTTPRouteRule minItems=1 maxItems=16 =[{"matches":[{"path":{"type":"PathPrefix","value":"/"}}]}] | Which requests go where.

type RouteCondition | One observed fact about a route.
  type               - string required maxLength=316 pattern=^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$ | Accepted, ResolvedRefs, Programmed, ...
  status             - string required enum=True,False,Unknown | True, False or Unknown.
  observedGeneration - int64  min=0                            | Generation of the object that this was observed for.
  lastTransitionTime - time   required                         | When the status last changed.
  reason             - string required minLength=1 maxLength=1024 pattern=^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$ | Why, as one CamelCase word.
  message            - string required maxLength=32768         | Why, for people.

type RouteParentStatus | A route as one parent sees it.
  parentRef      - ParentReference  required | The parent.
  controllerName - string           required minLength=1 maxLength=253 pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$ | Who says so.
  conditions     - []RouteCondition required list=map(type) minItems=1 maxItems=8 | Observed facts.

type RouteStatus | A route as its parents see it.
  parents - []RouteParentStatus required maxItems=32 | Each of them.

type HTTPRouteStatus | A route as its parents see it.
  ... - RouteStatus

kind HTTPRoute httproutes categories=gateway-api status custom | Sends HTTP requests to services.
  spec   - HTTPRouteSpec required | What is wanted.
  status - HTTPRouteStatus        | What was observed last.
)table";

// The field of a filter that its type asks for.
std::string_view filter_field(std::string_view type) {
  if (type == "RequestHeaderModifier") return "requestHeaderModifier";
  if (type == "ResponseHeaderModifier") return "responseHeaderModifier";
  if (type == "RequestMirror") return "requestMirror";
  if (type == "RequestRedirect") return "requestRedirect";
  if (type == "URLRewrite") return "urlRewrite";
  if (type == "ExtensionRef") return "extensionRef";
  if (type == "CORS") return "cors";
  return {};
}

// The definition's CEL rules: exactly the field that the type names.
void check_filter(const Value& filter, const Path& at, std::vector<base::Cause>& problems) {
  const std::string_view wanted = filter_field(filter["type"].as_string());
  if (wanted.empty()) return;  // said already
  if (filter[wanted].is_null())
    problems.push_back(required(at.at(wanted), "must be specified for " + filter["type"].str()));
  for (const data::Member& m : filter.members())
    if (m.key.view() != "type" && m.key.view() != wanted)
      problems.push_back(
          forbidden(at.at(m.key.view()), "must not be set for a filter of type " + filter["type"].str()));
}

void check_path_match(const Value& match, const Path& at, std::vector<base::Cause>& problems) {
  const std::string_view type = match["type"].as_string("PathPrefix"), value = match["value"].as_string("/");
  if (type == "RegularExpression") return;
  if (!value.starts_with('/'))
    problems.push_back(invalid(at.at("value"), match["value"], "must be an absolute path and start with '/'"));
  for (std::string_view bad : {"//", "/./", "/../", "%2f", "%2F", "#"})
    if (value.contains(bad))
      problems.push_back(invalid(at.at("value"), match["value"], "must not contain '" + std::string(bad) + "'"));
  if (value.ends_with("/..") || value.ends_with("/."))
    problems.push_back(invalid(at.at("value"), match["value"], "must not end with '/..' or '/.'"));
}

void check_rule(const Value& rule, const Path& at, std::vector<base::Cause>& problems) {
  for (const Value& filter : rule["filters"].items())
    if (filter["type"].as_string() == "RequestRedirect" && !rule["backendRefs"].is_empty())
      problems.push_back(
          forbidden(at.at("backendRefs"), "RequestRedirect filter must not be used together with backendRefs"));
}

void check_backend(const Value& ref, const Path& at, std::vector<base::Cause>& problems) {
  if (ref["group"].as_string().empty() && ref["kind"].as_string("Service") == "Service" && ref["port"].is_null())
    problems.push_back(required(at.at("port"), "Must have port for Service reference"));
}

std::vector<Column> route_columns() {
  return {name_column(),
          text_column("Hostnames", "Hosts that the route is for.",
                      [](const Value& o, base::Time) -> Value {
                        return o["spec"]["hostnames"].is_empty() ? Value("")
                                                                 : Value(data::to_json(o["spec"]["hostnames"]));
                      }),
          age_column()};
}

}  // namespace

Family gateway() {
  return {.group = "gateway.networking.k8s.io",
          .version = "v1",
          .package = "io.k8s.networking.gateway.v1",
          .table = kTable,
          .types = {{"HTTPRouteFilter", {.check = check_filter}},
                    {"HTTPPathMatch", {.check = check_path_match}},
                    {"HTTPRouteRule", {.check = check_rule}},
                    {"HTTPBackendRef", {.check = check_backend}}},
          .kinds = {{"HTTPRoute", {.columns = route_columns()}}}};
}

}  // namespace slipway::api::kinds
