// Reads: one object, or a list with selectors, pages and resourceVersion semantics ("API concepts", "Retrieving large
// results sets in chunks" and "Resource versions"). Pure functions of a snapshot.
#pragma once

#include <optional>
#include <string>

#include "apiserver/response.h"
#include "apiserver/selection.h"
#include "base/error.h"
#include "store/store.h"

namespace slipway::apiserver {

// Where a paged list goes on, and at which revision; opaque text to clients.
struct ContinueToken {
  store::Revision revision = 0;  // 0: whatever is newest (after the original revision was compacted)
  store::Key after = {};         // last object already sent; resource left out
  std::string encode() const;
  static base::Result<ContinueToken> decode(const std::string& text);
};

base::Result<Response> get_object(const store::Snapshot& snapshot, const KindPtr& kind, const ApiRequest& request);

// Does this list look at an older state, which only the control loop can get?
std::optional<base::Result<store::Revision>> wanted_revision(const Options& options);

// `snapshot` is of the wanted revision. `from` is set on later pages.
base::Result<Response> list_objects(const store::Snapshot& snapshot, const KindPtr& kind, const ApiRequest& request,
                                    const std::optional<ContinueToken>& from, ObjectBytes* bytes = nullptr);
// 410 for a page whose revision was compacted, with a token that goes on from the newest state.
Response expired_page(const ContinueToken& token);

// Refuses a resourceVersion from the future (it would have to wait).
base::Result<void> check_not_future(const Options& options, store::Revision current);

}  // namespace slipway::apiserver
