#include "client/clock_skew.h"

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using base::milliseconds;
using base::seconds;

const base::Time kNine = *base::parse_time("2026-11-28T09:00:00Z");
constexpr const char* kDate = "Sat, 28 Nov 2026 09:00:00 GMT";

TEST(ClockSkew, IsNothingWhileTheClocksCanBeTheSame) {
  EXPECT_EQ(skew_of(kDate, kNine, kNine + milliseconds(5)), seconds(0));
  EXPECT_EQ(skew_of(kDate, kNine + milliseconds(900), kNine + milliseconds(950)), seconds(0));
  EXPECT_EQ(skew_of(kDate, kNine - seconds(30), kNine + seconds(30)), seconds(0)) << "a slow answer says little";
}

TEST(ClockSkew, IsTheLeastThatExplainsTheDate) {
  EXPECT_EQ(skew_of(kDate, kNine + seconds(61), kNine + seconds(62)), seconds(60));
  EXPECT_EQ(skew_of(kDate, kNine - seconds(62), kNine - seconds(60)), -seconds(60));
}

TEST(ClockSkew, NeedsADate) {
  for (const char* text : {"", "yesterday", "Sat, 28 Nov 2026 09:00:00 CET", "Sat, 28 Nov 2026 09:00:00 GMT+1"})
    EXPECT_FALSE(skew_of(text, kNine, kNine)) << text;
}

TEST(ClockSkew, IsToldWithItsDirection) {
  EXPECT_NE(skew_text(seconds(60)).find("60 s ahead of"), std::string::npos);
  EXPECT_NE(skew_text(-seconds(7)).find("7 s behind"), std::string::npos);
}

}  // namespace
}  // namespace slipway::client
