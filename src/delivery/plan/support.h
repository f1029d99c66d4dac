// The support matrix for people: which strategy works over which router.
#pragma once

#include <string>

namespace slipway::delivery::plan {

// A Markdown table, found out by compiling a Release for each cell. It stands in docs/support-matrix.md.
std::string strategy_table();
// The same by kind of workload; with a router only Deployments can be released.
std::string workload_table();

}  // namespace slipway::delivery::plan
