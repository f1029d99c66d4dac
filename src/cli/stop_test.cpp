#include "cli/stop.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

TEST(Stop, SaysWhoSinceWhenAndWhy) {
  const base::Time now = *base::parse_time("2026-11-30T04:28:00Z");
  const auto text = [&](std::string_view stop) { return stop_text(*data::parse_json(stop), now); };
  EXPECT_EQ(
      text(R"({"by":"ann","since":"2026-11-30T04:25:00.000000Z","reason":"incident 42"})"),
      "all releases are stopped by ann since 2026-11-30T04:25:00Z (3m): incident 42; ways back still go, and slipway "
      "resume --all ends it\n");
  EXPECT_EQ(text(R"({"reason":"fire"})"),
            "all releases are stopped: fire; ways back still go, and slipway resume --all ends it\n");
  EXPECT_EQ(text(R"({"by":"a\nb","reason":"c\nd"})"),
            "all releases are stopped by a b: c d; ways back still go, and slipway resume --all ends it\n");
  EXPECT_EQ(text("null"), "");
}

}  // namespace
}  // namespace slipway::cli
