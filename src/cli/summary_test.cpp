#include "cli/summary.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "data/json.h"

namespace slipway::cli {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::stringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

TEST(Summary, IsAppendedToWhatIsThere) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("slipway-summary-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "summary.md";
  std::ofstream(path) << "before\n";
  Sight sight;
  sight.objects.release = *data::parse_json(
      R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"target":{"name":"web"},"strategy":{"rolling":{}}},
          "status":{"phase":"Idle","message":"revision 1 serves all users"}})");
  ASSERT_TRUE(append_summary(path, sight, ""));
  ASSERT_TRUE(append_summary(path, sight, "the wait is over"));
  const std::string text = content_of(path);
  EXPECT_TRUE(text.starts_with("before\n### ✔ release/web in shop\n")) << text;
  EXPECT_NE(text.find("| ended | the wait is over |"), std::string::npos) << text;
  EXPECT_FALSE(append_summary(folder, sight, "")) << "a folder cannot be written to";
  std::filesystem::remove_all(folder);
}

TEST(Summary, GoesWhereTheOptionSays) { EXPECT_EQ(summary_path({.summary = "here.md"}), "here.md"); }

}  // namespace
}  // namespace slipway::cli
