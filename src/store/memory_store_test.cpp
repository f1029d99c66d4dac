#include "store/memory_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "runtime/sim/loop.h"
#include "store/store_rules.h"

namespace slipway::store {
namespace {
using data::Value;
using testing::ElementsAre;

struct MemoryBed final : rules::Bed {
  explicit MemoryBed(const MemoryOptions& options = {}) : memory(make_memory_store(loop, options)) {}
  runtime::sim::Loop loop;
  std::unique_ptr<Store> memory;
  Store& store() override { return *memory; }
  void run_until(const std::function<bool()>& done) override {
    while (!done()) ASSERT_TRUE(loop.run_one()) << "nothing left to run, and still not done";
  }
};

RC_GTEST_PROP(MemoryStore, AgreesWithTheModel, ()) {
  MemoryBed bed({.commit_time = *rc::gen::element(base::Duration(0), base::Duration(base::milliseconds(5)))});
  rules::Walk walk(bed);
  const int steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) walk.step();
  walk.settle();
}

Key pod(const std::string& name, const std::string& space = "shop") { return {"pods", space, name}; }
Value object(int v) { return Value::object({{"v", v}}); }

std::vector<std::string> names(const Snapshot& s, std::string_view space, const Key* after = nullptr, int limit = 100) {
  std::vector<std::string> out;
  s.scan("pods", space, after, [&](const EntryPtr& e) {
    out.push_back(e->key.space + "/" + e->key.name);
    return static_cast<int>(out.size()) < limit;
  });
  return out;
}

TEST(MemoryStore, WritesShowInTheHeadAtOnceAndToReadersAfterTheCommit) {
  MemoryBed bed;
  bool durable = false;
  ASSERT_EQ(bed.store().put(pod("a"), object(1), 0, [&] { durable = true; }), Revision{1});
  EXPECT_TRUE(bed.store().head()->find(pod("a")));
  EXPECT_FALSE(bed.store().published()->find(pod("a")));
  EXPECT_FALSE(durable);
  bed.loop.run_ready();
  EXPECT_TRUE(bed.store().published()->find(pod("a")));
  EXPECT_TRUE(durable);
}

TEST(MemoryStore, ASnapshotNeverChanges) {
  MemoryBed bed;
  (void)*bed.store().put(pod("a"), object(1), 0, {});
  bed.loop.run_ready();
  const auto before = bed.store().published();
  (void)*bed.store().put(pod("a"), object(2), 1, {});
  (void)*bed.store().put(pod("b"), object(3), 0, {});
  bed.loop.run_ready();
  EXPECT_EQ(before->find(pod("a"))->object["v"], Value(1));
  EXPECT_EQ(before->count("pods"), 1u);
  EXPECT_EQ(before->revision(), 1u);
}

TEST(MemoryStore, ScansPagesInOrderAndStopsWhenTold) {
  MemoryBed bed;
  for (const char* space : {"shop", "ops"})
    for (const char* name : {"b", "a", "c"}) (void)*bed.store().put(pod(name, space), object(1), 0, {});
  (void)*bed.store().put({"services", "ops", "a"}, object(1), 0, {});
  const auto all = bed.store().head();
  EXPECT_THAT(names(*all, ""), ElementsAre("ops/a", "ops/b", "ops/c", "shop/a", "shop/b", "shop/c"));
  EXPECT_THAT(names(*all, "shop"), ElementsAre("shop/a", "shop/b", "shop/c"));
  const Key after = pod("b", "ops");
  EXPECT_THAT(names(*all, "", &after, 2), ElementsAre("ops/c", "shop/a"));
  EXPECT_THAT(names(*all, "sho"), ElementsAre());
}

TEST(MemoryStore, HistoryIsBoundedAndOldWatchesExpire) {
  MemoryBed bed({.history = 10});
  for (int i = 0; i < 25; ++i) (void)*bed.store().put(pod("a"), object(i), std::nullopt, {});
  bed.loop.run_ready();
  EXPECT_EQ(bed.store().compacted(), 15u);
  rules::Recorder recorder;
  const auto expired = bed.store().watch("pods", 14, recorder);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, base::Code::Expired);
  EXPECT_EQ(base::http_status_of(expired.error().code), 410);
  const auto open = bed.store().watch("pods", 15, recorder);
  ASSERT_TRUE(open);
  bed.loop.run_ready();
  EXPECT_EQ(recorder.events.size(), 10u);
}

