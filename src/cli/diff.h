// What differs between two versions, as commands show it.
#pragma once

#include "view/difference.h"

namespace slipway::cli {

using view::comparable;
using view::Difference;
using view::differences;
using view::short_text;

}  // namespace slipway::cli
