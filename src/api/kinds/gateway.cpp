// HTTPRoutes of the Gateway API (gateway.networking.k8s.io/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

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
  name  - string keep
  value - string keep minLength=1 maxLength=4096

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
  group - string keep maxLength=253 pattern=^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$
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

type RouteParentStatus
  parentRef      - ParentReference keep
  controllerName - string          keep
  conditions     - []Condition     keep list=map(type) minItems=1 maxItems=8

type RouteStatus
  parents - []RouteParentStatus keep maxItems=32

type HTTPRouteStatus
  ... - RouteStatus

kind HTTPRoute httproutes categories=gateway-api status custom
  spec   - HTTPRouteSpec required
  status - HTTPRouteStatus
)table";

}  // namespace

Family gateway() {
  return {.group = "gateway.networking.k8s.io", .version = "v1", .package = "io.k8s.networking.gateway.v1", .table = kTable};
}

}  // namespace slipway::api::kinds
