// What both stores share: all objects in memory, the pending head, the published state, watch history and watchers.
//
// A derived store is told of each change (`commit`), makes it durable in its way, and calls `publish` on the control
// loop. Publishing moves the published snapshot, tells the watchers, then runs the `Durable` callbacks, in this order;
// so who hears of a change can read it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/loop.h"
#include "store/store.h"
#include "store/tree.h"

namespace slipway::store {

// Changes kept for watchers and for reads of older revisions. An API client that falls behind by more has to list
// again.
inline constexpr std::size_t kDefaultHistory = 20'000;

class ResidentStore : public Store {
 public:
  ~ResidentStore() override;
  ResidentStore(const ResidentStore&) = delete;

  SnapshotPtr published() const override;
  SnapshotPtr head() const override;
  base::Result<Revision> put(const Key& key, data::Value object, std::optional<Revision> expected,
                             Durable durable) override;
  base::Result<Revision> erase(const Key& key, std::optional<Revision> expected, Durable durable) override;
  base::Result<std::unique_ptr<Subscription>> watch(std::string_view resource, Revision after,
                                                    Watcher& watcher) override;
  base::Result<SnapshotPtr> at(Revision revision) const override;
  void compact(Revision revision) override;
  Revision compacted() const override { return compacted_; }

 protected:
  // Starts with `tree` as it is at `revision`, and no history before it.
  ResidentStore(runtime::Loop& loop, Tree tree, Revision revision, std::size_t history);

  // A change has been made to the head.
  virtual void commit(const Change& change) = 0;
  // Everything up to `revision` is durable. From a task of the control loop, never from `commit`.
  void publish(Revision revision);
  // A task that does nothing once this store is gone.
  runtime::Task while_alive(runtime::Task task);

  runtime::Loop& loop_;

 private:
  struct Watching;  // one watcher and how far it has been told
  class SubscriptionImpl;
  using Watchings = std::map<std::uint64_t, std::shared_ptr<Watching>>;
  struct Pending {
    Change change;
    Durable durable;
  };

  Revision apply(Change change, Durable durable);
  void remember(Change change);
  void tell(Watching& watching);
  void tell_all();
  void trim();
  const Change& change_at(Revision revision) const { return history_[revision - history_.front().revision]; }

  Tree head_;
  Revision head_revision_;
  mutable SnapshotPtr head_snapshot_;  // of head_, made when asked for
  std::deque<Pending> pending_;        // applied to the head, not yet published

  Tree published_tree_;
  Revision published_revision_;
  mutable std::mutex published_mutex_;  // held to copy a pointer, never longer
  SnapshotPtr published_;

  std::size_t history_limit_;
  Revision compacted_;
  std::deque<Change> history_;  // every published change after `compacted_`, without gaps
  std::map<std::string, std::deque<Revision>, std::less<>> changed_at_;  // revisions in history_, by resource
  std::shared_ptr<Watchings> watchings_;                                 // by order of subscription
  std::uint64_t subscriptions_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::store
