#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "base/strings.h"
#include "base/time.h"

namespace slipway::base {
namespace {

TEST(Strings, SplitJoinTrim) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join({}, ","), "");
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(to_lower("AbZ-\xc3\x89"), "abz-\xc3\x89");
  EXPECT_EQ(replace_all("aXbXX", "X", "--"), "a--b----");
  EXPECT_EQ(replace_all("aa", "a", "aa"), "aaaa");
  EXPECT_EQ(replace_all("abc", "", "x"), "abc");
  EXPECT_TRUE(equals_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
}

TEST(Strings, ParsesWholeNumbersOnly) {
  EXPECT_EQ(parse_int("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_uint("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", " 1", "1 ", "1x", "+1", "0x10", "9223372036854775808", "1.0"})
    EXPECT_FALSE(parse_int(bad)) << bad;
  EXPECT_EQ(parse_double("1.5e3"), 1500.0);
  EXPECT_EQ(parse_double("+2"), 2.0);
  EXPECT_EQ(parse_double("1e-400"), 0.0);
  EXPECT_TRUE(std::isinf(*parse_double("+Inf")));
  EXPECT_TRUE(std::isnan(*parse_double("NaN")));
  for (const char* bad : {"", "1e400", "1.5x", " 1", "+-1", "0x1"}) EXPECT_FALSE(parse_double(bad)) << bad;
}

TEST(Strings, Base64) {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
  EXPECT_EQ(base64_decode("Zm9v\r\nYmFy\n"), "foobar");
  for (const char* bad : {"Zg=", "Zg", "Z===", "Zg==Zg==", "Zm9v!A==", "=", "===="})
    EXPECT_FALSE(base64_decode(bad)) << bad;
  EXPECT_TRUE(
      rc::check("base64 reads back", [](const std::string& s) { RC_ASSERT(base64_decode(base64_encode(s)) == s); }));
}

TEST(Strings, Utf8) {
  EXPECT_TRUE(is_utf8("a\u00e9\u20ac\U0010FFFF"));
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"})
    EXPECT_FALSE(is_utf8(bad)) << hex(bad);
}

TEST(Hash, KnownAnswers) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(fnv1a32("foobar"), 0xbf9cf968u);
  EXPECT_EQ(safe_encode(0), "4");
  EXPECT_EQ(safe_encode(1234567890), "56789bcdf4");
  EXPECT_EQ(hex(std::string_view("\0\xff", 2)), "00ff");
}

TEST(Time, FormatsAndParses) {
  const auto t = parse_time("2026-11-23T07:05:14.123456789Z");
  ASSERT_TRUE(t);
  EXPECT_EQ(format_time(*t), "2026-11-23T07:05:14Z");
  EXPECT_EQ(format_micro_time(*t), "2026-11-23T07:05:14.123456Z");
  EXPECT_EQ(format_nano_time(*t), "2026-11-23T07:05:14.123456789Z");
  EXPECT_EQ(parse_time("1970-01-01T01:00:00+01:00"), Time());
  EXPECT_EQ(parse_time("1969-12-31T23:30:00-00:30"), Time());
  EXPECT_EQ(format_time(Time() - nanoseconds(1)), "1969-12-31T23:59:59Z");
  EXPECT_EQ(*parse_time("2024-02-29T00:00:00.5Z") - *parse_time("2024-02-29T00:00:00Z"), milliseconds(500));
  EXPECT_EQ(parse_time("2026-01-01T00:00:00.1234567899Z"), parse_time("2026-01-01T00:00:00.123456789Z"));
}

TEST(Time, RefusesWhatIsNotRfc3339) {
  for (const char* bad :
       {"", "2026-11-23", "2026-11-23 07:05:14Z", "2026-11-23T07:05:14", "2026-11-23T07:05:14z", "2026-11-23T24:00:00Z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T07:05:60Z", "2026-11-23T07:05:14.Z",
        "2026-11-23T07:05:14+0100", "2026-11-23T07:05:14Zx", "0001-01-01T00:00:00Z", "2026-11-23T07:05:1Z",
        "+026-11-23T07:05:14Z"})
    EXPECT_FALSE(parse_time(bad)) << bad;
}

TEST(Time, EveryTimeReadsBack) {
  EXPECT_TRUE(rc::check("nano time reads back", [] {
    const Time t{Duration(*rc::gen::inRange<std::int64_t>(-9'000'000'000'000'000'000, 9'000'000'000'000'000'000))};
    RC_ASSERT(parse_time(format_nano_time(t)) == t);
  }));
}

TEST(Duration, ParsesLikeGo) {
  const std::pair<const char*, Duration> rows[] = {{"0", Duration(0)},
                                                   {"5s", seconds(5)},
                                                   {"1h15m30.5s", milliseconds(4530500)},
                                                   {"300ms", milliseconds(300)},
                                                   {"-5s", seconds(-5)},
                                                   {"+5s", seconds(5)},
                                                   {"1.5h", minutes(90)},
                                                   {".5s", milliseconds(500)},
                                                   {"5.s", seconds(5)},
                                                   {"2us", microseconds(2)},
                                                   {"2µs", microseconds(2)},
                                                   {"7ns", nanoseconds(7)},
                                                   {"0.1s", milliseconds(100)},
                                                   {"0.000000001s", nanoseconds(1)},
                                                   {"0.333333333333333333333s", nanoseconds(333333333)},
                                                   {"9223372036854775807ns", Duration(INT64_MAX)},
                                                   {"-9223372036854775808ns", Duration(INT64_MIN)},
                                                   {"1m1m", minutes(2)}};
  for (const auto& [text, value] : rows) EXPECT_EQ(parse_duration(text), value) << text;
  for (const char* bad : {"", "5", "s", ".s", "1d", "1h 5m", "- 5s", "1.2.3s", "9223372036854775808ns",
                          "99999999999999999999s", "3000000h", "--1s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Duration, PrintsLikeGo) {
  const std::pair<Duration, const char*> rows[] = {{Duration(0), "0s"},
                                                   {seconds(90), "1m30s"},
                                                   {milliseconds(1500), "1.5s"},
                                                   {hours(1), "1h0m0s"},
                                                   {milliseconds(300), "300ms"},
                                                   {microseconds(1500), "1.5ms"},
                                                   {nanoseconds(1500), "1.5µs"},
                                                   {nanoseconds(7), "7ns"},
                                                   {-seconds(5), "-5s"},
                                                   {Duration(INT64_MIN), "-2562047h47m16.854775808s"},
                                                   {hours(25) + milliseconds(20), "25h0m0.02s"}};
  for (const auto& [value, text] : rows) EXPECT_EQ(format_duration(value), text);
  EXPECT_TRUE(rc::check("durations read back", [](std::int64_t n) {
    RC_ASSERT(parse_duration(format_duration(Duration(n))) == Duration(n));
  }));
}

TEST(Duration, ForPeople) {
  const std::pair<Duration, const char*> rows[] = {
      {seconds(-2), "<invalid>"}, {milliseconds(-900), "0s"}, {milliseconds(-1500), "0s"}, {seconds(45), "45s"},
      {seconds(119), "119s"},     {seconds(120), "2m"},       {seconds(192), "3m12s"},     {minutes(10), "10m"},
      {minutes(179), "179m"},     {hours(3), "3h"},           {minutes(275), "4h35m"},     {hours(47), "47h"},
      {hours(51), "2d3h"},        {hours(24 * 8), "8d"},      {hours(24 * 730), "2y"},     {hours(24 * 740), "2y10d"},
      {hours(24 * 365 * 9), "9y"}};
  for (const auto& [value, text] : rows) EXPECT_EQ(human_duration(value), text);
}

TEST(Error, CodesMapToReasonsAndBack) {
  for (const Code code : {Code::BadRequest, Code::NotFound, Code::AlreadyExists, Code::Conflict, Code::Expired,
                          Code::Invalid, Code::Timeout})
    EXPECT_EQ(code_of(reason_of(code), 0), code);
  EXPECT_EQ(code_of("", 409), Code::Conflict);
  EXPECT_EQ(code_of("Gone", 410), Code::Expired);
  EXPECT_EQ(code_of("NoSuchReason", 418), Code::BadRequest);
  EXPECT_EQ(code_of("", 502), Code::Internal);
  EXPECT_EQ(retry_of(Code::Conflict), Retry::Refresh);
  EXPECT_EQ(retry_of(Code::Invalid), Retry::Never);
}

}  // namespace
}  // namespace slipway::base
