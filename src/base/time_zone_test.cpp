#include "base/time_zone.h"

#include <gtest/gtest.h>

namespace slipway::base {
namespace {

Time at(const char* text) { return *parse_time(text); }

constexpr std::int32_t hm(int hour, int minute) { return hour * 3600 + minute * 60; }

TEST(TimeZone, NamesOfTheDatabaseAreFoundAndNothingElse) {
  ASSERT_TRUE(TimeZone::has_database()) << "install tzdata";
  for (const char* good : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Kathmandu"})
    EXPECT_NE(TimeZone::find(good), nullptr) << good;
  for (const char* bad : {"", "Europe", "Europe/", "Europe/Atlantis", "/etc/passwd", "../../../etc/passwd", "localtime",
                          "Fixed/UTC+01:00:00", "posix/Europe/Berlin", "europe/berlin", "Europe/Berlin ", "CEST"})
    EXPECT_EQ(TimeZone::find(bad), nullptr) << bad;
  EXPECT_EQ(TimeZone::find("Europe/Berlin"), TimeZone::find("Europe/Berlin"));
}

TEST(TimeZone, ShowsWhatClocksThereShow) {
  const TimeZone& berlin = *TimeZone::find("Europe/Berlin");
  const WallTime summer = berlin.at(at("2026-07-01T22:30:00Z"));
  EXPECT_EQ(summer.second, hm(0, 30));
  EXPECT_EQ(summer.weekday(), 3);  // Thursday, while it is Wednesday in London
  EXPECT_EQ(berlin.at(at("2026-12-01T08:00:00Z")).second, hm(9, 0));
  EXPECT_EQ(TimeZone::find("UTC")->at(at("1970-01-01T00:00:01Z")), (WallTime{0, 1}));
  EXPECT_EQ(WallTime{}.weekday(), 3);
  EXPECT_EQ((WallTime{-4, 0}).weekday(), 6);
}

TEST(TimeZone, SkippedHoursAreNeverShownAndRepeatedOnesTwice) {
  const TimeZone& berlin = *TimeZone::find("Europe/Berlin");
  const std::int64_t spring = berlin.at(at("2026-03-29T12:00:00Z")).day,
                     autumn = berlin.at(at("2026-10-25T12:00:00Z")).day;
  EXPECT_TRUE(berlin.when({spring, hm(2, 30)}).empty());
  EXPECT_EQ(berlin.when({spring, hm(3, 0)}), std::vector{at("2026-03-29T01:00:00Z")});
  EXPECT_EQ(berlin.when({autumn, hm(2, 30)}), (std::vector{at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z")}));
  EXPECT_EQ(berlin.next_change(at("2026-03-01T00:00:00Z")), at("2026-03-29T01:00:00Z"));
  EXPECT_EQ(berlin.next_change(at("2026-03-29T01:00:00Z")), at("2026-10-25T01:00:00Z"));
  EXPECT_FALSE(TimeZone::find("UTC")->next_change(at("2026-03-01T00:00:00Z")));
}

}  // namespace
}  // namespace slipway::base
