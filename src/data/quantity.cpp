#include "data/quantity.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "data/json.h"

namespace slipway::data {
namespace {

using base::Code;
using Wide = unsigned __int128;

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr Wide kMostNano = static_cast<Wide>(INT64_MAX) * kBillion;  // 2^63-1 units, the limit of Kubernetes

enum class Form { DecimalSuffix, BinarySuffix, Exponent };

// An amount in billionths, and the form in which it was written.
struct Amount {
  bool negative = false;
  Wide nano = 0;
  Form form = Form::DecimalSuffix;
};

// The digits of a number without its point, at most twenty of them: number = digits * 10^exponent, and a bit more if
// `more`.
struct Digits {
  Wide digits = 0;
  int exponent = 0;
  bool more = false;
};

Wide times(Wide a, Wide b) { return a == 0 || b <= kMostNano / a ? a * b : kMostNano; }

// value * 10^exponent, rounded up, at most kMostNano.
Wide scale10(Wide value, std::int64_t exponent, bool more) {
  if (value == 0) return more ? 1 : 0;
  for (; exponent > 0 && value < kMostNano; --exponent) value = times(value, 10);
  for (; exponent < 0 && value > 0; ++exponent) {
    more |= value % 10 != 0;
    value /= 10;
  }
  return std::min<Wide>(value + (more ? 1 : 0), kMostNano);
}

std::optional<Digits> read_digits(std::string_view text) {
  constexpr Wide kTwentyDigits = static_cast<Wide>(10'000'000'000) * 10'000'000'000;
  Digits out;
  bool point = false, any = false;
  for (char c : text) {
    if (c == '.') {
      if (std::exchange(point, true)) return {};
      continue;
    }
    any = true;
    const bool room = out.digits < kTwentyDigits / 10;
    if (room) out.digits = out.digits * 10 + static_cast<unsigned>(c - '0');
    if (!room && c != '0') out.more = true;
    out.exponent += (room ? 0 : 1) - (point ? 1 : 0);
  }
  return any ? std::optional(out) : std::nullopt;
}

// A suffix as powers of ten and two.
struct Suffix {
  std::int64_t ten = 0;
  int two = 0;
  Form form = Form::DecimalSuffix;
};

std::optional<Suffix> read_suffix(std::string_view text) {
  constexpr std::string_view kDecimal[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  constexpr std::string_view kBinary[] = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  if (const auto it = std::ranges::find(kDecimal, text); it != std::end(kDecimal))
    return Suffix{.ten = (it - kDecimal - 3) * 3};
  if (const auto it = std::ranges::find(kBinary, text); it != std::end(kBinary))
    return Suffix{.two = static_cast<int>(it - kBinary + 1) * 10, .form = Form::BinarySuffix};
  if (text[0] != 'e' && text[0] != 'E') return {};
  text.remove_prefix(text.starts_with("e+") || text.starts_with("E+") ? 2 : 1);
  const auto exponent = base::parse_int(text);
  if (!exponent || *exponent > INT32_MAX || *exponent < INT32_MIN) return {};
  return Suffix{.ten = *exponent, .form = Form::Exponent};
}

std::optional<Amount> read_amount(std::string_view text) {
  Amount amount{.negative = text.starts_with('-')};
  if (amount.negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = read_digits(text.substr(0, end));
  const auto suffix = read_suffix(text.substr(end));
  if (!number || !suffix) return {};
  // Below 2^67 * 2^60: the shift cannot overflow.
  amount.nano = scale10(number->digits << suffix->two, number->exponent + suffix->ten + 9, number->more);
  amount.form = suffix->form;
  return amount;
}

std::string digits_of(Wide value) {
  std::string out;
  do out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  while ((value /= 10) != 0);
  return out;
}

std::string print_decimal(Wide nano, Form form) {
  constexpr std::string_view kSuffixes[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  std::size_t index = 0;
  for (; index + 1 < std::size(kSuffixes) && nano % 1000 == 0; ++index) nano /= 1000;
  const int exponent = (static_cast<int>(index) - 3) * 3;
  if (form != Form::Exponent) return digits_of(nano) + std::string(kSuffixes[index]);
  return digits_of(nano) + (exponent == 0 ? "" : "e" + std::to_string(exponent));
}

std::string print_binary(Wide nano) {
  constexpr std::string_view kSuffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  Wide units = (nano + kBillion - 1) / kBillion;
  std::size_t index = 0;
  for (; index + 1 < std::size(kSuffixes) && units % 1024 == 0; ++index) units /= 1024;
  return digits_of(units) + std::string(kSuffixes[index]);
}

std::string print(const Amount& amount) {
  if (amount.nano == 0) return "0";
  const bool binary = amount.form == Form::BinarySuffix && amount.nano >= static_cast<Wide>(1024) * kBillion;
  return (amount.negative ? "-" : "") + (binary ? print_binary(amount.nano) : print_decimal(amount.nano, amount.form));
}

std::unexpected<base::Error> bad_quantity(std::string_view text) {
  return base::fail(Code::Invalid,
                    "\"" + std::string(text) +
                        "\" is no quantity: expected a number with an optional suffix (m, k, M, G, Ki, Mi, Gi "
                        "...) or exponent");
}

}  // namespace

base::Result<Quantity> Quantity::parse(std::string_view text) {
  const auto amount = read_amount(text);
  if (!amount) return bad_quantity(text);
  const Wide milli = std::min<Wide>((amount->nano + 999'999) / 1'000'000, INT64_MAX);
  return Quantity(static_cast<std::int64_t>(milli) * (amount->negative ? -1 : 1));
}

base::Result<Quantity> Quantity::from_value(const Value& v) {
  if (v.is_string()) return parse(v.as_string());
  if (v.is_number()) return parse(to_json(v));
  return bad_quantity(to_json(v));
}

std::int64_t Quantity::value() const { return milli_ / 1000 + (milli_ % 1000 > 0 ? 1 : 0); }

std::string Quantity::text() const {
  const Wide size = milli_ < 0 ? static_cast<Wide>(-static_cast<__int128>(milli_)) : static_cast<Wide>(milli_);
  return print({.negative = milli_ < 0, .nano = size * 1'000'000});
}

base::Result<std::string> Quantity::canonical(std::string_view text) {
  const auto amount = read_amount(text);
  if (!amount) return bad_quantity(text);
  return print(*amount);
}

Quantity Quantity::operator+(Quantity other) const {
  std::int64_t sum = 0;
  SLIPWAY_CHECK(!__builtin_add_overflow(milli_, other.milli_, &sum));
  return Quantity(sum);
}

Quantity Quantity::operator-(Quantity other) const {
  std::int64_t difference = 0;
  SLIPWAY_CHECK(!__builtin_sub_overflow(milli_, other.milli_, &difference));
  return Quantity(difference);
}

base::Result<std::int64_t> int_or_percent(const Value& v, std::int64_t total, Round round) {
  if (v.is_int()) return v.as_int();
  std::string_view text = v.as_string();
  const auto percent = text.ends_with('%') ? base::parse_int(text.substr(0, text.size() - 1)) : std::nullopt;
  std::int64_t product = 0;
  if (!percent || __builtin_mul_overflow(*percent, total, &product))
    return base::fail(Code::Invalid, to_json(v) + " is neither a whole number nor a percentage such as \"25%\"");
  const std::int64_t rest = product % 100, whole = product / 100;
  if (round == Round::Up) return whole + (rest > 0 ? 1 : 0);
  return whole - (rest < 0 ? 1 : 0);
}

}  // namespace slipway::data
