#include "node/logs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "node/runtimes/layout.h"
#include "node/shim/log_writer.h"
#include "node/testing.h"

namespace slipway::node {
namespace {

using shim::LogWriter;
using shim::Stream;

struct Collected final : LogReader {
  void data(std::string_view bytes) override { text += bytes; }
  void ended(std::optional<base::Error>) override { done = true; }
  std::string text;
  bool done = false;
};

class LogsTest : public testing::Test {
 protected:
  std::string path(int attempt) {
    return Layout{folder.path}.logs("default", "web", "u") + "/web/" + std::to_string(attempt) + ".log";
  }
  std::string read(LogQuery query = {}, bool previous = false) {
    Collected c;
    auto stream = logs.open({"default", "web", "u", "web", previous}, std::move(query), {}, c);
    if (!stream) return "error: " + stream.error().message;
    world.run_until([&] { return c.done; });
    return c.text;
  }
  base::Time at(int second) { return base::Time(base::seconds(1'700'000'000 + second)); }

  TempFolder folder;
  RealWorld world;
  Logs logs{world.loop, folder.path};
};

TEST_F(LogsTest, WhatIsWrittenIsRead) {
  EXPECT_NE(read().find("waiting to start"), std::string::npos);
  LogWriter w;
  ASSERT_TRUE(w.open(path(0)));
  w.write(Stream::Out, "one\ntw", at(1));
  w.write(Stream::Err, "oops\n", at(2));
  w.write(Stream::Out, "o\nthree", at(3));
  EXPECT_EQ(read(), "one\noops\ntwo\n");
  w.end(Stream::Out, at(4));
  EXPECT_EQ(read(), "one\noops\ntwo\nthree");
  EXPECT_EQ(read({.tail_lines = 2}), "two\nthree");
  EXPECT_EQ(read({.tail_lines = 0}), "");
  EXPECT_EQ(read({.since = at(3)}), "two\nthree");
  EXPECT_EQ(read({.limit_bytes = 5}), "one\no");
  EXPECT_EQ(read({.timestamps = true, .tail_lines = 1}), "2023-11-14T22:13:24.000000000Z three");
}

TEST_F(LogsTest, PreviousIsTheRunBefore) {
  for (int attempt : {0, 1, 2}) {
    LogWriter w;
    ASSERT_TRUE(w.open(path(attempt)));
    w.write(Stream::Out, "run " + std::to_string(attempt) + "\n", at(0));
    if (attempt == 0) EXPECT_NE(read({}, true).find("not found"), std::string::npos);
  }
  EXPECT_EQ(read(), "run 2\n");
  EXPECT_EQ(read({}, true), "run 1\n");
}

TEST_F(LogsTest, FollowsAcrossRotationAndEndsWithTheContainer) {
  LogWriter w;
  ASSERT_TRUE(w.open(path(0), {.file_bytes = 200, .files = 3}));
  w.write(Stream::Out, "first\n", at(0));
  Collected c;
  bool alive = true;
  auto stream = logs.open({"default", "web", "u", "web"}, {}, [&] { return alive; }, c);
  ASSERT_TRUE(stream);
  world.run_until([&] { return c.text == "first\n"; });
  std::string expected = "first\n";
  for (int i = 0; i < 4; ++i) {
    const std::string line = std::string(150, static_cast<char>('a' + i)) + "\n";
    w.write(Stream::Out, line, at(i));
    expected += line;
    world.run_until([&] { return c.text == expected; });
  }
  EXPECT_TRUE(exists(path(0) + ".2"));
  EXPECT_FALSE(exists(path(0) + ".3"));
  w.write(Stream::Out, "last\n", at(9));
  alive = false;
  world.run_until([&] { return c.done; });
  EXPECT_EQ(c.text, expected + "last\n");
}

// Whatever a program prints, in whatever pieces, comes back as it was (newlines end lines, nothing is lost).
RC_GTEST_PROP(LogFormat, RoundTrip, (const std::vector<std::string>& pieces)) {
  const TempFolder folder;
  LogWriter w;
  RC_ASSERT(w.open(folder.path + "/0.log", {.piece_bytes = 7}).has_value());
  std::string all;
  for (const std::string& piece : pieces) {
    w.write(Stream::Out, piece, base::Time(base::seconds(5)));
    all += piece;
  }
  w.end(Stream::Out, base::Time(base::seconds(6)));
  LogFilter filter({});
  RC_ASSERT(filter.feed(read_file(folder.path + "/0.log").value_or("")) + filter.live() == all);
}

}  // namespace
}  // namespace slipway::node
