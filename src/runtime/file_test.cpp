#include "runtime/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "runtime/real/loop.h"
#include "runtime/signals.h"

namespace slipway::runtime {
namespace {
using base::Code;
using testing::ElementsAre;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(make_directories(dir, 0700)); }
  void TearDown() override { std::filesystem::remove_all(dir); }
  static mode_t mode(const std::string& path) {
    struct stat status{};
    ::stat(path.c_str(), &status);
    return status.st_mode & 07777;
  }
  const std::string dir = testing::TempDir() + "/slipway-files-" + std::to_string(::getpid());
  const std::string file = dir + "/file";
};

TEST_F(Files, WhatIsWrittenIsReadWithItsMode) {
  std::string bytes(300'000, 'x');
  bytes[7] = '\0';
  ASSERT_TRUE(write_file(file, bytes, 0600));
  EXPECT_EQ(*read_file(file), bytes);
  EXPECT_EQ(mode(file), 0600u);
  ASSERT_TRUE(write_file(file, "new", 0644));
  EXPECT_EQ(*read_file(file), "new");
  EXPECT_EQ(mode(file), 0644u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir), {}), 1);  // nothing is left beside it
}

TEST_F(Files, ErrorsNameThePathAndTheCause) {
  const auto absent = read_file(file);
  EXPECT_EQ(absent.error().code, Code::NotFound);
  EXPECT_THAT(absent.error().message, HasSubstr(file + ": No such file"));
  EXPECT_FALSE(write_file(dir + "/no/file", "x"));
  ASSERT_TRUE(write_file(file, "12345"));
  EXPECT_EQ(read_file(file, 4).error().code, Code::TooLarge);
  EXPECT_FALSE(make_directories(file + "/below"));
  EXPECT_FALSE(make_directories(file));
}

TEST_F(Files, FoldersAreMadeWithTheirParents) {
  ASSERT_TRUE(make_directories(dir + "/a/b/c", 0700));
  EXPECT_EQ(mode(dir + "/a/b/c"), 0700u);
  EXPECT_TRUE(make_directories(dir + "/a/b/c", 0755));
  EXPECT_EQ(mode(dir + "/a/b/c"), 0700u);
}

TEST_F(Files, SecretsMustBePrivate) {
  ASSERT_TRUE(write_file(file, "secret", 0640));
  EXPECT_THAT(check_private(file).error().message, HasSubstr("chmod 600 " + file));
  ::chmod(file.c_str(), 0600);
  EXPECT_TRUE(check_private(file));
}

TEST_F(Files, OneProcessHoldsTheLockAndItsDeathReleasesIt) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto held = LockFile::acquire(file);
    (void)!::write(ready[1], held ? "y" : "n", 1);
    ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_EQ(LockFile::holder(file), child);
  const auto refused = LockFile::acquire(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::AlreadyExists);
  EXPECT_THAT(refused.error().message, HasSubstr("process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(LockFile::holder(file), 0);
  EXPECT_TRUE(LockFile::acquire(file));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(SignalsTest, AreTasksOfTheLoop) {
  real::Loop loop;
  std::vector<int> seen;
  std::unique_ptr<Signals> signals;
  signals = std::make_unique<Signals>(loop, std::vector{SIGUSR1, SIGUSR2}, [&](int number) {
    seen.push_back(number);
    if (seen.size() == 1) ::raise(SIGUSR2);
    if (seen.size() == 2) {
      signals.reset();  // from inside the handler
      loop.stop();
    }
  });
  ::raise(SIGUSR1);
  loop.run();
  EXPECT_THAT(seen, ElementsAre(SIGUSR1, SIGUSR2));
}

}  // namespace
}  // namespace slipway::runtime
