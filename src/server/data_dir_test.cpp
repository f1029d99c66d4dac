#include "server/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace slipway::server {
namespace {

using ::testing::HasSubstr;

class DataDirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/slipway-data-dir-XXXXXX";
    root_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string root_;
};

TEST_F(DataDirTest, MakesWhatIsMissingAndClosesWhatIsSecret) {
  const auto dir = DataDir::open(root_ + "/a/b/");
  ASSERT_TRUE(dir) << dir.error().message;
  EXPECT_EQ(dir->path(), root_ + "/a/b");
  struct stat info;
  for (const std::string& secret : {dir->pki(), dir->run(), dir->prometheus()}) {
    ASSERT_EQ(stat(secret.c_str(), &info), 0) << secret;
    EXPECT_EQ(info.st_mode & 0777, 0700u) << secret;
  }
  EXPECT_TRUE(DataDir::open(root_ + "/a/b"));  // again
  EXPECT_TRUE(DataDir::existing(root_ + "/a/b"));
}

TEST_F(DataDirTest, RefusesWhatCannotBeSafe) {
  std::ofstream(root_ + "/file") << "x";
  EXPECT_THAT(DataDir::open(root_ + "/file").error().message, HasSubstr("not a folder"));
  std::filesystem::create_directory(root_ + "/open");
  chmod((root_ + "/open").c_str(), 0777);
  EXPECT_THAT(DataDir::open(root_ + "/open").error().message, HasSubstr("chmod go-w"));
  EXPECT_THAT(DataDir::existing(root_ + "/none").error().message, HasSubstr("slipway up"));
}

}  // namespace
}  // namespace slipway::server
