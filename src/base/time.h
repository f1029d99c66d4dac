// Time as the rest of the program knows it.
//
// `Time` is wall-clock time in UTC: it goes into objects and may jump. `MonoTime` never goes back and is
// for measuring and for timers. Both have nanosecond ticks. Nobody outside runtime/ asks the system for
// either: they come from a `runtime::Loop`, so that a controller runs unchanged in virtual time.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::base {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

struct MonoClock {
  using duration = Duration;
  using rep = Duration::rep;
  using period = Duration::period;
  using time_point = std::chrono::time_point<MonoClock, Duration>;
  static constexpr bool is_steady = true;
};
using MonoTime = MonoClock::time_point;

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// RFC 3339 in UTC with whole seconds: metav1.Time ("2026-11-23T07:05:14Z").
std::string format_time(Time t);
// RFC 3339 in UTC with six digits: metav1.MicroTime.
std::string format_micro_time(Time t);
// RFC 3339 in UTC with nine digits: the CRI log format.
std::string format_nano_time(Time t);
// Any RFC 3339 time with optional fraction and zone offset, in the years 1678 to 2261; nothing else is accepted.
std::optional<Time> parse_time(std::string_view text);

// Go's duration syntax: "1h15m30.5s", "300ms", "-5s", "0". Units h, m, s, ms, us (also µs), ns.
std::optional<Duration> parse_duration(std::string_view text);
// As Go prints it: "1h0m0s", "1m30s", "1.5s", "300ms", "0s".
std::string format_duration(Duration d);
// For people, as kubectl prints ages: "45s", "3m12s", "5h", "2d3h"; "<invalid>" when negative.
std::string human_duration(Duration d);

// Seconds as a floating-point number, for arithmetic and reports.
inline double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
inline Duration from_seconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

}  // namespace slipway::base
