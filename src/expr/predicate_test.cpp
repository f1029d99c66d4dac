#include "expr/predicate.h"

#include <gtest/gtest.h>

#include <map>

namespace slipway::expr {
namespace {

using Said = std::map<std::string, std::string>;

bool holds(std::string_view text, const Said& said) {
  const auto predicate = parse_predicate(text);
  SLIPWAY_CHECK(predicate.has_value());
  return predicate->holds([&](const Comparison& c) {
    const auto found = said.find(c.member.empty() ? c.name : c.name + "." + c.member);
    return found != said.end() && c.holds_for(found->second);
  });
}

TEST(Predicate, SaysWhatTheExpressionSays) {
  const Said anna = {{"region", "DE"}, {"age", "37"}, {"cookie.beta", "1"}, {"header.x-app", "ios-7.2"}};
  const std::pair<const char*, bool> rows[] = {
      {"region == \"DE\"", true},
      {"region != \"DE\"", false},
      {"level != \"gold\"", true},  // she has none
      {"level not in [\"gold\"]", true},
      {"level == \"gold\" || region in [\"AT\", 'DE']", true},
      {"region == \"DE\" && !(cookie[\"beta\"] == \"1\")", false},
      {"not (region == \"AT\") and cookie.beta == 1", true},
      {"age >= 18 && age < 65", true},
      {"age > 36 && age <= 37", true},
      {"age > 37", false},
      {"age < 0", false},
      {"header[\"x-app\"] startsWith \"ios-\"", true},
      {"header[\"x-app\"] endsWith \"7.2\" && header[\"x-app\"] contains \"-7\"", true},
      {"header[\"x-app\"] matches \"^ios-[5-9]\"", true},
      {"header[\"x-app\"] matches \"^android\"", false}};
  for (const auto& [text, wanted] : rows) EXPECT_EQ(holds(text, anna), wanted) << text;
}

TEST(Predicate, OnlyPlainNumbersAreCompared) {
  for (const char* value : {"018", "-1", "18.0", "", " 18", "1234567890"})
    EXPECT_FALSE(holds("age >= 0", {{"age", value}})) << value;
  EXPECT_EQ(plain_number("999999999"), 999'999'999);
  EXPECT_EQ(plain_number("0"), 0);
}

TEST(Predicate, RefusesWithTheColumn) {
  const std::pair<const char*, const char*> rows[] = {
      {"region", "column 1: a comparison must stand here, like region == \"DE\""},
      {"region == level", "column 11: a text must stand here"},
      {"\"DE\" == region", "column 1: an attribute must stand here: a name, or like header[\"x-name\"]"},
      {"region in \"DE\"", "column 11: a list of texts must stand here"},
      {"region in []", "column 11: a list of texts must stand here"},
      {"age > 1.5", "column 7: a whole number from 0 to 999999999 must stand here"},
      {"region matches \"(\"", "column 16: no expression (RE2): missing ): ("},
      {"region == \"\"", "column 11: an empty text cannot be told from none"},
      {"region == \"DE\" && true", "column 19: a comparison must stand here, like region == \"DE\""},
      {"len(region) == 2", "column 1: an attribute must stand here: a name, or like header[\"x-name\"]"},
      {"region == ", "column 11: unexpected end, expected a value"}};
  for (const auto& [text, problem] : rows) {
    const auto predicate = parse_predicate(text);
    ASSERT_FALSE(predicate) << text;
    EXPECT_EQ(predicate.error().message, problem) << text;
  }
}

}  // namespace
}  // namespace slipway::expr
