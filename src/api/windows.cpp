#include "api/windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/strings.h"

namespace slipway::api {
namespace {

using base::Time;
using data::Value;

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::int32_t kDay = 86'400;
// Two zones shift against each other for half a year at most; what does not open within so many days never does.
constexpr std::int64_t kSearchedDays = 400;

// --- one window -------------------------------------------------------------------------------------------

bool has_day(const WeeklyHours& h, int weekday) { return ((h.days >> weekday) & 1) != 0; }
bool over_midnight(const WeeklyHours& h) { return h.to <= h.from; }

bool shows(const WeeklyHours& h, const base::WallTime& wall) {
  const int today = wall.weekday(), yesterday = (today + 6) % 7;
  if (!over_midnight(h)) return has_day(h, today) && wall.second >= h.from && wall.second < h.to;
  return (has_day(h, today) && wall.second >= h.from) || (has_day(h, yesterday) && wall.second < h.to);
}

std::string clock_text(std::int32_t second) { return fmt::format("{:02}:{:02}", second / 3600, second / 60 % 60); }

// "Mon-Fri", "Sat, Sun", "daily"
std::string days_text(std::uint8_t days) {
  if (days == 0x7f) return "daily";
  std::vector<std::string> parts;
  for (int first = 0; first < 7; ++first) {
    if (((days >> first) & 1) == 0) continue;
    int last = first;
    while (last < 6 && ((days >> (last + 1)) & 1) != 0) ++last;
    if (last - first < 2) last = first;
    parts.push_back(std::string(kDays[static_cast<std::size_t>(first)]) +
                    (last > first ? "-" + std::string(kDays[static_cast<std::size_t>(last)]) : ""));
    first = last;
  }
  return base::join(parts, ", ");
}

std::string hours_text(const WeeklyHours& h) {
  return fmt::format("{} {}-{} {}", days_text(h.days), clock_text(h.from), clock_text(h.to), h.zone);
}
std::string hours_text(const Span& s) {
  return fmt::format("{} to {}", base::format_time(s.start), base::format_time(s.end));
}

// --- all windows ------------------------------------------------------------------------------------------

bool is_open(const std::vector<Window>& windows, Time t) {
  bool some_allow = false, allowed = false;
  for (const Window& w : windows) {
    const bool holds = w.holds(t);
    if (w.kind == Window::Kind::Deny && holds) return false;
    some_allow |= w.kind == Window::Kind::Allow;
    allowed |= w.kind == Window::Kind::Allow && holds;
  }
  return allowed || !some_allow;
}

// Times of a day of the window's own calendar at which it may begin or end to hold, or its clocks are put.
void add_edges(const WeeklyHours& h, std::int64_t day, std::vector<Time>& out) {
  for (const std::int32_t second : {0, h.from, h.to % kDay}) {
    const std::vector<Time> found = h.clock->when({day, second});
    out.insert(out.end(), found.begin(), found.end());
  }
}

// Everything from `begin` to `end` at which a window may change; sorted.
std::vector<Time> edges_between(const std::vector<Window>& windows, Time begin, Time end) {
  std::vector<Time> out;
  for (const Window& w : windows) {
    if (const auto* span = std::get_if<Span>(&w.hours)) {
      out.push_back(span->start);
      out.push_back(span->end);
      continue;
    }
    const auto& weekly = std::get<WeeklyHours>(w.hours);
    for (std::int64_t day = weekly.clock->at(begin).day; day <= weekly.clock->at(end).day; ++day)
      add_edges(weekly, day, out);
    if (const auto change = weekly.clock->next_change(begin)) out.push_back(*change);
  }
  std::erase_if(out, [&](Time t) { return t <= begin || t > end; });
  std::ranges::sort(out);
  return out;
}

// The first time after `t`, within the searched days, at which the answer is another one.
std::optional<Time> next_turn(const std::vector<Window>& windows, Time t) {
  const bool now = is_open(windows, t);
  const bool by_the_week =
      std::ranges::any_of(windows, [](const Window& w) { return std::holds_alternative<WeeklyHours>(w.hours); });
  const base::Duration pace = base::hours(24) * (by_the_week ? 1 : kSearchedDays);
  for (Time begin = t; begin < t + base::hours(24) * kSearchedDays; begin += pace)
    for (const Time edge : edges_between(windows, begin, begin + pace))
      if (is_open(windows, edge) != now) return edge;
  return std::nullopt;
}

const Window* find_holding(const std::vector<Window>& windows, Window::Kind kind, Time t) {
  const auto found = std::ranges::find_if(windows, [&](const Window& w) { return w.kind == kind && w.holds(t); });
  return found == windows.end() ? nullptr : &*found;
}

// --- reading ----------------------------------------------------------------------------------------------

// "09:00"; "24:00" where `end`.
std::optional<std::int32_t> second_of(std::string_view text, bool end) {
  if (end && text == "24:00") return kDay;
  const auto digits = [](std::string_view two) {
    return two.find_first_not_of("0123456789") == two.npos ? base::parse_int(two) : std::nullopt;
  };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = digits(text.substr(0, 2)), minute = digits(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return static_cast<std::int32_t>(*hour * 3600 + *minute * 60);
}

std::optional<Time> time_of(const Value& v) { return v.is_string() ? base::parse_time(v.as_string()) : std::nullopt; }

// Collects what is wrong with one window.
struct Checker {
  std::string path;
  std::vector<base::Cause>& problems;

  void invalid(const std::string& field, const Value& value, std::string_view why) {
    problems.push_back(
        {"FieldValueInvalid", fmt::format("Invalid value: \"{}\": {}", value.as_string(), why), path + "." + field});
  }
  void required(const std::string& field, std::string_view why) {
    problems.push_back({"FieldValueRequired", fmt::format("Required value: {}", why), path + "." + field});
  }
  void forbidden(const std::string& field, std::string_view why) {
    problems.push_back({"FieldValueForbidden", fmt::format("Forbidden: {}", why), path + "." + field});
  }
};

std::uint8_t read_days(const Value& days, Checker& out) {
  if (days.size() == 0) return 0x7f;
  std::uint8_t bits = 0;
  for (std::size_t i = 0; i < days.size(); ++i) {
    const auto found = std::ranges::find(kDays, days.at(i).as_string());
    const std::string field = fmt::format("days[{}]", i);
    if (found == kDays.end()) {
      out.invalid(field, days.at(i), "must be Mon, Tue, Wed, Thu, Fri, Sat or Sun");
      continue;
    }
    const auto bit = static_cast<std::uint8_t>(1u << (found - kDays.begin()));
    if ((bits & bit) != 0) out.invalid(field, days.at(i), "is named twice");
    bits |= bit;
  }
  return bits;
}

const base::TimeZone* read_zone(const Value& zone, const std::string& name, Checker& out) {
  const base::TimeZone* found = base::TimeZone::find(name);
  if (found == nullptr && !base::TimeZone::has_database())
    out.invalid("timeZone", zone,
                "there is no time zone database on this machine: install tzdata, or set TZDIR to where it is");
  else if (found == nullptr)
    out.invalid("timeZone", zone, "is no time zone: must be a name of the IANA database, like Europe/Berlin or UTC");
  return found;
}

void read_clock(const Value& owner, const char* key, bool end, std::int32_t& into, Checker& out) {
  if (owner[key].as_string().empty()) return;
  if (const auto second = second_of(owner[key].as_string(), end))
    into = *second;
  else
    out.invalid(
        key, owner[key],
        end ? "must be a time of the day from 00:00 to 24:00" : "must be a time of the day from 00:00 to 23:59");
}

WeeklyHours read_weekly(const Value& v, Checker& out) {
  WeeklyHours hours;
  hours.days = read_days(v["days"], out);
  const bool from = !v["from"].as_string().empty(), to = !v["to"].as_string().empty();
  if (from != to) out.required(from ? "to" : "from", "from and to belong together; without both it lasts all day");
  read_clock(v, "from", false, hours.from, out);
  read_clock(v, "to", true, hours.to, out);
  if (from && to && hours.from == hours.to)
    out.invalid("to", v["to"], "is the same as from: leave both out for the whole day");
  hours.zone = v["timeZone"].as_string().empty() ? "UTC" : v["timeZone"].str();
  hours.clock = read_zone(v["timeZone"], hours.zone, out);
  return hours;
}

Span read_span(const Value& v, Checker& out) {
  for (const char* key : {"from", "to", "timeZone"})
    if (!v[key].as_string().empty())
      out.forbidden(key, "a window from start to end is no window by the week; their times carry their offset");
  if (v["days"].size() > 0) out.forbidden("days", "a window from start to end is no window by the week");
  const auto start = time_of(v["start"]), end = time_of(v["end"]);
  for (const char* key : {"start", "end"}) {
    if (v[key].is_null() || v[key].as_string().empty())
      out.required(key, "start and end belong together");
    else if (!time_of(v[key]))
      out.invalid(key, v[key], "must be a time like 2026-12-24T12:00:00+01:00");
  }
  if (start && end && *start >= *end) out.invalid("end", v["end"], "must be after start");
  return {start.value_or(Time{}), end.value_or(Time{})};
}

Window read_window(const Value& v, Checker& out) {
  Window w{.name = v["name"].str()};
  const std::string_view kind = v["kind"].as_string().empty() ? "Allow" : v["kind"].as_string();
  if (kind != "Allow" && kind != "Deny") out.invalid("kind", v["kind"], "must be Allow or Deny");
  w.kind = kind == "Deny" ? Window::Kind::Deny : Window::Kind::Allow;
  if (v.has("start") || v.has("end"))
    w.hours = read_span(v, out);
  else
    w.hours = read_weekly(v, out);
  return w;
}

// Is there any time at all at which these are open? Deny windows from start to end pass, so they do not count against
// windows by the week. The year is any.
bool ever_open(const std::vector<Window>& windows) {
  const Time some_year = Time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
  std::vector<Window> weekly = windows;
  std::erase_if(weekly, [](const Window& w) { return std::holds_alternative<Span>(w.hours); });
  const bool only_spans_allow =
      std::ranges::none_of(weekly, [](const Window& w) { return w.kind == Window::Kind::Allow; }) &&
      std::ranges::any_of(windows, [](const Window& w) { return w.kind == Window::Kind::Allow; });
  if (!only_spans_allow && (is_open(weekly, some_year) || next_turn(weekly, some_year))) return true;
  return std::ranges::any_of(windows, [&](const Window& w) {
    const auto* span = std::get_if<Span>(&w.hours);
    if (!span || w.kind == Window::Kind::Deny) return false;
    const auto turn = is_open(windows, span->start) ? std::optional(span->start) : next_turn(windows, span->start);
    return turn && *turn < span->end;
  });
}

}  // namespace

bool Window::holds(Time t) const {
  if (const auto* span = std::get_if<Span>(&hours)) return t >= span->start && t < span->end;
  const auto& weekly = std::get<WeeklyHours>(hours);
  return shows(weekly, weekly.clock->at(t));
}

std::string to_text(const Window& window) {
  const std::string when = std::visit([](const auto& hours) { return hours_text(hours); }, window.hours);
  return window.name.empty() ? when : fmt::format("\"{}\" ({})", window.name, when);
}

Opening opening_at(const std::vector<Window>& windows, Time t) {
  if (is_open(windows, t)) return {};
  Opening out{.open = false, .opens = next_turn(windows, t)};
  const Window* deny = find_holding(windows, Window::Kind::Deny, t);
  const Window* next = out.opens ? find_holding(windows, Window::Kind::Allow, *out.opens) : nullptr;
  out.denied = deny != nullptr;
  if (const Window* named = deny ? deny : next) out.window = to_text(*named);
  return out;
}

std::vector<Window> windows_of(const Value& list) {
  std::vector<Window> out;
  for (const Value& v : list.items()) {
    std::vector<base::Cause> problems;
    Checker checker{"", problems};
    Window w = read_window(v, checker);
    if (problems.empty()) out.push_back(std::move(w));
  }
  return out;
}

void check_windows(const Value& list, const std::string& path, std::vector<base::Cause>& problems) {
  const std::size_t before = problems.size();
  std::vector<Window> windows;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Checker checker{fmt::format("{}[{}]", path, i), problems};
    windows.push_back(read_window(list.at(i), checker));
  }
  if (problems.size() > before || windows.empty() || ever_open(windows)) return;
  problems.push_back(
      {"FieldValueInvalid", "Invalid value: these windows are never open: nothing would ever be released", path});
}

}  // namespace slipway::api
