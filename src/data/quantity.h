// Kubernetes quantities ("100m", "1.5Gi", "2e3") and int-or-percent ("25%", 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/value.h"

namespace slipway::data {

// An exact amount in thousandths (milli-units); more digits are rounded up, as Kubernetes does.
class Quantity {
 public:
  Quantity() = default;
  static Quantity from_milli(std::int64_t milli) { return Quantity(milli); }
  static base::Result<Quantity> parse(std::string_view text);
  static base::Result<Quantity> from_value(const Value& v);  // a string or a number

  std::int64_t milli() const { return milli_; }
  std::int64_t value() const { return (milli_ + 999) / 1000; }  // whole units, rounded up
  // The canonical form that the API server returns for `text`-like input, e.g. "0.5" -> "500m", "1024Mi" -> "1Gi".
  static base::Result<std::string> canonical(std::string_view text);
  auto operator<=>(const Quantity&) const = default;
  Quantity operator+(Quantity other) const { return Quantity(milli_ + other.milli_); }
  Quantity operator-(Quantity other) const { return Quantity(milli_ - other.milli_); }

 private:
  explicit Quantity(std::int64_t milli) : milli_(milli) {}
  std::int64_t milli_ = 0;
};

enum class Round { Down, Up };

// An int, or a percentage of `total`. Invalid on anything else.
base::Result<std::int64_t> int_or_percent(const Value& v, std::int64_t total, Round round);

}  // namespace slipway::data
