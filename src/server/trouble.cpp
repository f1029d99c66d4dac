#include "server/trouble.h"

#include <fmt/format.h>

namespace slipway::server {

using base::Code;

void tell_trouble(const api::Resource& resource, const std::string& space, const base::Error* trouble) {
  const std::string what = resource.qualified() + (space.empty() ? " in all namespaces" : " in namespace " + space);
  if (trouble == nullptr) return fmt::print(stderr, "reading {} again\n", what);
  fmt::print(stderr, "error: cannot read {}: {}\n", what, trouble->message);
  if (trouble->code != Code::Forbidden) return;
  fmt::print(stderr,
             "  a {} with this rule is missing: {{apiGroups: [\"{}\"], resources: [{}], verbs: [get, list, watch]}}\n",
             space.empty() ? "ClusterRole" : "Role in " + space, resource.group, resource.plural);
  if (space.empty())
    fmt::print(stderr, "  (with rights in some namespaces only: slipway controller --namespaces A,B)\n");
}

}  // namespace slipway::server
