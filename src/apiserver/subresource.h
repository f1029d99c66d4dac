// Writes to subresources other than status: scale, pods/binding, pods/eviction, namespaces/finalize. Control loop only.
#pragma once

#include "apiserver/write.h"

namespace slipway::apiserver {

// Does `kind` have this subresource at all (reads and writes)?
bool has_subresource(const api::Kind& kind, std::string_view subresource);

base::Result<Response> write_subresource(Core& core, const ApiRequest& request, const KindPtr& kind,
                                         const std::shared_ptr<Commit>& commit);

}  // namespace slipway::apiserver
