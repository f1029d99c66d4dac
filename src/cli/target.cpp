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

base::Result<std::optional<std::int64_t>> take_revision(std::string& name) {
  const std::size_t at = name.find('@');
  if (at == name.npos) return std::nullopt;
  const auto revision = base::parse_int(std::string_view(name).substr(at + 1));
  if (!revision) return base::fail(base::Code::BadRequest, "\"" + name + "\": a revision is a number, as in web@14");
  name.resize(at);
  return revision;
}

}  // namespace slipway::cli
