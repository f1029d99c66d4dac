// The lines that Google Benchmark measures: programs of src/**/*_bench.cpp, run one after another, read from their JSON.
#pragma once

#include <string>

#include "line.h"

namespace slipway::bench {

// `folder` holds the benchmark programs; the results go to `results`, one JSON file each.
void add_micro_lines(Lines& lines, const std::string& folder, const std::string& results);

}  // namespace slipway::bench
