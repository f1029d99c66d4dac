#include "cli/target.h"

#include "base/strings.h"
#include "delivery/plan/workload.h"

namespace slipway::cli {

const api::Resource& resource_of_target(const data::Value& release) {
  return delivery::plan::resource_of(delivery::plan::target_kind_of(release));
}

std::string name_of_target(const data::Value& release) { return release["spec"]["target"]["name"].str(); }

std::string text_of_target(const data::Value& release) {
  return base::to_lower(resource_of_target(release).kind) + "/" + name_of_target(release);
}

}  // namespace slipway::cli
