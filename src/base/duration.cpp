// Durations as Go and kubectl write them.
#include <cstdio>
#include <utility>

#include "base/time.h"

namespace slipway::base {
namespace {

constexpr std::uint64_t kMicro = 1000, kMilli = 1000 * kMicro, kSecond = 1000 * kMilli, kMinute = 60 * kSecond,
                        kHour = 60 * kMinute;
constexpr std::uint64_t kMost = std::uint64_t(1) << 63;  // of a negative duration, in nanoseconds

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Nanoseconds of the unit that `text` starts with; takes it off. 0: none.
std::uint64_t take_unit(std::string_view& text) {
  constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {{"ns", 1},      {"us", kMicro}, {"µs", kMicro},
                                                                   {"μs", kMicro}, {"ms", kMilli}, {"s", kSecond},
                                                                   {"m", kMinute}, {"h", kHour}};
  for (const auto& [name, size] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return size;
  }
  return 0;
}

bool take_digits(std::string_view& text, std::uint64_t& number, bool& any) {
  for (number = 0; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    any = true;
    if (__builtin_mul_overflow(number, 10u, &number) ||
        __builtin_add_overflow(number, unsigned(text[0] - '0'), &number))
      return false;
  }
  return true;
}

// The digits after a point as a part of one; more than a double holds change nothing.
double take_fraction(std::string_view& text, bool& any) {
  std::uint64_t digits = 0, scale = 1;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    any = true;
    if (scale >= 1'000'000'000'000'000'000u) continue;
    digits = digits * 10 + unsigned(text[0] - '0');
    scale *= 10;
  }
  return static_cast<double>(digits) / static_cast<double>(scale);
}

// One term such as "1.5h", added to `total`.
bool take_term(std::string_view& text, std::uint64_t& total) {
  std::uint64_t whole = 0;
  double fraction = 0;
  bool any = false;
  if (!take_digits(text, whole, any)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_fraction(text, any);
  }
  const std::uint64_t unit = take_unit(text);
  if (!any || unit == 0 || __builtin_mul_overflow(whole, unit, &whole)) return false;
  const auto part = static_cast<std::uint64_t>(fraction * static_cast<double>(unit) + 1e-6);
  return !__builtin_add_overflow(total, whole, &total) && !__builtin_add_overflow(total, part, &total) &&
         total <= kMost;
}

// `amount` in units of `unit`, with a fraction of as many digits as needed.
std::string decimal(std::uint64_t amount, std::uint64_t unit) {
  std::string out = std::to_string(amount / unit);
  std::uint64_t rest = amount % unit;
  if (rest == 0) return out;
  out += '.';
  while (rest != 0) {
    unit /= 10;
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return out;
}

std::string format_magnitude(std::uint64_t nanos) {
  if (nanos == 0) return "0s";
  if (nanos < kMicro) return std::to_string(nanos) + "ns";
  if (nanos < kMilli) return decimal(nanos, kMicro) + "µs";
  if (nanos < kSecond) return decimal(nanos, kMilli) + "ms";
  std::string out;
  if (nanos >= kHour) out += std::to_string(nanos / kHour) + "h";
  if (nanos >= kMinute) out += std::to_string(nanos % kHour / kMinute) + "m";
  return out + decimal(nanos % kMinute, kSecond) + "s";
}

// "3m12s", or "3m" when the smaller part is zero.
std::string pair_of(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
  std::string out = std::to_string(large) + large_unit;
  return small == 0 ? out : out + std::to_string(small) + small_unit;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration(0);
  if (text.empty()) return {};
  std::uint64_t total = 0;
  while (!text.empty())
    if (!take_term(text, total)) return {};
  if (negative) return Duration(static_cast<std::int64_t>(~total + 1));
  if (total == kMost) return {};
  return Duration(static_cast<std::int64_t>(total));
}

std::string format_duration(Duration d) {
  const bool negative = d < Duration(0);
  const auto nanos = static_cast<std::uint64_t>(d.count());
  return (negative ? "-" : "") + format_magnitude(negative ? ~nanos + 1 : nanos);
}

std::string human_duration(Duration d) {
  const std::int64_t s = std::chrono::duration_cast<seconds>(d).count(), m = s / 60, h = m / 60, days = h / 24;
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 120) return std::to_string(s) + "s";
  if (m < 10) return pair_of(m, "m", s % 60, "s");
  if (m < 180) return std::to_string(m) + "m";
  if (h < 8) return pair_of(h, "h", m % 60, "m");
  if (h < 48) return std::to_string(h) + "h";
  if (days < 8) return pair_of(days, "d", h % 24, "h");
  if (days < 2 * 365) return std::to_string(days) + "d";
  if (days < 8 * 365) return pair_of(days / 365, "y", days % 365, "d");
  return std::to_string(days / 365) + "y";
}

}  // namespace slipway::base
