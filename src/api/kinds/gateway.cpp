// HTTPRoutes of the Gateway API (gateway.networking.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/family.h"
#include "api/problems.h"
#include "data/json.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

constexpr std::string_view kTable = R"table(
type ParentReference
  group       - *string =gateway.networking.k8s.io maxLength=253 pattern=^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
  kind        - *string =Gateway minLength=1 maxLength=63 pattern=^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$
  namespace   - *string pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ minLength=1 maxLength=63
  name        - string  required minLength=1 maxLength=253
  sectionName - *string pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ minLength=1 maxLength=253
  port        - *int32  min=1 max=65535

type CommonRouteSpec
  parentRefs - []ParentReference maxItems=32

type HTTPPathMatch
  type  - *string =PathPrefix enum=Exact,PathPrefix,RegularExpression
  value - *string =/ maxLength=1024

type HTTPHeaderMatch
  type  - *string =Exact enum=Exact,RegularExpression
  name  - string  required minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$
  value - string  required minLength=1 maxLength=4096

type HTTPQueryParamMatch
  type  - *string =Exact enum=Exact,RegularExpression
  name  - string  required minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$
  value - string  required minLength=1 maxLength=1024

type HTTPRouteMatch
  path        - *HTTPPathMatch        ={"type":"PathPrefix","value":"/"}
  headers     - []HTTPHeaderMatch     list=map(name) maxItems=16
  queryParams - []HTTPQueryParamMatch list=map(name) maxItems=16
  method      - *string               enum=GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH

type HTTPHeader
  name  - string required minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$
  value - string required minLength=1 maxLength=4096

type HTTPHeaderFilter
  set    - []HTTPHeader list=map(name) maxItems=16
  add    - []HTTPHeader list=map(name) maxItems=16
  remove - []string     set maxItems=16

type BackendObjectReference
  group     - *string = maxLength=253 pattern=^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
  kind      - *string =Service minLength=1 maxLength=63 pattern=^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$
  name      - string  required minLength=1 maxLength=253
  namespace - *string pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ minLength=1 maxLength=63
  port      - *int32  min=1 max=65535

type Fraction
  numerator   - int32  required min=0
  denominator - *int32 =100 min=1

type HTTPRequestMirrorFilter
  backendRef - BackendObjectReference required
  percent    - *int32                 min=0 max=100
  fraction   - *Fraction

type HTTPPathModifier
  type               - string  required enum=ReplaceFullPath,ReplacePrefixMatch
  replaceFullPath    - *string maxLength=1024
  replacePrefixMatch - *string maxLength=1024

type HTTPRequestRedirectFilter
  scheme     - *string           enum=http,https
  hostname   - *string           minLength=1 maxLength=253 pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
  path       - *HTTPPathModifier
  port       - *int32            min=1 max=65535
  statusCode - *int32            =302 enum=301,302,303,307,308

type HTTPURLRewriteFilter
  hostname - *string           minLength=1 maxLength=253 pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
  path     - *HTTPPathModifier

type HTTPCORSFilter
  allowOrigins     - []string set maxItems=64 minLength=1 maxLength=253 pattern=(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)
  allowCredentials - *bool
  allowMethods     - []string set maxItems=9 enum=GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH,*
  allowHeaders     - []string set maxItems=64 minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$
  exposeHeaders    - []string set maxItems=64 minLength=1 maxLength=256 pattern=^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$
  maxAge           - int32    =5 min=1

type LocalObjectReference atomic
  group - string required maxLength=253 pattern=^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
  kind  - string required minLength=1 maxLength=63 pattern=^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$
  name  - string required minLength=1 maxLength=253

type HTTPRouteFilter
  type                   - string                     required enum=RequestHeaderModifier,ResponseHeaderModifier,RequestMirror,RequestRedirect,URLRewrite,ExtensionRef,CORS
  requestHeaderModifier  - *HTTPHeaderFilter
  responseHeaderModifier - *HTTPHeaderFilter
  requestMirror          - *HTTPRequestMirrorFilter
  requestRedirect        - *HTTPRequestRedirectFilter
  urlRewrite             - *HTTPURLRewriteFilter
  cors                   - *HTTPCORSFilter
  extensionRef           - *LocalObjectReference

type BackendRef
  ...    - BackendObjectReference
  weight - *int32                 =1 min=0 max=1000000

type HTTPBackendRef
  ...     - BackendRef
  filters - []HTTPRouteFilter maxItems=16

