// The digits of a floating-point number, for printers that lay them out by different rules.
#pragma once

#include <string>

namespace slipway::data {

// A positive number 0.DIGITS * 10^exponent; the first digit is not 0.
struct Decimal {
  std::string digits;
  int exponent;
};

// The shortest digits that read back as `d`, which must be finite and positive.
Decimal shortest_decimal(double d);

}  // namespace slipway::data
