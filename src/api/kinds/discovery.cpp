// Endpoints of services (discovery.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type EndpointConditions | State of an endpoint.
  ready       1 *bool | Takes traffic.
  serving     2 *bool | Could take traffic, even if it is ending.
  terminating 3 *bool | Is ending.

type ForZone | A zone that an endpoint is for.
  name 1 string required | Name of the zone.

type ForNode | A node that an endpoint is for.
  name 1 string required | Name of the node.

type EndpointHints | Who should use an endpoint.
  forZones 1 []ForZone | Zones.
  forNodes 2 []ForNode | Nodes.

type Endpoint | Where traffic can go.
  addresses          1 []string           keep set | Its addresses.
  conditions         2 EndpointConditions          | Its state.
  hostname           3 *string                     | Its host name.
  targetRef          4 *ObjectReference            | The pod behind it.
  deprecatedTopology 5 {}string                    | Older form of zone and node.
  nodeName           6 *string                     | Node it is on.
  zone               7 *string                     | Zone it is in.
  hints              8 *EndpointHints              | Who should use it.

type EndpointPort atomic | A port of all endpoints.
  name        1 *string =                      | Name of the service port.
  protocol    2 *string =TCP enum=TCP,UDP,SCTP | TCP, UDP or SCTP.
  port        3 *int32  min=1 max=65535        | Number.
  appProtocol 4 *string                        | What is spoken on it.

kind EndpointSlice endpointslices | Some of the endpoints of a service.
  addressType 4 string         required immutable enum=IPv4,IPv6,FQDN | Kind of addresses; fixed after creation.
  endpoints   2 []Endpoint     keep | The endpoints.
  ports       3 []EndpointPort      | Their ports.
)table";

}  // namespace

Family discovery() {
  return {.group = "discovery.k8s.io",
          .version = "v1",
          .package = "io.k8s.api.discovery.v1",
          .table = kTable,
          .kinds = {{"EndpointSlice", {.columns = endpoint_slice_columns()}}}};
}

}  // namespace slipway::api::kinds
