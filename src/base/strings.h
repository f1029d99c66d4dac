// Small text functions that the standard library lacks. All are pure and know ASCII only, unless said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::base {

std::vector<std::string_view> split(std::string_view text, char separator);  // "" gives one empty part
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
// Control characters become blanks, and several of these one, so that it stays on its line and moves no cursor.
std::string one_line(std::string_view text);
std::string times(std::int64_t n);  // "once", "twice", "3 times"
bool equals_ignoring_case(std::string_view a, std::string_view b);

std::optional<std::int64_t> parse_int(std::string_view text);  // whole text, base 10, no white space
std::optional<std::uint64_t> parse_uint(std::string_view text);
// Whole text, a leading + allowed; also "NaN" and "Inf" in any case, as Prometheus writes them. Too large: nothing.
std::optional<double> parse_double(std::string_view text);

std::string base64_encode(std::string_view bytes);  // standard alphabet with padding
// Strict (padding, no stray characters), but line breaks are skipped as Go does.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex(std::string_view bytes);

// Is `text` valid UTF-8 (no surrogates, no overlong forms)?
bool is_utf8(std::string_view text);

}  // namespace slipway::base
