// Execution windows: when releases may go forward (spec.windows of a Release and of the ReleasePolicy). Pure.
//
// A window by the week holds exactly when a clock on the wall of its zone shows a time inside: an hour that the clocks
// skip is never inside, one that they repeat is so twice. `days` are those on which it begins; one over midnight goes
// on into the next day. Kinds are those of Argo CD's sync windows: without a window of kind Allow everything is
// allowed, with some of them only what is inside of one, and Deny always wins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/time_zone.h"
#include "data/value.h"

namespace slipway::api {

struct WeeklyHours {
  std::uint8_t days = 0x7f;  // bit 0: Monday
  std::int32_t from = 0;     // second of the day
  std::int32_t to = 86'400;  // not later than `from`: of the next day
  std::string zone = "UTC";
  const base::TimeZone* clock = nullptr;
  bool operator==(const WeeklyHours&) const = default;
};
struct Span {
  base::Time start, end;
  bool operator==(const Span&) const = default;
};

struct Window {
  enum class Kind { Allow, Deny };
  Kind kind = Kind::Allow;
  std::string name = {};
  std::variant<WeeklyHours, Span> hours = WeeklyHours{};

  bool holds(base::Time t) const;
  bool operator==(const Window&) const = default;
};
// "Mon-Fri 09:00-17:00 Europe/Berlin", "2026-12-20T00:00:00Z to 2027-01-04T00:00:00Z", with its name in front if any.
std::string to_text(const Window& window);

struct Opening {
  bool open = true;
  // Of what is closed:
  std::optional<base::Time> opens = {};  // absent: not within a year
  std::string window = {};               // the one that denies, else the one that opens; for people
  bool denied = false;                   // `window` denies
};
Opening opening_at(const std::vector<Window>& windows, base::Time t);

// Of a list that has been checked; what is wrong in one that has not is left out.
std::vector<Window> windows_of(const data::Value& list);
// All problems, with their fields; `path` is the list's: "spec.windows".
void check_windows(const data::Value& list, const std::string& path, std::vector<base::Cause>& problems);

}  // namespace slipway::api
