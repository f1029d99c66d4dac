// A part of the whole. For plan/ and everything that moves traffic.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace slipway::delivery::plan {

// In hundredths of a percent, 0 to 10000.
struct Share {
  std::int64_t points = 0;
  auto operator<=>(const Share&) const = default;
  double percent() const { return static_cast<double>(points) / 100; }
};
inline constexpr Share kNone{0};
inline constexpr Share kWhole{10'000};
std::string to_text(Share share);  // "5 %", "0.25 %"

}  // namespace slipway::delivery::plan
