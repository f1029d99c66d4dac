// What a Value takes of the heap, about: for metrics and limits, not for accounting.
#pragma once

#include <cstddef>

#include "data/value.h"

namespace slipway::data {

// Parts that are shared with other Values count in full; keys are shared by the whole process and do not count.
// Linear in the size of the tree.
std::size_t heap_bytes(const Value& value);

}  // namespace slipway::data
