// Our own program as tests run it beside a control plane. It dies with the thread that started it.
#pragma once

#include <string>
#include <vector>

#include "runtime/child.h"

namespace slipway::tests {

// `log`: where its output goes. `environment`: "NAME=value", added to ours.
runtime::Child start_slipway(std::vector<std::string> arguments, const std::string& log,
                             const std::vector<std::string>& environment = {});

// Runs to its end; the output is that of both streams.
runtime::Finished run_slipway(std::vector<std::string> arguments);

}  // namespace slipway::tests
