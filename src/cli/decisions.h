// The decision log of a Release as text: each decision with its rule, and below it the numbers it was made from. Pure.
#pragma once

#include <string>

#include "data/value.h"

namespace slipway::cli {

std::string decisions_text(const data::Value& log);

}  // namespace slipway::cli
