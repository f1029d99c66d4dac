// Leases (coordination.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type LeaseSpec
  holderIdentity       1 *string
  leaseDurationSeconds 2 *int32     min=1
  acquireTime          3 *microTime
  renewTime            4 *microTime
  leaseTransitions     5 *int32     min=0
  strategy             6 *string
  preferredHolder      7 *string

kind Lease leases
  spec 2 LeaseSpec
)table";

}  // namespace

Family coordination() {
  return {.group = "coordination.k8s.io", .version = "v1", .package = "io.k8s.api.coordination.v1", .table = kTable,
          .kinds = {{"Lease", {.columns = lease_columns()}}}};
}

}  // namespace slipway::api::kinds
