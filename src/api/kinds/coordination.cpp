// Leases (coordination.k8s.io/v1).
#include "api/kinds/columns.h"
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type LeaseSpec | Who holds a lease.
  holderIdentity       1 *string          | Who has it.
  leaseDurationSeconds 2 *int32     min=1 | How long it holds without renewal.
  acquireTime          3 *microTime       | Since when.
  renewTime            4 *microTime       | When it was renewed.
  leaseTransitions     5 *int32     min=0 | How often it changed hands.
  strategy             6 *string          | How the holder is chosen.
  preferredHolder      7 *string          | Who should have it next.

kind Lease leases | A claim that must be renewed.
  spec 2 LeaseSpec | What is wanted.
)table";

}  // namespace

Family coordination() {
  return {.group = "coordination.k8s.io",
          .version = "v1",
          .package = "io.k8s.api.coordination.v1",
          .table = kTable,
          .kinds = {{"Lease", {.columns = lease_columns()}}}};
}

}  // namespace slipway::api::kinds
