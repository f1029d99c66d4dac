// Releases and analysis (slipway.dev/v1alpha1).
#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

constexpr std::string_view kTable = R"table(
)table";

}  // namespace

Family slipway() {
  return {.group = "slipway.dev", .version = "v1alpha1", .package = "dev.slipway.v1alpha1", .table = kTable};
}

}  // namespace slipway::api::kinds
