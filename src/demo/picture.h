// What goes on, for a terminal: the view that `slipway watch` draws, so that the demo shows what users will see.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "demo/cluster.h"
#include "view/text.h"

namespace slipway::demo {

// The Release `name` with its steps, traffic, metrics and pods; before there is one, the Deployment's progress and
// pods. Five requests.
base::Result<std::vector<std::string>> picture(Cluster& cluster, const std::string& space, const std::string& name,
                                               const view::Style& style);

}  // namespace slipway::demo
