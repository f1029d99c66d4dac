// Scale: how many replicas a workload has, behind its scale subresource (autoscaling/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
type ScaleSpec | How many replicas are wanted.
  replicas 1 int32 | Their number.

type ScaleStatus | How many replicas there are.
  replicas 1 int32  keep | Their number.
  selector 2 string      | Label selector of the pods, as text.

kind Scale scales virtual= | Number of replicas of a workload.
  spec   2 ScaleSpec   | What is wanted.
  status 3 ScaleStatus | What was observed last.
)table";

}  // namespace

Family autoscaling() {
  return {.group = "autoscaling", .version = "v1", .package = "io.k8s.api.autoscaling.v1", .table = kTable};
}

}  // namespace slipway::api::kinds
