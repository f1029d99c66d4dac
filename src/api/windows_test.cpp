#include "api/windows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "api/kinds/release_rules.h"
#include "api/testing.h"

namespace slipway::api {
namespace {

using base::Time;
using testing::yaml;

Time at(const std::string& text) { return *base::parse_time(text); }
std::string shown(const std::optional<Time>& t) { return t ? base::format_time(*t) : "never"; }

std::vector<Window> windows(const std::string& text) {
  const data::Value list = yaml(text);
  std::vector<base::Cause> problems;
  check_windows(list, "spec.windows", problems);
  for (const auto& p : problems) ADD_FAILURE() << p.field << ": " << p.message;
  return windows_of(list);
}

constexpr const char* kOffice =
    "[{days: [Mon, Tue, Wed, Thu, Fri], from: '09:00', to: '17:00', timeZone: Europe/Berlin}]";
constexpr const char* kNight = "[{days: [Fri], from: '22:00', to: '04:00', timeZone: Europe/Berlin}]";
constexpr const char* kInTheGap = "[{from: '02:15', to: '02:45', timeZone: Europe/Berlin}]";
constexpr const char* kOverTheGap = "[{from: '01:30', to: '03:30', timeZone: Europe/Berlin}]";
constexpr const char* kFreeze = "[{kind: Deny, start: '2026-12-20T00:00:00+01:00', end: '2027-01-04T00:00:00+01:00'}]";
constexpr const char* kNotFriday =
    "[{kind: Deny, days: [Fri], from: '12:00', to: '24:00'}, {days: [Mon, Fri], from: '10:00', to: '14:00'}]";
constexpr const char* kOnce = "[{start: '2026-12-05T20:00:00Z', end: '2026-12-05T22:00:00Z'}]";
constexpr const char* kNewYork = "[{days: [Sun], from: '01:00', to: '01:30', timeZone: America/New_York}]";
constexpr const char* kSydney = "[{days: [Mon], from: '00:00', to: '24:00', timeZone: Australia/Sydney}]";

struct Moment {
  const char* windows;
  const char* now;
  bool open;
  const char* opens;  // when closed
};

class WindowsAt : public ::testing::TestWithParam<Moment> {};

TEST_P(WindowsAt, TheyAreOpenOrSayWhenTheyOpen) {
  const Opening found = opening_at(windows(GetParam().windows), at(GetParam().now));
  EXPECT_EQ(found.open, GetParam().open) << GetParam().windows << " at " << GetParam().now;
  if (!GetParam().open) EXPECT_EQ(shown(found.opens), GetParam().opens) << GetParam().windows << " " << GetParam().now;
}

INSTANTIATE_TEST_SUITE_P(Days, WindowsAt,
                         ::testing::Values(Moment{"[]", "2026-11-29T12:00:00Z", true, ""},
                                           // 2026-11-29 is a Sunday; Berlin is an hour ahead of UTC, in summer two.
                                           Moment{kOffice, "2026-11-29T12:00:00Z", false, "2026-11-30T08:00:00Z"},
                                           Moment{kOffice, "2026-11-30T07:59:59.999999Z", false,
                                                  "2026-11-30T08:00:00Z"},
                                           Moment{kOffice, "2026-11-30T08:00:00Z", true, ""},
                                           Moment{kOffice, "2026-11-30T15:59:59.999999Z", true, ""},
                                           Moment{kOffice, "2026-11-30T16:00:00Z", false, "2026-12-01T08:00:00Z"},
                                           Moment{kOffice, "2026-12-04T16:00:00Z", false, "2026-12-07T08:00:00Z"},
                                           Moment{kOffice, "2026-07-03T06:59:59Z", false, "2026-07-03T07:00:00Z"},
                                           Moment{kOffice, "2026-07-03T15:00:00Z", false, "2026-07-06T07:00:00Z"},
                                           Moment{kNotFriday, "2026-12-04T09:00:00Z", false, "2026-12-04T10:00:00Z"},
                                           Moment{kNotFriday, "2026-12-04T11:59:00Z", true, ""},
                                           Moment{kNotFriday, "2026-12-04T13:00:00Z", false, "2026-12-07T10:00:00Z"},
                                           Moment{kSydney, "2026-11-29T12:59:59Z", false, "2026-11-29T13:00:00Z"},
                                           Moment{kSydney, "2026-11-30T12:59:59Z", true, ""},
                                           Moment{kFreeze, "2026-12-19T22:59:59Z", true, ""},
                                           Moment{kFreeze, "2026-12-19T23:00:00Z", false, "2027-01-03T23:00:00Z"},
                                           Moment{kFreeze, "2027-01-03T23:00:00Z", true, ""},
                                           Moment{kOnce, "2026-11-29T00:00:00Z", false, "2026-12-05T20:00:00Z"},
                                           Moment{kOnce, "2026-12-05T21:00:00Z", true, ""},
                                           Moment{kOnce, "2026-12-05T22:00:00Z", false, "never"}));

INSTANTIATE_TEST_SUITE_P(OverMidnight, WindowsAt,
                         ::testing::Values(Moment{kNight, "2026-12-04T20:59:00Z", false, "2026-12-04T21:00:00Z"},
                                           Moment{kNight, "2026-12-04T23:30:00Z", true, ""},  // Saturday, 00:30, there
                                           Moment{kNight, "2026-12-05T02:59:00Z", true, ""},
                                           Moment{kNight, "2026-12-05T03:00:00Z", false, "2026-12-11T21:00:00Z"},
                                           Moment{kNight, "2026-12-03T23:30:00Z", false,
                                                  "2026-12-04T21:00:00Z"}));  // Friday, 00:30, there

// Berlin: 2026-03-29 01:00Z forward from 02:00 to 03:00, 2026-10-25 01:00Z back from 03:00 to 02:00.
// New York: 2026-11-01 06:00Z back from 02:00 to 01:00.
INSTANTIATE_TEST_SUITE_P(
    ClocksThatArePut, WindowsAt,
    ::testing::Values(Moment{kInTheGap, "2026-03-28T01:20:00Z", true, ""},
                      Moment{kInTheGap, "2026-03-28T02:00:00Z", false, "2026-03-30T00:15:00Z"},  // not on the 29th
                      Moment{kInTheGap, "2026-10-25T00:20:00Z", true, ""},
                      Moment{kInTheGap, "2026-10-25T00:50:00Z", false, "2026-10-25T01:15:00Z"},  // once more
                      Moment{kInTheGap, "2026-10-25T01:20:00Z", true, ""},
                      Moment{kInTheGap, "2026-10-25T01:50:00Z", false, "2026-10-26T01:15:00Z"},
                      Moment{kOverTheGap, "2026-03-29T00:45:00Z", true, ""},
                      Moment{kOverTheGap, "2026-03-29T01:15:00Z", true, ""},  // 03:15
                      Moment{kOverTheGap, "2026-03-29T01:30:00Z", false, "2026-03-29T23:30:00Z"},
                      Moment{kNewYork, "2026-11-01T04:00:00Z", false, "2026-11-01T05:00:00Z"},
                      Moment{kNewYork, "2026-11-01T05:40:00Z", false, "2026-11-01T06:00:00Z"},
                      Moment{kNewYork, "2026-11-01T06:40:00Z", false, "2026-11-08T06:00:00Z"}));

TEST(Windows, AreToldAsPeopleSayThem) {
  EXPECT_EQ(to_text(windows(kOffice).front()), "Mon-Fri 09:00-17:00 Europe/Berlin");
  EXPECT_EQ(to_text(windows("[{name: lunch, days: [Sun, Sat], from: '12:00', to: '24:00'}]").front()),
            "\"lunch\" (Sat, Sun 12:00-24:00 UTC)");
  EXPECT_EQ(to_text(windows(kFreeze).front()), "2026-12-19T23:00:00Z to 2027-01-03T23:00:00Z");
  EXPECT_EQ(opening_at(windows(kOffice), at("2026-11-29T12:00:00Z")).window, "Mon-Fri 09:00-17:00 Europe/Berlin");
  EXPECT_TRUE(opening_at(windows(kFreeze), at("2026-12-24T12:00:00Z")).denied);
}

struct Refused {
  const char* window;
  const char* field;
  const char* words;
};

TEST(Windows, WhatIsWrongIsRefusedWithItsField) {
  for (const auto& [window, field, words] : std::vector<Refused>{
           {"{kind: Maybe}", "kind", "Allow or Deny"},
           {"{days: [Mon, Montag]}", "days[1]", "Mon, Tue"},
           {"{days: [Mon, Mon]}", "days[1]", "twice"},
           {"{from: '09:00'}", "to", "belong together"},
           {"{to: '09:00'}", "from", "belong together"},
           {"{from: '9:00', to: '10:00'}", "from", "00:00 to 23:59"},
           {"{from: '24:00', to: '10:00'}", "from", "00:00 to 23:59"},
           {"{from: '09:00', to: '24:01'}", "to", "00:00 to 24:00"},
           {"{from: '09:00', to: '+9:00'}", "to", "00:00 to 24:00"},
           {"{from: '09:00', to: '09:00'}", "to", "same as from"},
           {"{timeZone: Europe/Atlantis}", "timeZone", "IANA"},
           {"{timeZone: CEST}", "timeZone", "IANA"},
           {"{start: '2026-12-20T00:00:00Z'}", "end", "belong together"},
           {"{start: '2026-12-20', end: '2026-12-21T00:00:00Z'}", "start", "+01:00"},
           {"{start: '2026-12-20T00:00:00Z', end: '2026-12-20T00:00:00Z'}", "end", "after start"},
           {"{start: '2026-12-20T00:00:00Z', end: '2026-12-21T00:00:00Z', days: [Mon]}", "days", "by the week"},
           {"{start: '2026-12-20T00:00:00Z', end: '2026-12-21T00:00:00Z', timeZone: UTC}", "timeZone", "offset"}}) {
    std::vector<base::Cause> problems;
    check_windows(yaml("[{}, " + std::string(window) + "]"), "spec.windows", problems);
    ASSERT_EQ(problems.size(), 1u) << window;
    EXPECT_EQ(problems.front().field, "spec.windows[1]." + std::string(field));
    EXPECT_NE(problems.front().message.find(words), std::string::npos) << problems.front().message;
  }
}

TEST(Windows, AllThatIsWrongIsToldAtOnce) {
  std::vector<base::Cause> problems;
  check_windows(yaml("[{kind: 'No', days: [X], from: '1', timeZone: 'Y'}]"), "w", problems);
  EXPECT_EQ(problems.size(), 5u);
}

TEST(Windows, ThoseThatNeverOpenAreRefused) {
  for (const char* never : {"[{kind: Deny}]", "[{days: [Mon]}, {kind: Deny, days: [Mon]}]",
                            "[{from: '09:00', to: '10:00'}, {kind: Deny, from: '08:00', to: '10:00'}]",
                            "[{from: '23:00', to: '01:00'}, {kind: Deny, from: '22:00', to: '02:00'}]",
                            "[{start: '2026-12-20T00:00:00Z', end: '2026-12-21T00:00:00Z'}, {kind: Deny, start: "
                            "'2026-12-19T00:00:00Z', end: "
                            "'2026-12-22T00:00:00Z'}]"}) {
    std::vector<base::Cause> problems;
    check_windows(yaml(never), "spec.windows", problems);
    ASSERT_EQ(problems.size(), 1u) << never;
    EXPECT_EQ(problems.front().field, "spec.windows");
  }
  // Open in summer only, since the zones shift against each other; once in a while; after a freeze.
  for (const char* sometimes :
       {"[{from: '09:00', to: '10:00', timeZone: Europe/Berlin}, {kind: Deny, from: '08:00', to: '09:00'}]",
        "[{kind: Deny, start: '2026-12-19T00:00:00Z', end: '2026-12-22T00:00:00Z'}]",
        "[{days: [Mon]}, {kind: Deny, days: [Mon], from: '00:00', to: '23:59'}]",
        "[{start: '2020-12-20T00:00:00Z', end: '2020-12-21T00:00:00Z'}, {kind: Deny, days: [Mon, Tue]}]"})
    (void)windows(sometimes);
}

std::vector<base::Cause> problems_of_policy(const std::string& text) {
  std::vector<base::Cause> problems;
  check_release_policy(yaml(text), data::kNull, problems);
  return problems;
}

TEST(ReleasePolicyRules, ThereIsOneAndItSaysWhy) {
  EXPECT_TRUE(
      problems_of_policy("{metadata: {name: cluster}, spec: {maxConcurrent: 3, stop: {reason: fire}}}").empty());
  for (const auto& [bad, field] : std::vector<std::pair<std::string, std::string>>{
           {"{metadata: {name: mine}, spec: {}}", "metadata.name"},
           {"{metadata: {name: cluster}, spec: {maxConcurrent: 0}}", "spec.maxConcurrent"},
           {"{metadata: {name: cluster}, spec: {maxConcurrentPerNamespace: -1}}", "spec.maxConcurrentPerNamespace"},
           {"{metadata: {name: cluster}, spec: {stop: {by: ann}}}", "spec.stop.reason"},
           {"{metadata: {name: cluster}, spec: {windows: [{timeZone: Atlantis}]}}", "spec.windows[0].timeZone"}}) {
    const auto problems = problems_of_policy(bad);
    ASSERT_EQ(problems.size(), 1u) << bad;
    EXPECT_EQ(problems.front().field, field);
  }
}

// --- properties -------------------------------------------------------------------------------------------

std::string drawn_window() {
  const auto clock = [] { return fmt::format("{:02}:{:02}", *rc::gen::inRange(0, 24), 15 * *rc::gen::inRange(0, 4)); };
  const std::string from = clock(), to = clock();
  const char* zone =
      *rc::gen::element<const char*>("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata");
  const char* days = *rc::gen::element<const char*>("[Sun]", "[Sat, Sun]", "[Mon, Tue, Wed, Thu, Fri]", "[]");
  const std::string hours = from == to ? "" : fmt::format(", from: '{}', to: '{}'", from, to);
  return fmt::format("{{kind: {}, days: {}, timeZone: {}{}}}", *rc::gen::element<const char*>("Allow", "Deny"), days,
                     zone, hours);
}

// What is told as the next opening is open; nothing between now and then is.
RC_GTEST_PROP(WindowsProperty, NothingIsOpenBeforeTheOpeningThatIsTold, ()) {
  std::string list;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) list += (list.empty() ? "" : ", ") + drawn_window();
  const std::vector<Window> all = windows_of(yaml("[" + list + "]"));
  // Around the days on which some of these zones put their clocks.
  const char* near = *rc::gen::element<const char*>("2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23",
                                                    "2026-10-30", "2026-06-01");
  const Time now = at(std::string(near) + "T00:00:00Z") + base::minutes(*rc::gen::inRange(0, 5 * 24 * 60));
  const Opening found = opening_at(all, now);
  if (found.open || !found.opens) return;
  RC_ASSERT(opening_at(all, *found.opens).open);
  RC_ASSERT(!opening_at(all, *found.opens - base::nanoseconds(1)).open);
  for (Time t = now; t < *found.opens && t < now + base::hours(24 * 8); t += base::minutes(15))
    RC_ASSERT(!opening_at(all, t).open);
}

}  // namespace
}  // namespace slipway::api
