#include "data/decimal.h"

#include <charconv>
#include <string_view>

namespace slipway::data {

Decimal shortest_decimal(double d) {
  char buffer[40];
  const char* const end = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, end);  // "1.25e+02"
  const std::size_t e = text.find('e');
  Decimal decimal{.digits = std::string(1, text[0]), .exponent = 0};
  if (e > 2) decimal.digits.append(text.substr(2, e - 2));
  const char* exponent = buffer + e + 1;
  if (*exponent == '+') ++exponent;
  std::from_chars(exponent, end, decimal.exponent);
  ++decimal.exponent;
  return decimal;
}

}  // namespace slipway::data
