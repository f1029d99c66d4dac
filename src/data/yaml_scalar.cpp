#include "data/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/strings.h"

namespace slipway::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_null(std::string_view text) { return is_one_of(text, {"", "~", "null", "Null", "NULL"}); }
bool is_true(std::string_view text) {
  return is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"});
}
bool is_false(std::string_view text) {
  return is_one_of(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"});
}
bool is_infinity(std::string_view text) { return is_one_of(text, {".inf", ".Inf", ".INF"}); }

// The base that a prefix of the (unsigned) digits names; takes the prefix off.
int take_base(std::string_view& digits) {
  const auto take = [&](std::string_view lower, std::string_view upper) {
    if (!digits.starts_with(lower) && !digits.starts_with(upper)) return false;
    digits.remove_prefix(lower.size());
    return true;
  };
  if (take("0x", "0X")) return 16;
  if (take("0b", "0B")) return 2;
  if (take("0o", "0O")) return 8;
  return digits.size() > 1 && take("0", "0") ? 8 : 10;
}

// An integer in any base; those between 2^63 and 2^64 become doubles. Null: it is none.
Value read_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const int base = take_base(text);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  constexpr std::uint64_t kLimit = std::uint64_t(1) << 63;
  if (negative) return size <= kLimit ? Value(static_cast<std::int64_t>(~size + 1)) : Value();
  return size < kLimit ? Value(static_cast<std::int64_t>(size)) : Value(static_cast<double>(size));
}

std::string_view skip_digits(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of("0123456789"), text.size()));
}

// [-+]? ( . digits | digits ( . digits? )? ) ( [eE] [-+]? digits )?
bool looks_like_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::string_view rest = skip_digits(text);
  const bool whole = rest.size() != text.size();
  if (rest.starts_with('.')) {
    const std::string_view fraction = rest.substr(1);
    rest = skip_digits(fraction);
    if (!whole && rest.size() == fraction.size()) return false;
  } else if (!whole) {
    return false;
  }
  if (rest.empty()) return true;
  if (rest[0] != 'e' && rest[0] != 'E') return false;
  rest.remove_prefix(1);
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  return !rest.empty() && skip_digits(rest).empty();
}

// Does every underscore stand between two digits?
bool separates_digits(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '_' && (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])))
      return false;
  return true;
}

Value read_number(std::string_view text) {
  if (!is_digit(text[0]) && text[0] != '-' && text[0] != '+' && text[0] != '.') return {};
  if (text[0] == '.' && !separates_digits(text)) return {};
  const std::string plain = base::replace_all(text, "_", "");
  if (Value integer = read_integer(plain); !integer.is_null()) return integer;
  if (!looks_like_float(plain)) return {};
  const auto number = base::parse_double(plain);
  return number ? Value(*number) : Value();
}

// Reads numbers of one or two digits and marks, as go-yaml's timestamp formats have them.
struct TimestampScanner {
  std::string_view text;
  bool good = true;

  unsigned number(std::size_t least, std::size_t most, unsigned limit) {
    std::size_t size = 0;
    unsigned value = 0;
    while (size < most && size < text.size() && is_digit(text[size])) value = value * 10 + unsigned(text[size++] - '0');
    good = good && size >= least && value <= limit;
    text.remove_prefix(size);
    return value;
  }
  void mark(char c) {
    good = good && text.starts_with(c);
    text.remove_prefix(std::min<std::size_t>(1, text.size()));
  }
  void clock() {
    number(1, 2, 23), mark(':'), number(1, 2, 59), mark(':'), number(1, 2, 59);
    if (good && text.size() > 1 && text[0] == '.' && is_digit(text[1])) text = skip_digits(text.substr(1));
  }
  void zone() {
    if (text == "Z") return text.remove_prefix(1);
    mark(text.starts_with('-') ? '-' : '+'), number(2, 2, 24), mark(':'), number(2, 2, 60);
  }
};

bool is_timestamp(std::string_view text) {
  TimestampScanner in{text};
  const auto year = static_cast<int>(in.number(4, 4, 9999));
  in.mark('-');
  const unsigned month = in.number(1, 2, 12);
  in.mark('-');
  const unsigned day = in.number(1, 2, 31);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!in.good || !date.ok()) return false;
  if (in.text.empty()) return true;
  const char separator = in.text[0];
  if (separator != 'T' && separator != 't' && separator != ' ') return false;
  in.mark(separator);
  in.clock();
  if (separator != ' ') in.zone();
  return in.good && in.text.empty();
}

// [-+]? digit (digit | _)* ( : [0-5]? digit )+ ( . (digit | _)* )?
bool is_base60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::string_view whole = text.substr(0, text.find('.'));
  const auto parts = base::split(whole, ':');
  const auto all = [](std::string_view part, bool underscore) {
    return std::ranges::all_of(part, [&](char c) { return is_digit(c) || (underscore && c == '_'); });
  };
  if (parts.size() < 2 || parts[0].empty() || !is_digit(parts[0][0]) || !all(parts[0], true)) return false;
  for (std::size_t i = 1; i < parts.size(); ++i)
    if (parts[i].empty() || parts[i].size() > 2 || !all(parts[i], false) || (parts[i].size() == 2 && parts[i][0] > '5'))
      return false;
  return whole.size() == text.size() || all(text.substr(whole.size() + 1), true);
}

}  // namespace

Value resolve_plain_scalar(std::string_view text) {
  if (is_null(text)) return {};
  if (is_true(text)) return true;
  if (is_false(text)) return false;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool sign = text[0] == '-' || text[0] == '+';
  if (is_infinity(text.substr(sign ? 1 : 0))) return text[0] == '-' ? -kInfinity : kInfinity;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::nan("");
  Value number = read_number(text);
  return number.is_null() ? Value(text) : number;
}

bool needs_quotes(std::string_view text) {
  return text == "<<" || !resolve_plain_scalar(text).is_string() || is_timestamp(text) || is_base60(text);
}

}  // namespace slipway::data
