// What people, pods and routers wrote may hold line breaks and what a terminal obeys. JSON shows it as it is; every
// picture begins with this.
#pragma once

#include "view/view.h"

namespace slipway::view {

// The same view, each of its texts on one line.
ReleaseView plain(ReleaseView view);

}  // namespace slipway::view
