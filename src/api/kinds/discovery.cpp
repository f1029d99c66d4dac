// Endpoints of services (discovery.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type EndpointConditions
  ready       1 *bool
  serving     2 *bool
  terminating 3 *bool

type ForZone
  name 1 string required

type ForNode
  name 1 string required

type EndpointHints
  forZones 1 []ForZone
  forNodes 2 []ForNode

type Endpoint
  addresses          1 []string           keep set
  conditions         2 EndpointConditions
  hostname           3 *string
  targetRef          4 *ObjectReference
  deprecatedTopology 5 {}string
  nodeName           6 *string
  zone               7 *string
  hints              8 *EndpointHints

type EndpointPort atomic
  name        1 *string =
  protocol    2 *string =TCP enum=TCP,UDP,SCTP
  port        3 *int32  min=1 max=65535
  appProtocol 4 *string

kind EndpointSlice endpointslices
  addressType 4 string         required immutable enum=IPv4,IPv6,FQDN
  endpoints   2 []Endpoint     keep
  ports       3 []EndpointPort
)table";

}  // namespace

Family discovery() {
  return {.group = "discovery.k8s.io", .version = "v1", .package = "io.k8s.api.discovery.v1", .table = kTable,
          .kinds = {{"EndpointSlice", {.columns = endpoint_slice_columns()}}}};
}

}  // namespace slipway::api::kinds
