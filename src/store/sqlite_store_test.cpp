#include "store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "runtime/file.h"
#include "runtime/real/loop.h"
#include "store/store_rules.h"

namespace slipway::store {
namespace {
using base::Code;
using data::Value;
using testing::HasSubstr;

// In memory where possible: what is tested here does not depend on a disk, and the crash test has one.
const std::string kDir = (::access("/dev/shm", W_OK) == 0 ? std::string("/dev/shm") : testing::TempDir()) +
                         "/slipway-store-" + std::to_string(::getpid());

// A folder for one test, gone afterwards.
struct Folder {
  Folder() { std::filesystem::create_directories(kDir); }
  ~Folder() { std::filesystem::remove_all(kDir); }
  const std::string path = kDir + "/store.db";
};

struct SqliteBed final : rules::Bed {
  runtime::real::Loop loop;
  std::unique_ptr<Store> sqlite;
  explicit SqliteBed(const std::string& path, const SqliteOptions& options = {}) {
    auto opened = open_sqlite_store(loop, path, options);
    EXPECT_TRUE(opened) << opened.error().message;
    if (opened) sqlite = std::move(*opened);
  }
  Store& store() override { return *sqlite; }
  void run_until(const std::function<bool()>& done) override {
    while (!done()) loop.run_one();
  }
  void put(const Key& key, Value object) {
    bool durable = false;
    ASSERT_TRUE(store().put(key, std::move(object), std::nullopt, [&] { durable = true; }));
    run_until([&] { return durable; });
  }
};

Key pod(const std::string& name) { return {"pods", "shop", name}; }
Value object(int v) { return Value::object({{"v", v}}); }

RC_GTEST_PROP(SqliteStore, AgreesWithTheModelAndWithItselfAfterARestart, ()) {
  Folder folder;
  SqliteBed bed(folder.path);
  rules::Walk walk(bed);
  const int steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) walk.step();
  walk.settle();
  const auto rows = rules::rows_of(*bed.store().head(), rules::kResources);
  const Revision revision = bed.store().head()->revision();
  bed.sqlite.reset();
  SqliteBed again(folder.path);
  RC_ASSERT(again.store().published()->revision() == revision);
  RC_ASSERT(again.store().compacted() == revision);
  RC_ASSERT(rules::rows_of(*again.store().published(), rules::kResources) == rows);
}

TEST(SqliteStore, KeepsObjectsExactly) {
  Folder folder;
  const Value odd = Value::object({{"text", std::string("a\0b\xc3\xa4<&>", 8)},
                                   {"max", INT64_MAX},
                                   {"min", INT64_MIN},
                                   {"double", 0.1},
                                   {"null", Value()},
                                   {"empty", Value::object()}});
  {
    SqliteBed(folder.path).put(pod("odd"), odd);
  }
  SqliteBed bed(folder.path);
  EXPECT_EQ(bed.store().published()->find(pod("odd"))->object, odd);
}

TEST(SqliteStore, WhatIsPendingIsCommittedBeforeItCloses) {
  Folder folder;
  {
    SqliteBed bed(folder.path);
    for (int i = 0; i < 1000; ++i) (void)*bed.store().put(pod("p" + std::to_string(i)), object(i), 0, [] { FAIL(); });
  }
  EXPECT_EQ(SqliteBed(folder.path).store().published()->count("pods"), 1000u);
}

TEST(SqliteStore, TheFileIsPrivate) {
  Folder folder;
  SqliteBed(folder.path).put(pod("a"), object(1));
  struct stat status{};
  ::stat(folder.path.c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ::chmod(folder.path.c_str(), 0644);
  runtime::real::Loop loop;
  const auto refused = open_sqlite_store(loop, folder.path);
  EXPECT_EQ(refused.error().code, Code::Forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("chmod 600"));
}

TEST(SqliteStore, TheLogIsPrivateToo) {
  Folder folder;
  SqliteBed bed(folder.path);
  bed.put(pod("a"), object(1));
  struct stat status{};
  ASSERT_EQ(::stat((folder.path + "-wal").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(SqliteStore, TwoServersCannotShareIt) {
  Folder folder;
  SqliteBed bed(folder.path);
  bed.put(pod("a"), object(1));
  runtime::real::Loop loop;
  const auto here = open_sqlite_store(loop, folder.path);
  ASSERT_FALSE(here);
  EXPECT_EQ(here.error().code, Code::AlreadyExists);
  const pid_t child = ::fork();
  if (child == 0) {
    runtime::real::Loop mine;
    const auto there = open_sqlite_store(mine, folder.path);
    ::_exit(!there && there.error().code == Code::AlreadyExists ? 7 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

std::string refusal(const std::string& path) {
  runtime::real::Loop loop;
  const auto opened = open_sqlite_store(loop, path);
  return opened ? "opened" : std::string(base::reason_of(opened.error().code)) + ": " + opened.error().message;
}

void run_sql(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(SqliteStore, RefusesForeignFilesAndLeavesThemAlone) {
  Folder folder;
  for (const std::string& content : {std::string(), std::string("not a database"), std::string(10'000, '\0')}) {
    ASSERT_TRUE(runtime::write_file(folder.path, content, 0600));
    EXPECT_THAT(refusal(folder.path), HasSubstr("Invalid: " + folder.path));
    EXPECT_EQ(*runtime::read_file(folder.path), content);
  }
  std::filesystem::remove(folder.path);
  run_sql(folder.path, "CREATE TABLE objects(x)");
  ::chmod(folder.path.c_str(), 0600);
  EXPECT_THAT(refusal(folder.path), HasSubstr("not a Slipway store"));
}

// Valid SQLite files in which somebody has changed something.
TEST(SqliteStore, RefusesRowsThatItDidNotWrite) {
  for (const char* tampering :
       {"UPDATE objects SET object = '{\"v\":99}' WHERE name = 'a'", "UPDATE objects SET name = 'c' WHERE name = 'a'",
        "DELETE FROM objects WHERE name = 'a'",
        "INSERT INTO objects SELECT 77, modified, resource, space, 'x', object, checksum FROM objects LIMIT 1",
        "UPDATE state SET revision = revision - 1", "DELETE FROM state", "DROP TABLE objects",
        "UPDATE state SET digest = 0"}) {
    Folder folder;
    {
      SqliteBed bed(folder.path);
      bed.put(pod("a"), object(1));
      bed.put(pod("b"), object(2));
    }
    run_sql(folder.path, tampering);
    EXPECT_THAT(refusal(folder.path), HasSubstr("is damaged")) << tampering;
    EXPECT_THAT(refusal(folder.path), HasSubstr("put a backup of this file")) << tampering;
  }
}

TEST(SqliteStore, RefusesANewerFormat) {
  Folder folder;
  {
    SqliteBed bed(folder.path);
  }
  run_sql(folder.path, "PRAGMA user_version = 2");
  EXPECT_THAT(refusal(folder.path), HasSubstr("format 2"));
}

TEST(SqliteStore, RefusesALogWithoutItsFile) {
  Folder folder;
  ASSERT_TRUE(runtime::write_file(folder.path + "-wal", "x", 0600));
  EXPECT_THAT(refusal(folder.path), HasSubstr("is missing, but its log"));
}

// A killed server leaves a log. A wrong byte at its end may be a write that never finished; one with commits behind it
// is damage.
TEST(SqliteStore, RefusesALogThatIsBrokenInTheMiddle) {
  Folder folder;
  std::string file, log;
  {
    SqliteBed bed(folder.path);
    for (int i = 0; i < 10; ++i) bed.put(pod("p" + std::to_string(i)), object(i));
    file = *runtime::read_file(folder.path);
    log = *runtime::read_file(folder.path + "-wal");
  }
  const auto with_damage_at = [&](std::size_t at) {
    std::string damaged = log;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_TRUE(runtime::write_file(folder.path, file, 0600));
    EXPECT_TRUE(runtime::write_file(folder.path + "-wal", damaged, 0600));
    return refusal(folder.path);
  };
  EXPECT_THAT(with_damage_at(log.size() / 2), HasSubstr("its log is broken"));
  EXPECT_THAT(with_damage_at(16), HasSubstr("its log is broken"));  // in its header
  EXPECT_EQ(*runtime::read_file(folder.path), file);                // left as it was
  EXPECT_EQ(with_damage_at(log.size() - 10), "opened");
  std::filesystem::remove(folder.path + "-wal");
  ASSERT_TRUE(runtime::write_file(folder.path, file, 0600));
  ASSERT_TRUE(runtime::write_file(folder.path + "-wal", log, 0600));
  EXPECT_EQ(SqliteBed(folder.path).store().published()->count("pods"), 10u);
}

TEST(SqliteStore, SaysWhenTheFolderIsNotThere) {
  EXPECT_THAT(refusal("/nonexistent-folder/store.db"), HasSubstr("/nonexistent-folder/store.db"));
}

struct Ending {
  int status = 0;
  std::string message;
};

// Fills a store in a process of its own until that dies. The child prepares with `limit`; status 77 means it could not.
Ending fill_until_death(const std::string& path, const std::function<bool()>& limit) {
  int from_child[2];
  EXPECT_EQ(::pipe(from_child), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(from_child[1], STDERR_FILENO);
    if (!limit()) ::_exit(77);
    SqliteBed bed(path);
    for (int i = 0;; ++i) bed.put(pod("p" + std::to_string(i)), Value::object({{"fill", std::string(100'000, 'x')}}));
  }
  ::close(from_child[1]);
  Ending ending;
  int status = 0;
  ::waitpid(child, &status, 0);
  ending.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  char buffer[2000];
  for (ssize_t n; (n = ::read(from_child[0], buffer, sizeof buffer)) > 0;)
    ending.message.append(buffer, static_cast<std::size_t>(n));
  ::close(from_child[0]);
  return ending;
}

TEST(SqliteStore, AFailedCommitEndsTheProcessAndWhatWasAcknowledgedStays) {
  Folder folder;
  const Ending ending = fill_until_death(folder.path, [] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{1 << 20, 1 << 20};
    return ::setrlimit(RLIMIT_FSIZE, &small) == 0;
  });
  EXPECT_EQ(ending.status, 1);
  EXPECT_THAT(ending.message, HasSubstr("the store cannot commit: " + folder.path + ": disk I/O error"));
  SqliteBed bed(folder.path);
  EXPECT_GE(bed.store().published()->count("pods"), 5u);
}

// A file system of 1 MB over the folder, which only this process sees.
bool mount_small() {
  const std::string uid = "0 " + std::to_string(::getuid()) + " 1", gid = "0 " + std::to_string(::getgid()) + " 1";
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    std::ofstream("/proc/self/uid_map") << uid;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/gid_map") << gid;
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("small", kDir.c_str(), "tmpfs", 0, "size=1m") == 0;
}

TEST(SqliteStore, AFullDiskIsCalledThat) {
  Folder folder;
  const Ending ending = fill_until_death(folder.path, mount_small);
  if (ending.status == 77) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(ending.status, 1);
  EXPECT_THAT(ending.message, HasSubstr(folder.path + ": the disk is full"));
}

}  // namespace
}  // namespace slipway::store
