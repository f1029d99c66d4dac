#include "delivery/decide/workload.h"

#include "delivery/decide/in_place.h"
#include "delivery/decide/sets.h"

namespace slipway::delivery {

const Workload& workload_of(plan::WorkloadKind kind) {
  return plan::is_in_place(kind) ? placed_workload() : sets_workload();
}

}  // namespace slipway::delivery
