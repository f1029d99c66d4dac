#include "data/quantity.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace slipway::data {
namespace {

std::string canonical(std::string_view text) { return Quantity::canonical(text).value_or("error"); }
std::int64_t milli(std::string_view text) { return Quantity::parse(text).value_or(Quantity::from_milli(-77)).milli(); }

TEST(Quantity, CanonicalForms) {
  const std::pair<const char*, const char*> rows[] = {{"0", "0"},
                                                      {"0Gi", "0"},
                                                      {"-0", "0"},
                                                      {"0.5", "500m"},
                                                      {"1024Mi", "1Gi"},
                                                      {"1.5Gi", "1536Mi"},
                                                      {"100m", "100m"},
                                                      {"1000m", "1"},
                                                      {"1500m", "1500m"},
                                                      {"1000", "1k"},
                                                      {"1234", "1234"},
                                                      {"1e3", "1e3"},
                                                      {"1E3", "1e3"},
                                                      {"12e5", "1200e3"},
                                                      {"1000e0", "1e3"},
                                                      {"0.1e1", "1"},
                                                      {"1000k", "1M"},
                                                      {".5", "500m"},
                                                      {"5.", "5"},
                                                      {"+5", "5"},
                                                      {"-250m", "-250m"},
                                                      {"1000Ki", "1000Ki"},
                                                      {"512Ki", "512Ki"},
                                                      {"0.5Ki", "512"},
                                                      {"1023", "1023"},
                                                      {"1Ei", "1Ei"},
                                                      {"1E", "1E"},
                                                      {"0.0000000001", "1n"},
                                                      {"1.0000000001", "1000000001n"},
                                                      {"1e-10", "1e-9"},
                                                      {"100u", "100u"},
                                                      {"1.5Ki", "1536"},
                                                      {"9e99", "9223372036854775807"},
                                                      {"99999999999999999999999999", "9223372036854775807"},
                                                      {"128974848", "128974848"},
                                                      {"129e6", "129e6"},
                                                      {"123Mi", "123Mi"}};
  for (const auto& [text, out] : rows) EXPECT_EQ(canonical(text), out) << text;
  EXPECT_EQ(canonical("1.0001Ki"), "1025");  // a binary amount over 1023 has no fraction
  EXPECT_EQ(canonical("1.9999Ki"), "2Ki");
}

TEST(Quantity, RefusesOthers) {
  for (const char* bad :
       {"", ".", "-", "1.2.3", "1 Gi", "Gi", "1gi", "1K", "1kb", "1e", "1e1.5", "0x10", "1Gi ", "--1", "1ee3", "1m5"})
    EXPECT_EQ(canonical(bad), "error") << bad;
  EXPECT_EQ(Quantity::parse("x").error().code, base::Code::Invalid);
}

TEST(Quantity, Amounts) {
  EXPECT_EQ(milli("250m"), 250);
  EXPECT_EQ(milli("2"), 2000);
  EXPECT_EQ(milli("1u"), 1);
  EXPECT_EQ(milli("-1u"), -1);
  EXPECT_EQ(milli("1Gi"), 1073741824000);
  EXPECT_EQ(milli("8Ei"), INT64_MAX);
  EXPECT_EQ(Quantity::parse("1001m")->value(), 2);
  EXPECT_EQ(Quantity::parse("-1500m")->value(), -1);
  EXPECT_EQ(Quantity::from_value(Value(2))->milli(), 2000);
  EXPECT_EQ(Quantity::from_value(Value(0.25))->milli(), 250);
  EXPECT_FALSE(Quantity::from_value(Value(true)));
  EXPECT_EQ((*Quantity::parse("1") - *Quantity::parse("250m")).text(), "750m");
  EXPECT_EQ(Quantity::from_milli(64'000'000'000).text(), "64M");
  EXPECT_LT(*Quantity::parse("1500m"), *Quantity::parse("2"));
}

TEST(Quantity, CanonicalFormIsStableAndKeepsTheAmount) {
  EXPECT_TRUE(rc::check([] {
    const auto number = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
    const auto suffix =
        *rc::gen::elementOf(std::vector<std::string>{"", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-3", "e7"});
    const std::string text = std::to_string(number / 1000) + "." + std::to_string(number % 1000) + suffix;
    const std::string once = canonical(text);
    RC_ASSERT(canonical(once) == once);
    if (!suffix.ends_with('i')) RC_ASSERT(milli(once) == milli(text));  // binary amounts are rounded to whole units
  }));
}

TEST(IntOrPercent, RoundsAsAsked) {
  const auto of = [](Value v, std::int64_t total, Round round) {
    return int_or_percent(v, total, round).value_or(-99);
  };
  EXPECT_EQ(of(3, 10, Round::Down), 3);
  EXPECT_EQ(of("25%", 10, Round::Down), 2);
  EXPECT_EQ(of("25%", 10, Round::Up), 3);
  EXPECT_EQ(of("50%", 10, Round::Up), 5);
  EXPECT_EQ(of("0%", 10, Round::Up), 0);
  EXPECT_EQ(of("150%", 3, Round::Down), 4);
  EXPECT_EQ(of("-25%", 10, Round::Down), -3);
  for (const Value& bad :
       {Value("25"), Value("2.5%"), Value("%"), Value(1.5), Value(), Value("x%"), Value("9223372036854775807%")})
    EXPECT_EQ(of(bad, 10, Round::Up), -99);
}

}  // namespace
}  // namespace slipway::data
