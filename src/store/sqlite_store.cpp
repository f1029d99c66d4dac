#include "store/sqlite_store.h"

#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "store/database.h"

namespace slipway::store {
namespace {

constexpr std::size_t kLargestBatch = 4096;  // changes in one commit, so that its memory stays bounded

void die(const std::string& why) {
  std::fprintf(stderr, "slipway: the store cannot commit: %s. Nothing that was acknowledged is lost; ending.\n",
               why.c_str());
  std::fflush(nullptr);
  ::_exit(1);
}

// The disk thread: commits what is queued, all at once, and tells how far it got.
class Committer {
 public:
  using Committed = std::function<void(Revision)>;  // on the disk thread
  Committer(std::unique_ptr<Database> database, Committed committed, std::function<void(const std::string&)> fatal)
      : database_(std::move(database)), committed_(std::move(committed)), fatal_(std::move(fatal)) {
    thread_ = std::thread([this] { run(); });
  }

  // Commits what is queued, then ends.
  ~Committer() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void add(const Change& change) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(change);
      if (queue_.size() > 1) return;  // awake, or about to be
    }
    wake_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        batch_.swap(queue_);
      }
      for (std::span<const Change> rest = batch_; !rest.empty();) {
        const auto part = rest.first(std::min(rest.size(), kLargestBatch));
        rest = rest.subspan(part.size());
        if (auto ok = database_->commit(part); !ok) return fatal_(ok.error().message);
        committed_(part.back().revision);
      }
      batch_.clear();
    }
  }

  std::unique_ptr<Database> database_;
  Committed committed_;
  std::function<void(const std::string&)> fatal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Change> queue_;  // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::vector<Change> batch_;  // disk thread
  std::thread thread_;
};

class SqliteStore final : public ResidentStore {
 public:
  SqliteStore(runtime::Loop& loop, std::unique_ptr<Database> database, const Database::State& state,
              const SqliteOptions& options)
      : ResidentStore(loop, Tree::from_sorted(state.entries), state.revision, options.history),
        committer_(
            std::move(database),
            [this](Revision revision) { loop_.post(while_alive([this, revision] { publish(revision); })); },
            options.fatal ? options.fatal : die) {}

 private:
  void commit(const Change& change) override { committer_.add(change); }

  Committer committer_;  // ends first
};

}  // namespace

base::Result<std::unique_ptr<Store>> open_sqlite_store(runtime::Loop& loop, const std::string& path,
                                                       const SqliteOptions& options) {
  auto database = Database::open(path);
  if (!database) return base::fail(database.error());
  const auto state = (*database)->load();
  if (!state) return base::fail(state.error());
  return std::make_unique<SqliteStore>(loop, std::move(*database), *state, options);
}

}  // namespace slipway::store
