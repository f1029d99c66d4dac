// Eviction: asking for a pod to go, within its disruption budget (policy/v1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
kind Eviction evictions virtual= | Asks that a pod be deleted, if its disruption budget allows it.
  deleteOptions 2 *DeleteOptions | How to delete it.
)table";

}  // namespace

Family policy() { return {.group = "policy", .version = "v1", .package = "io.k8s.api.policy.v1", .table = kTable}; }

}  // namespace slipway::api::kinds
