// Kubernetes quantities ("100m", "1.5Gi", "2e3") and int-or-percent ("25%", 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/value.h"

namespace slipway::data {

// An exact amount in thousandths (milli-units); more digits are rounded away from zero, as Kubernetes does. Amounts
// beyond int64 thousandths (9.2e15 units: eight pebibytes) are held at that limit. Sums that overflow are bugs.
class Quantity {
 public:
  Quantity() = default;
  static Quantity from_milli(std::int64_t milli) { return Quantity(milli); }
  static base::Result<Quantity> parse(std::string_view text);  // Invalid on a syntax error
  static base::Result<Quantity> from_value(const Value& v);    // a string or a number

  std::int64_t milli() const { return milli_; }
  std::int64_t value() const;  // whole units, rounded up
  std::string text() const;    // canonical with decimal suffixes: "250m", "2", "64M"
  // The canonical form that the API server returns for `text`, e.g. "0.5" -> "500m", "1024Mi" -> "1Gi". Exact to a
  // billionth and up to 2^63-1 units.
  static base::Result<std::string> canonical(std::string_view text);
  auto operator<=>(const Quantity&) const = default;
  Quantity operator+(Quantity other) const;
  Quantity operator-(Quantity other) const;

 private:
  explicit Quantity(std::int64_t milli) : milli_(milli) {}
  std::int64_t milli_ = 0;
};

enum class Round { Down, Up };

// An int as it is, or a percentage of `total` ("25%"). Invalid on anything else.
base::Result<std::int64_t> int_or_percent(const Value& v, std::int64_t total, Round round);

}  // namespace slipway::data
