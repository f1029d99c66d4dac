// A real process writes with many writes under way at once, and is killed with SIGKILL, a hundred times on one file.
// What each revision does is a function of its number, so the state after a restart must be exactly that of the first R
// changes, for an R that is not below any revision that was acknowledged: nothing lost, nothing half, nothing twice.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "base/sanitizer.h"
#include "runtime/real/loop.h"
#include "runtime/sim/loop.h"
#include "store/sqlite_store.h"

namespace slipway::store {
namespace {

constexpr int kKills = base::rounds_here(100);
constexpr int kKeys = 150;
constexpr int kUnderWay = 32;

struct Op {
  Key key;
  bool prefers_erase;
  data::Value object;
};

Op op_of(Revision revision) {
  runtime::sim::SeededRandom random(revision);
  const std::string name = "object-" + std::to_string(random.below(kKeys));
  const Key key{random.below(2) ? "pods" : "deployments.apps", "shop", name};
  const std::string fill(random.below(6000), static_cast<char>('a' + revision % 26));
  return {key, random.below(4) == 0,
          data::Value::object({{"revision", static_cast<std::int64_t>(revision)}, {"fill", fill}})};
}

using Model = std::map<Key, data::Value>;

void apply(Model& model, Revision revision) {
  Op op = op_of(revision);
  if (op.prefers_erase && model.erase(op.key)) return;
  model[op.key] = std::move(op.object);
}

// The process that dies. Writes each acknowledged revision to `acknowledged`.
class Writer {
 public:
  Writer(const std::string& path, int acknowledged) : acknowledged_(acknowledged) {
    auto opened = open_sqlite_store(loop_, path);
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().message.c_str());
      ::_exit(9);
    }
    store_ = std::move(*opened);
  }
  void run() {
    for (int i = 0; i < kUnderWay; ++i) loop_.post([this] { write_next(); });
    loop_.run();
  }

 private:
  void write_next() {
    const Revision revision = store_->head()->revision() + 1;
    Op op = op_of(revision);
    auto durable = [this, revision] {
      if (::write(acknowledged_, &revision, sizeof revision) != sizeof revision) ::_exit(8);
      write_next();
    };
    const bool erase = op.prefers_erase && store_->head()->find(op.key);
    const auto made = erase ? store_->erase(op.key, std::nullopt, std::move(durable))
                            : store_->put(op.key, std::move(op.object), std::nullopt, std::move(durable));
    if (!made || *made != revision) ::_exit(7);
  }

  int acknowledged_;
  runtime::real::Loop loop_;
  std::unique_ptr<Store> store_;
};

// Runs a writer until it has acknowledged `count` changes, kills it, and returns all that it acknowledged.
std::vector<Revision> run_and_kill(const std::string& path, std::size_t count) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    Writer(path, ends[1]).run();
    ::_exit(6);
  }
  ::close(ends[1]);
  std::vector<Revision> acknowledged;
  bool killed = false;
  for (Revision revision;;) {
    if (!killed && acknowledged.size() >= count) killed = ::kill(child, SIGKILL) == 0;
    if (::read(ends[0], &revision, sizeof revision) != sizeof revision) break;  // what was in the pipe still counts
    acknowledged.push_back(revision);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
  return acknowledged;
}

TEST(Crash, NoAcknowledgedWriteIsLostAndNoneIsHalfDone) {
  const std::string dir = testing::TempDir() + "/slipway-crash-" + std::to_string(::getpid());
  std::filesystem::create_directories(dir);
  const std::string path = dir + "/store.db";
  runtime::sim::SeededRandom random(20261123);
  Model model;
  Revision revision = 0, acknowledged_in_all = 0;
  for (int round = 0; round < kKills; ++round) {
    // Every fifth dies at once: while it opens the file, recovers the log, or writes for the first time.
    const auto acknowledged = run_and_kill(path, round % 5 == 4 ? 0 : random.below(300));
    EXPECT_TRUE(std::is_sorted(acknowledged.begin(), acknowledged.end()));
    if (!acknowledged.empty()) EXPECT_GT(acknowledged.front(), revision);
    acknowledged_in_all += acknowledged.size();

    runtime::real::Loop loop;
    const auto store = open_sqlite_store(loop, path);
    ASSERT_TRUE(store) << "round " << round << ": " << store.error().message;
    const auto state = (*store)->published();
    ASSERT_GE(state->revision(), std::max(revision, acknowledged.empty() ? 0 : acknowledged.back()))
        << "round " << round;
    while (revision < state->revision()) apply(model, ++revision);
    for (const auto& [key, object] : model) {
      const auto entry = state->find(key);
      ASSERT_TRUE(entry) << "round " << round << ": lost " << key.name;
      ASSERT_EQ(entry->object, object) << "round " << round << ": " << key.name;
      ASSERT_EQ(entry->modified, static_cast<Revision>(object["revision"].as_int()));
    }
    ASSERT_EQ(state->count("pods") + state->count("deployments.apps"), model.size()) << "round " << round;
  }
  EXPECT_GT(acknowledged_in_all, 10u * kKills);
  RecordProperty("acknowledged", std::to_string(acknowledged_in_all));
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace slipway::store
