#include "cli/cohort_user.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> warnings(const Saying& saying) {
  const auto spec =
      data::parse_json(R"json({"key":{"header":"X-User"},"attributes":[{"name":"region","header":"x-region"},
      {"name":"level","cookie":"level"}],"match":"region == 'DE' && !(header['x-test'] == '1')"})json");
  CohortWho who;
  who.user = "7";
  who.saying = saying;
  const auto user = user_of(who);
  EXPECT_TRUE(spec && user);
  return unread(*user, {delivery::plan::read_cohort("germany", *spec)});
}

TEST(CohortUser, WhatNoCohortReadsIsTold) {
  EXPECT_THAT(warnings({{"region=DE", "level=3"}, {"X-Test=1", "x-user=8", "x-region=AT"}, {"level=2"}, {}}),
              IsEmpty());
  EXPECT_THAT(warnings({{"regoin=DE"}, {"x-tset=1"}, {}, {}}),
              ElementsAre("no Cohort here has an attribute regoin, so it says nothing; there are: level, region",
                          "no Cohort here reads header x-tset, so it says nothing; they read: cookie level, header "
                          "x-region, header x-test, header x-user"));
}

TEST(CohortUser, UsersWithoutAKeyAreCounted) {
  const auto spec = data::parse_json(R"({"key":{"header":"X-User"},"users":["7"]})");
  ASSERT_TRUE(spec);
  const std::vector<delivery::plan::Cohort> cohorts = {delivery::plan::read_cohort("staff", *spec)};
  const User seven{.key = "7"}, nobody{.attributes = {{"kye", "8"}}},
      by_header{.parts = {{{delivery::plan::Condition::Of::Header, "x-user"}, "9"}}};
  EXPECT_EQ(keyless({seven, by_header}, cohorts), "");
  EXPECT_EQ(keyless({seven, nobody, by_header, nobody}, cohorts),
            "2 of 4 users have no key, as requests of nobody in particular: \"key\" is missing in their lines");
  EXPECT_EQ(keyless({nobody}, {delivery::plan::read_cohort("all", data::Value())}), "") << "nobody asks for it";
}

}  // namespace
}  // namespace slipway::cli