type HTTPRouteTimeouts
  request        - *string pattern=^([0-9]{1,5}(h|m|s|ms)){1,4}$
  backendRequest - *string pattern=^([0-9]{1,5}(h|m|s|ms)){1,4}$

type HTTPRouteRule
  name        - *string            pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ minLength=1 maxLength=253
  matches     - []HTTPRouteMatch   maxItems=64 =[{"path":{"type":"PathPrefix","value":"/"}}]
  filters     - []HTTPRouteFilter  maxItems=16
  backendRefs - []HTTPBackendRef   maxItems=16
  timeouts    - *HTTPRouteTimeouts

type HTTPRouteSpec
  ...       - CommonRouteSpec
  hostnames - []string        maxItems=16 minLength=1 maxLength=253 pattern=^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
  rules     - []HTTPRouteRule minItems=1 maxItems=16 =[{"matches":[{"path":{"type":"PathPrefix","value":"/"}}]}]

type RouteCondition
  type               - string required maxLength=316 pattern=^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$
  status             - string required enum=True,False,Unknown
  observedGeneration - int64  min=0
  lastTransitionTime - time   required
  reason             - string required minLength=1 maxLength=1024 pattern=^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$
  message            - string required maxLength=32768

type RouteParentStatus
  parentRef      - ParentReference  required
  controllerName - string           required minLength=1 maxLength=253 pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$
  conditions     - []RouteCondition required list=map(type) minItems=1 maxItems=8

type RouteStatus
  parents - []RouteParentStatus required maxItems=32

type HTTPRouteStatus
  ... - RouteStatus

kind HTTPRoute httproutes categories=gateway-api status custom
  spec   - HTTPRouteSpec required
  status - HTTPRouteStatus
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
  if (filter[wanted].is_null()) problems.push_back(required(at.at(wanted), "must be specified for " + filter["type"].str()));
  for (const data::Member& m : filter.members())
    if (m.key.view() != "type" && m.key.view() != wanted)
      problems.push_back(forbidden(at.at(m.key.view()), "must not be set for a filter of type " + filter["type"].str()));
}

void check_path_match(const Value& match, const Path& at, std::vector<base::Cause>& problems) {
  const std::string_view type = match["type"].as_string("PathPrefix"), value = match["value"].as_string("/");
  if (type == "RegularExpression") return;
  if (!value.starts_with('/')) problems.push_back(invalid(at.at("value"), match["value"], "must be an absolute path and start with '/'"));
  for (std::string_view bad : {"//", "/./", "/../", "%2f", "%2F", "#"})
    if (value.contains(bad)) problems.push_back(invalid(at.at("value"), match["value"], "must not contain '" + std::string(bad) + "'"));
  if (value.ends_with("/..") || value.ends_with("/."))
    problems.push_back(invalid(at.at("value"), match["value"], "must not end with '/..' or '/.'"));
}

void check_rule(const Value& rule, const Path& at, std::vector<base::Cause>& problems) {
  for (const Value& filter : rule["filters"].items())
    if (filter["type"].as_string() == "RequestRedirect" && !rule["backendRefs"].is_empty())
      problems.push_back(forbidden(at.at("backendRefs"), "RequestRedirect filter must not be used together with backendRefs"));
}

void check_backend(const Value& ref, const Path& at, std::vector<base::Cause>& problems) {
  if (ref["group"].as_string().empty() && ref["kind"].as_string("Service") == "Service" && ref["port"].is_null())
    problems.push_back(required(at.at("port"), "Must have port for Service reference"));
}

std::vector<Column> route_columns() {
  return {name_column(),
          text_column("Hostnames", "Hosts that the route is for.",
                      [](const Value& o, base::Time) -> Value { return o["spec"]["hostnames"].is_empty() ? Value("") : Value(data::to_json(o["spec"]["hostnames"])); }),
          age_column()};
}

}  // namespace

Family gateway() {
  return {.group = "gateway.networking.k8s.io", .version = "v1", .package = "io.k8s.networking.gateway.v1", .table = kTable,
          .types = {{"HTTPRouteFilter", {.check = check_filter}},
                    {"HTTPPathMatch", {.check = check_path_match}},
                    {"HTTPRouteRule", {.check = check_rule}},
                    {"HTTPBackendRef", {.check = check_backend}}},
          .kinds = {{"HTTPRoute", {.columns = route_columns()}}}};
}

}  // namespace slipway::api::kinds