TEST(MemoryStore, AWatchThatWasAcceptedHearsEverythingDespiteCompaction) {
  MemoryBed bed({.history = 5});
  (void)*bed.store().put(pod("a"), object(0), std::nullopt, {});
  bed.loop.run_ready();
  rules::Recorder recorder;
  const auto open = bed.store().watch("pods", 0, recorder);
  for (int i = 0; i < 25; ++i) (void)*bed.store().put(pod("a"), object(i), std::nullopt, {});
  bed.store().compact(1);
  bed.loop.run_ready();
  EXPECT_EQ(recorder.events.size(), 26u);
}

// A watcher that ends its own watch, opens another and writes, all from inside a call.
TEST(MemoryStore, WatchersMayDoAnythingFromInsideACall) {
  struct Busy final : Watcher {
    Store* store;
    std::unique_ptr<Subscription> own;
    rules::Recorder later;
    std::unique_ptr<Subscription> second;
    int calls = 0;
    void changed(const Change& c) override {
      ++calls;
      own.reset();
      second = *store->watch("pods", c.revision, later);
      (void)*store->put(pod("from-inside"), object(9), 0, {});
      store->compact(c.revision);
    }
  } busy;
  MemoryBed bed;
  busy.store = &bed.store();
  busy.own = *bed.store().watch("pods", 0, busy);
  (void)*bed.store().put(pod("a"), object(1), 0, {});
  (void)*bed.store().put(pod("b"), object(2), 0, {});
  bed.loop.run_ready();
  EXPECT_EQ(busy.calls, 1);
  ASSERT_EQ(busy.later.events.size(), 2u);
  EXPECT_EQ(busy.later.events[0].key.name, "b");
  EXPECT_EQ(busy.later.events[1].key.name, "from-inside");
}

TEST(MemoryStore, ASubscriptionMayOutliveTheStore) {
  rules::Recorder recorder;
  std::unique_ptr<Subscription> subscription;
  runtime::sim::Loop loop;
  {
    auto store = make_memory_store(loop);
    (void)*store->put(pod("a"), object(1), 0, {});
    subscription = *store->watch("pods", 0, recorder);
  }
  loop.run_ready();
  subscription.reset();
  EXPECT_TRUE(recorder.events.empty());
}

TEST(MemoryStore, StartsFromWhatACrashLeft) {
  MemoryBed first;
  (void)*first.store().put(pod("a"), object(1), 0, {});
  first.loop.run_ready();
  (void)*first.store().put(pod("b"), object(2), 0, {});  // not yet published when the server dies
  MemoryBed second({.initial = first.store().published()});
  EXPECT_EQ(second.store().head()->revision(), 1u);
  EXPECT_EQ(second.store().compacted(), 1u);
  EXPECT_THAT(names(*second.store().published(), ""), ElementsAre("shop/a"));
  EXPECT_EQ(second.store().put(pod("b"), object(2), 0, {}), Revision{2});
}

TEST(Tree, StaysBalancedWhateverTheOrder) {
  Tree tree;
  std::vector<EntryPtr> entries;
  for (int i = 0; i < 20'000; ++i) {
    char name[16];
    std::snprintf(name, sizeof name, "%06d", i);
    entries.push_back(std::make_shared<const Entry>(Entry{pod(name), {}, 1, 1}));
    tree = tree.put(entries.back());
  }
  for (int i = 0; i < 20'000; i += 2) tree = tree.erase(entries[i]->key);
  EXPECT_EQ(tree.size(), 10'000u);
  int seen = 0;
  // The cursor's fixed path would overflow (and the sanitizers say so) if the tree were a list.
  for (Tree::Cursor c(tree, Key{}, Tree::Cursor::Start::At); c.get(); c.next()) ++seen;
  EXPECT_EQ(seen, 10'000);
  EXPECT_EQ(Tree::from_sorted(entries).size(), 20'000u);
}

}  // namespace
}  // namespace slipway::store
