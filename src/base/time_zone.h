// Time zones by the names of the IANA database ("Europe/Berlin"), as the machine has them (Debian: tzdata).
//
// A zone is immutable: read when it is first asked for, and the same from then on, so what is computed with it depends
// on its arguments alone. From any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace slipway::base {

// What calendar and clock show at some place.
struct WallTime {
  std::int64_t day = 0;     // since 1970-01-01, which was a Thursday
  std::int32_t second = 0;  // of the day
  int weekday() const;      // 0: Monday
  auto operator<=>(const WallTime&) const = default;
};

class TimeZone {
 public:
  // Null: there is no such zone. "UTC" is always there; the others need the database.
  static const TimeZone* find(std::string_view name);
  static bool has_database();
  virtual ~TimeZone() = default;

  virtual WallTime at(Time t) const = 0;
  // When clocks there show this: never where they are put forward over it, twice where they are put back.
  virtual std::vector<Time> when(const WallTime& wall) const = 0;
  // The next time after `t` that clocks there are put forward or back.
  virtual std::optional<Time> next_change(Time t) const = 0;
};

}  // namespace slipway::base
