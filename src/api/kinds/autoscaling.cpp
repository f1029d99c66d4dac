// Scale: how many replicas a workload has, behind its scale subresource (autoscaling/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type ScaleSpec
  replicas 1 int32

type ScaleStatus
  replicas 1 int32  keep
  selector 2 string

kind Scale scales virtual=
  spec   2 ScaleSpec
  status 3 ScaleStatus
)table";

}  // namespace

Family autoscaling() {
  return {.group = "autoscaling", .version = "v1", .package = "io.k8s.api.autoscaling.v1", .table = kTable};
}

}  // namespace slipway::api::kinds
