#include "base/time.h"

#include <cstdio>

namespace slipway::base {
namespace {

// 2026-11-23T07:05:14, `digits` digits of fraction, Z. Rounds down.
std::string format_rfc3339(Time t, int digits) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(t - day);
  char text[64];
  int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                           static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                           static_cast<int>(clock.seconds().count()));
  std::string out(text, static_cast<std::size_t>(size));
  if (digits > 0) {
    size = std::snprintf(text, sizeof text, ".%09lld", static_cast<long long>(clock.subseconds().count()));
    out.append(text, static_cast<std::size_t>(1 + digits));
  }
  return out + "Z";
}

// Reads fixed-width numbers and marks from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool number(std::size_t width, int& out) {
    if (text_.size() < width) return false;
    out = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      out = out * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(width);
    return true;
  }
  bool mark(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Digits of a fraction; those beyond nanoseconds are dropped. False when there is none.
  bool fraction(Duration& out) {
    std::int64_t unit = 100'000'000, nanos = 0;
    std::size_t i = 0;
    for (; i < text_.size() && text_[i] >= '0' && text_[i] <= '9'; ++i, unit /= 10) nanos += unit * (text_[i] - '0');
    text_.remove_prefix(i);
    out = Duration(nanos);
    return i > 0;
  }
  bool done() const { return text_.empty(); }

 private:
  std::string_view text_;
};

bool scan_date(Scanner& in, std::chrono::year_month_day& date) {
  int year, month, day;
  if (!in.number(4, year) || !in.mark('-') || !in.number(2, month) || !in.mark('-') || !in.number(2, day)) return false;
  date = {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
          std::chrono::day(static_cast<unsigned>(day))};
  return date.ok() && year >= 1678 && year <= 2261;  // what int64 nanoseconds hold
}

bool scan_clock(Scanner& in, Duration& since_midnight) {
  int hour, minute, second;
  if (!in.number(2, hour) || !in.mark(':') || !in.number(2, minute) || !in.mark(':') || !in.number(2, second))
    return false;
  Duration rest{};
  if (in.mark('.') && !in.fraction(rest)) return false;
  since_midnight = hours(hour) + minutes(minute) + seconds(second) + rest;
  return hour < 24 && minute < 60 && second < 60;
}

bool scan_zone(Scanner& in, Duration& offset) {
  offset = {};
  if (in.mark('Z')) return true;
  const bool east = in.mark('+');
  int hour, minute;
  if ((!east && !in.mark('-')) || !in.number(2, hour) || !in.mark(':') || !in.number(2, minute)) return false;
  offset = (east ? 1 : -1) * (hours(hour) + minutes(minute));
  return hour < 24 && minute < 60;
}

}  // namespace

std::string format_time(Time t) { return format_rfc3339(t, 0); }
std::string format_micro_time(Time t) { return format_rfc3339(t, 6); }
std::string format_nano_time(Time t) { return format_rfc3339(t, 9); }

std::optional<Time> parse_time(std::string_view text) {
  Scanner in(text);
  std::chrono::year_month_day date;
  Duration since_midnight, offset;
  if (!scan_date(in, date) || !in.mark('T') || !scan_clock(in, since_midnight) || !scan_zone(in, offset) || !in.done())
    return {};
  return Time(std::chrono::sys_days(date)) + since_midnight - offset;
}

}  // namespace slipway::base
