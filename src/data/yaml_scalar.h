// What a plain (unquoted) YAML scalar means, by the rules of go-yaml v2, which are those of YAML 1.1 with exceptions.
#pragma once

#include <string_view>

#include "data/value.h"

namespace slipway::data {

// Null, a bool, an integer, a double (infinite and NaN forms too), or the text itself.
//   y yes on / n no off    bool           0x1f 0b11 017 0o17   integers (underscores allowed)
//   ~ null (or nothing)    null           .inf .nan 1e3 08     doubles
Value resolve_plain_scalar(std::string_view text);

// Does the text need quotes to stay a string? Besides what `resolve_plain_scalar` finds, true for timestamps and for
// YAML 1.1's base-60 numbers ("22:22").
bool needs_quotes(std::string_view text);

}  // namespace slipway::data
