#include "store/resident_store.h"

#include <algorithm>

namespace slipway::store {
using base::Code;
using base::fail;

struct ResidentStore::Watching {
  std::string resource;
  Watcher* watcher;  // null once the subscription is gone
  Revision told;     // the watcher knows everything up to here
};

class ResidentStore::SubscriptionImpl final : public Subscription {
 public:
  SubscriptionImpl(std::weak_ptr<Watchings> all, std::uint64_t id) : all_(std::move(all)), id_(id) {}
  ~SubscriptionImpl() override {
    auto all = all_.lock();
    if (!all) return;
    all->at(id_)->watcher = nullptr;
    all->erase(id_);
  }

 private:
  std::weak_ptr<Watchings> all_;
  std::uint64_t id_;
};

ResidentStore::ResidentStore(runtime::Loop& loop, Tree tree, Revision revision, std::size_t history)
    : loop_(loop),
      head_(tree),
      head_revision_(revision),
      published_tree_(std::move(tree)),
      published_revision_(revision),
      published_(make_snapshot(published_tree_, revision)),
      history_limit_(history),
      compacted_(revision),
      watchings_(std::make_shared<Watchings>()) {}

ResidentStore::~ResidentStore() = default;

runtime::Task ResidentStore::while_alive(runtime::Task task) {
  return [alive = std::weak_ptr(alive_), task = std::move(task)]() mutable {
    if (!alive.expired()) task();
  };
}

// --- the head ---------------------------------------------------------------------------------------------

SnapshotPtr ResidentStore::published() const {
  std::lock_guard lock(published_mutex_);
  return published_;
}

SnapshotPtr ResidentStore::head() const {
  if (!head_snapshot_) head_snapshot_ = make_snapshot(head_, head_revision_);
  return head_snapshot_;
}

namespace {
std::string describe(const Key& key) {
  return key.resource + " \"" + (key.space.empty() ? key.name : key.space + "/" + key.name) + "\"";
}

// Does what stands (null: nothing) match what the writer expects?
base::Result<void> check_expected(const Key& key, const EntryPtr& stands, std::optional<Revision> expected) {
  if (!expected) return {};
  if (*expected == 0) {
    if (stands) return fail(Code::AlreadyExists, describe(key) + " already exists");
    return {};
  }
  if (!stands) return fail(Code::NotFound, describe(key) + " not found");
  if (stands->modified == *expected) return {};
  return fail(Code::Conflict, describe(key) + " stands at revision " + std::to_string(stands->modified) + ", not " +
                                  std::to_string(*expected));
}
}  // namespace

base::Result<Revision> ResidentStore::put(const Key& key, data::Value object, std::optional<Revision> expected,
                                          Durable durable) {
  EntryPtr previous = head_.find(key);
  if (auto ok = check_expected(key, previous, expected); !ok) return fail(ok.error());
  const Revision revision = head_revision_ + 1;
  const Revision created = previous ? previous->created : revision;
  auto entry = std::make_shared<const Entry>(Entry{key, std::move(object), created, revision});
  return apply(Change{Change::Kind::Put, revision, std::move(entry), std::move(previous)}, std::move(durable));
}

base::Result<Revision> ResidentStore::erase(const Key& key, std::optional<Revision> expected, Durable durable) {
  EntryPtr previous = head_.find(key);
  if (!previous) return fail(Code::NotFound, describe(key) + " not found");
  if (auto ok = check_expected(key, previous, expected); !ok) return fail(ok.error());
  const Revision revision = head_revision_ + 1;
  auto last = std::make_shared<const Entry>(Entry{key, previous->object, previous->created, revision});
  return apply(Change{Change::Kind::Delete, revision, std::move(last), std::move(previous)}, std::move(durable));
}

namespace {
Tree applied(const Tree& tree, const Change& change) {
  return change.kind == Change::Kind::Put ? tree.put(change.entry) : tree.erase(change.entry->key);
}
Tree undone(const Tree& tree, const Change& change) {
  return change.previous ? tree.put(change.previous) : tree.erase(change.entry->key);
}
}  // namespace

Revision ResidentStore::apply(Change change, Durable durable) {
  head_ = applied(head_, change);
  head_revision_ = change.revision;
  head_snapshot_.reset();
  pending_.push_back({std::move(change), std::move(durable)});
  commit(pending_.back().change);
  return head_revision_;
}

// --- publishing -------------------------------------------------------------------------------------------

void ResidentStore::publish(Revision revision) {
  std::vector<Durable> durables;
  while (!pending_.empty() && pending_.front().change.revision <= revision) {
    Pending& first = pending_.front();
    published_tree_ = applied(published_tree_, first.change);
    published_revision_ = first.change.revision;
    remember(std::move(first.change));
    if (first.durable) durables.push_back(std::move(first.durable));
    pending_.pop_front();
  }
  SLIPWAY_CHECK(published_revision_ == revision);
  auto snapshot = make_snapshot(published_tree_, published_revision_);
  {
    std::lock_guard lock(published_mutex_);
    published_.swap(snapshot);
  }
  tell_all();
  trim();
  for (Durable& durable : durables) durable();
}

void ResidentStore::remember(Change change) {
  changed_at_[change.entry->key.resource].push_back(change.revision);
  history_.push_back(std::move(change));
}

base::Result<std::unique_ptr<Subscription>> ResidentStore::watch(std::string_view resource, Revision after,
                                                                 Watcher& watcher) {
  if (after < compacted_)
    return fail(Code::Expired,
                "too old resource version: " + std::to_string(after) + " (" + std::to_string(compacted_) + ")");
  if (after > head_revision_)  // of another store, or of a later state than a restored backup
    return fail(Code::Expired, "resource version " + std::to_string(after) + " is in the future (" +
                                   std::to_string(head_revision_) + ")");
  const std::uint64_t id = subscriptions_++;
  auto watching = std::make_shared<Watching>(Watching{std::string(resource), &watcher, after});
  watchings_->emplace(id, watching);
  loop_.post(while_alive([this, watching] { tell(*watching); }));
  return std::make_unique<SubscriptionImpl>(watchings_, id);
}

// Watchers may subscribe, unsubscribe, write and compact from inside their calls; nothing is held across one.
void ResidentStore::tell(Watching& watching) {
  while (watching.watcher) {
    auto revisions = changed_at_.find(watching.resource);
    if (revisions == changed_at_.end()) break;
    auto next = std::upper_bound(revisions->second.begin(), revisions->second.end(), watching.told);
    if (next == revisions->second.end()) break;
    watching.told = *next;
    const Change change = change_at(*next);
    watching.watcher->changed(change);
  }
  if (!watching.watcher || watching.told > published_revision_) return;
  watching.told = published_revision_;
  watching.watcher->progressed(published_revision_);
}

void ResidentStore::tell_all() {
  const std::uint64_t end = subscriptions_;  // later ones get a task of their own
  for (auto it = watchings_->begin(); it != watchings_->end() && it->first < end;) {
    const auto [id, watching] = *it;
    tell(*watching);
    it = watchings_->upper_bound(id);
  }
}

// --- history ----------------------------------------------------------------------------------------------

base::Result<SnapshotPtr> ResidentStore::at(Revision revision) const {
  if (revision < compacted_)
    return fail(Code::Expired, "the state at revision " + std::to_string(revision) + " has been compacted");
  if (revision > published_revision_)
    return fail(Code::Timeout, "Too large resource version: " + std::to_string(revision) +
                                   ", current: " + std::to_string(published_revision_));
  Tree tree = published_tree_;
  for (Revision r = published_revision_; r > revision; --r) tree = undone(tree, change_at(r));
  return make_snapshot(std::move(tree), revision);
}

void ResidentStore::compact(Revision revision) {
  compacted_ = std::max(compacted_, std::min(revision, published_revision_));
  trim();
}

void ResidentStore::trim() {
  if (published_revision_ - compacted_ > history_limit_) compacted_ = published_revision_ - history_limit_;
  Revision keep_after = compacted_;  // a watcher that has not been told yet keeps what it needs
  for (const auto& [id, watching] : *watchings_) keep_after = std::min(keep_after, watching->told);
  while (!history_.empty() && history_.front().revision <= keep_after) {
    auto revisions = changed_at_.find(history_.front().entry->key.resource);
    revisions->second.pop_front();
    if (revisions->second.empty()) changed_at_.erase(revisions);
    history_.pop_front();
  }
}

}  // namespace slipway::store
