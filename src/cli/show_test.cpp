#include "cli/show.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

using data::Value;

// A cluster of which nothing can be had.
struct NoApi final : Api {
  base::Result<Value> call(client::Request) override { return base::fail(base::Code::NotFound, "nothing"); }
  base::Result<std::string> fetch(const std::string&, const std::string&) override {
    return base::fail(base::Code::NotFound, "nothing");
  }
  base::Result<void> stream(const std::vector<std::string>&,
                            const std::function<bool(std::size_t, std::string_view)>&) override {
    return {};
  }
  bool pause(base::Duration) override { return true; }
  base::Time now() override { return {}; }
};

Sight sight(const char* phase) {
  Sight out;
  const auto release =
      data::parse_json(R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"target":{"name":"web"},
      "strategy":{"rolling":{}}},"status":{}})");
  SLIPWAY_CHECK(release.has_value());
  out.objects.release = release->with("status", Value::object({{"phase", phase}}));
  return out;
}

// What is written to standard output of two looks, the second one twice.
std::string printed(Format format, Printed printed) {
  NoApi api;
  Terminal terminal("never");
  Setting setting{api, terminal};
  ::testing::internal::CaptureStdout();
  const auto show = make_show(setting, "web", format, printed);
  for (const char* phase : {"Pending", "Progressing", "Progressing"}) show->show(sight(phase));
  show->end(sight("Progressing"));
  return ::testing::internal::GetCapturedStdout();
}

int count(const std::string& text, std::string_view part) {
  int out = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(Show, a_wait_in_a_format_prints_one_object_at_its_end) {
  const std::string yaml = printed(Format::Yaml, Printed::End);
  EXPECT_EQ(count(yaml, "schema: slipway.dev/release-view/v1\n"), 1) << yaml;
  EXPECT_EQ(count(yaml, "\nphase: Progressing\n"), 1) << yaml;
  EXPECT_EQ(count(yaml, "\nphase: "), 1) << yaml;
  const auto json = data::parse_json(printed(Format::Json, Printed::End));
  ASSERT_TRUE(json) << "one document";
  EXPECT_EQ((*json)["phase"], Value("Progressing"));
}

TEST(Show, what_is_watched_in_a_format_is_printed_at_each_change) {
  const std::string lines = printed(Format::Json, Printed::Changes);
  EXPECT_EQ(count(lines, "\n"), 2) << lines;
  const std::string documents = printed(Format::Yaml, Printed::Changes);
  EXPECT_EQ(count(documents, "---\n"), 2) << documents;
}

TEST(Show, of_nothing_that_was_ever_seen_there_is_no_object) {
  NoApi api;
  Terminal terminal("never");
  Setting setting{api, terminal};
  ::testing::internal::CaptureStdout();
  make_show(setting, "web", Format::Yaml, Printed::End)->end(Sight{});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace slipway::cli
