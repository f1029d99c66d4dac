// UTF-8 (RFC 3629), one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::data {

// The length of the character that `text` starts with, 1 to 4; 0 when it is empty or starts with anything invalid
// (overlong forms and surrogates included).
std::size_t utf8_length(std::string_view text);
// Its code point; `text` must start with a valid character.
std::uint32_t utf8_point(std::string_view text);
void append_utf8(std::string& out, std::uint32_t point);

}  // namespace slipway::data
