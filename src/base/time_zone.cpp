// Abseil reads the database and does the calendar's arithmetic: libstdc++ 12 has no time zones (std::chrono::tzdb came
// with 14), Abseil's are a static library without exceptions, and it says of a wall time whether it is skipped or
// repeated.
#include "base/time_zone.h"

#include <absl/time/time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

namespace slipway::base {
namespace {

constexpr std::size_t kLongestName = 64;

// Names are paths below the database's folder.
bool is_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  };
  return !name.empty() && name.size() <= kLongestName && name.front() >= 'A' && name.front() <= 'Z' &&
         name.back() != '/' && std::ranges::all_of(name, fits);
}

std::filesystem::path database() {
  const char* folder = std::getenv("TZDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

// Abseil remembers names that it could not load for ever: it is asked only for files that are there.
bool has_file(std::string_view name) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(database() / name, ignored);
}

Time to_time(absl::Time t) { return Time(Duration(absl::ToUnixNanos(t))); }
absl::Time from_time(Time t) { return absl::FromUnixNanos(t.time_since_epoch().count()); }

class Zone final : public TimeZone {
 public:
  explicit Zone(absl::TimeZone zone) : zone_(zone) {}

  WallTime at(Time t) const override {
    const absl::CivilSecond shown = zone_.At(from_time(t)).cs;
    const absl::CivilDay day(shown);
    return {day - absl::CivilDay(1970, 1, 1), static_cast<std::int32_t>(shown - absl::CivilSecond(day))};
  }

  std::vector<Time> when(const WallTime& wall) const override {
    const absl::TimeZone::TimeInfo found =
        zone_.At(absl::CivilSecond(absl::CivilDay(1970, 1, 1) + wall.day) + wall.second);
    switch (found.kind) {
      case absl::TimeZone::TimeInfo::UNIQUE:
        return {to_time(found.pre)};
      case absl::TimeZone::TimeInfo::SKIPPED:
        return {};
      case absl::TimeZone::TimeInfo::REPEATED:
        return {to_time(found.pre), to_time(found.post)};
    }
    return {};
  }

  std::optional<Time> next_change(Time t) const override {
    absl::TimeZone::CivilTransition change;
    if (!zone_.NextTransition(from_time(t), &change)) return std::nullopt;
    const Time at = to_time(zone_.At(std::min(change.from, change.to)).trans);
    return at > t ? std::optional(at) : std::nullopt;
  }

 private:
  absl::TimeZone zone_;
};

std::unique_ptr<Zone> load(std::string_view name) {
  absl::TimeZone zone;
  if (name == "UTC") return std::make_unique<Zone>(absl::UTCTimeZone());
  if (!has_file(name) || !absl::LoadTimeZone(std::string(name), &zone)) return nullptr;
  return std::make_unique<Zone>(zone);
}

}  // namespace

int WallTime::weekday() const { return static_cast<int>(((day + 3) % 7 + 7) % 7); }

const TimeZone* TimeZone::find(std::string_view name) {
  static std::mutex guard;
  static std::map<std::string, std::unique_ptr<Zone>, std::less<>> known;
  if (!is_name(name)) return nullptr;
  const std::lock_guard lock(guard);
  if (const auto found = known.find(name); found != known.end()) return found->second.get();
  std::unique_ptr<Zone> zone = load(name);
  if (!zone) return nullptr;
  return known.emplace(name, std::move(zone)).first->second.get();
}

bool TimeZone::has_database() { return has_file("Etc/UTC"); }

}  // namespace slipway::base
