#include "store/memory_store.h"

#include "store/resident_store.h"

namespace slipway::store {
namespace {

class MemoryStore final : public ResidentStore {
 public:
  MemoryStore(runtime::Loop& loop, Tree tree, Revision revision, const MemoryOptions& options)
      : ResidentStore(loop, std::move(tree), revision, options.history), commit_time_(options.commit_time) {}

 private:
  // Everything written until the commit ends is one batch, as with a disk.
  void commit(const Change& change) override {
    newest_ = change.revision;
    if (committing_) return;
    committing_ = true;
    auto done = while_alive([this] {
      committing_ = false;
      publish(newest_);
    });
    if (commit_time_ == base::Duration(0))
      loop_.post(std::move(done));
    else
      timer_ = loop_.after(commit_time_, std::move(done));
  }

  base::Duration commit_time_;
  Revision newest_ = 0;
  bool committing_ = false;
  runtime::Timer timer_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(runtime::Loop& loop, const MemoryOptions& options) {
  const Revision revision = options.initial ? options.initial->revision() : 0;
  return std::make_unique<MemoryStore>(loop, options.initial ? tree_of(*options.initial) : Tree(), revision, options);
}

}  // namespace slipway::store
