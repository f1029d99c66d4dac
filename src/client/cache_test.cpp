#include "client/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "runtime/sim/loop.h"

namespace slipway::client {
namespace {

using data::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A server with one collection, whose watches can be cut, delayed and made to repeat themselves.
class Collection final : public ApiClient {
 public:
  explicit Collection(runtime::Loop& loop) : loop_(loop) {}

  void call(Request request, Completion done) override {
    ++lists;
    loop_.post([this, request = std::move(request), done = std::move(done)]() mutable { done(answer(request)); });
  }

  std::unique_ptr<WatchHandle> watch(WatchRequest request, WatchSink& sink) override {
    class Handle final : public WatchHandle {
     public:
      explicit Handle(Collection& from) : from_(from) {}
      ~Handle() override { from_.sink_ = nullptr; }
      Collection& from_;
    };
    ++watches;
    since = std::stoull(request.resource_version);
    sink_ = &sink;
    auto handle = std::make_unique<Handle>(*this);
    if (refusal) cut(*refusal);
    return handle;
  }

  void put(const std::string& name, const std::string& owner = "") {
    bool is_new = !objects_.contains(name);
    objects_[name] = object(name, ++revision, owner);
    tell(is_new ? WatchEvent::Kind::Added : WatchEvent::Kind::Modified, objects_[name]);
  }
  void remove(const std::string& name) {
    Value last = objects_.at(name);
    objects_.erase(name);
    last.set({"metadata", "resourceVersion"}, std::to_string(++revision));
    tell(WatchEvent::Kind::Deleted, last);
  }
  void tell(WatchEvent::Kind kind, const Value& object) {
    loop_.post([this, kind, object] {
      if (sink_ != nullptr && !silent) sink_->event({kind, object});
    });
  }
  void cut(base::Code why) {
    loop_.post([this, why] {
      if (sink_ != nullptr) std::exchange(sink_, nullptr)->ended({.code = why, .message = "cut"});
    });
  }
  static Value object(const std::string& name, std::uint64_t revision, const std::string& owner) {
    Value out = Value::object(
        {{"metadata",
          Value::object({{"namespace", "ns"}, {"name", name}, {"resourceVersion", std::to_string(revision)}})}});
    if (!owner.empty())
      out.set({"metadata", "ownerReferences"}, Value::array({Value::object({{"uid", owner}, {"controller", true}})}));
    return out;
  }

  std::uint64_t revision = 10;
  std::uint64_t since = 0;
  int lists = 0, watches = 0;
  bool silent = false;                // events are lost
  std::optional<base::Code> refusal;  // every watch ends at once
  std::deque<base::Code> list_failures;

 private:
  Answer answer(const Request& request) {
    if (!list_failures.empty()) {
      auto code = list_failures.front();
      list_failures.pop_front();
      return base::fail(code, "no list");
    }
    std::vector<Value> items;
    std::string next;
    for (const auto& [name, object] : objects_) {
      if (name <= request.continue_token) continue;
      if (page > 0 && items.size() == page) break;
      items.push_back(object);
      next = name;
    }
    bool more = page > 0 && items.size() == page && next != objects_.rbegin()->first;
    Value metadata = Value::object({{"resourceVersion", std::to_string(revision)}});
    if (more) metadata.set("continue", next);
    return Value::object({{"metadata", metadata}, {"items", Value::array_of(std::move(items))}});
  }

  runtime::Loop& loop_;
  std::map<std::string, Value> objects_;
  WatchSink* sink_ = nullptr;

 public:
  std::size_t page = 0;
};

struct CacheTest : ::testing::Test {
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [name, object] : cache.all()) out.push_back(name.name);
    return out;
  }
  void start() {
    cache.add_listener([this](const Value& before, const Value& after) {
      const Value& object = after.is_null() ? before : after;
      std::string sign = before.is_null() ? "+" : after.is_null() ? "-" : "~";
      story.push_back(sign + object["metadata"]["name"].str());
    });
    cache.start();
    loop.run_ready();
  }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{1};
  Collection server{loop};
  Cache cache{server, loop, random, api::kConfigMaps};
  std::vector<std::string> story;
};

TEST_F(CacheTest, ListsThenFollows) {
  server.put("a");
  start();
  EXPECT_TRUE(cache.synced());
  EXPECT_EQ(cache.revision(), 11u);
  EXPECT_EQ(server.since, 11u);
  server.put("b");
  server.put("a");
  server.remove("b");
  loop.run_ready();
  EXPECT_THAT(story, ElementsAre("+a", "+b", "~a", "-b"));
  EXPECT_EQ(cache.revision(), server.revision);
  EXPECT_EQ(cache.find({"ns", "a"})["kind"], Value("ConfigMap"));  // list items may come without
}

TEST_F(CacheTest, ListsInPages) {
  for (const char* name : {"a", "b", "c", "d", "e"}) server.put(name);
  server.page = 2;
  start();
  EXPECT_THAT(names(), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(server.lists, 3);
}

TEST_F(CacheTest, APageThatExpiresStartsTheListAnew) {
  for (const char* name : {"a", "b", "c"}) server.put(name);
  server.page = 2;
  start();
  server.list_failures = {};
  EXPECT_TRUE(cache.synced());
  server.cut(base::Code::Expired);
  loop.run_ready();
  server.list_failures = {base::Code::Expired};
  loop.run_for(base::seconds(5));
  EXPECT_THAT(names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(story, ElementsAre("+a", "+b", "+c"));
}

TEST_F(CacheTest, RepeatedAndOldEventsChangeNothing) {
  server.put("a");
  start();
  Value old = Collection::object("a", 5, "");
  server.tell(WatchEvent::Kind::Modified, old);
  server.tell(WatchEvent::Kind::Deleted, old);
  server.tell(WatchEvent::Kind::Added, cache.find({"ns", "a"}));
  loop.run_ready();
  EXPECT_THAT(story, ElementsAre("+a"));
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(CacheTest, ALostWatchGoesOnFromWhereItWas) {
  server.put("a");
  start();
  server.cut(base::Code::Unavailable);
  loop.run_ready();
  server.put("b");  // nobody is told
  loop.run_for(base::seconds(1));
  EXPECT_EQ(server.lists, 1);
  EXPECT_EQ(server.watches, 2);
  EXPECT_EQ(server.since, 11u);
}

TEST_F(CacheTest, AfterExpiryTheListTellsWhatWasMissed) {
  server.put("a");
  server.put("gone");
  start();
  server.silent = true;
  server.put("a");
  server.put("new");
  server.remove("gone");
  loop.run_ready();
  server.silent = false;
  server.cut(base::Code::Expired);
  loop.run_for(base::seconds(1));
  EXPECT_THAT(story, ElementsAre("+a", "+gone", "-gone", "~a", "+new"));
  EXPECT_EQ(server.lists, 2);
  EXPECT_EQ(server.since, server.revision);
}

TEST_F(CacheTest, FailuresAreRetriedEverMoreSlowly) {
  server.list_failures = {base::Code::Unavailable, base::Code::Unavailable, base::Code::Unavailable};
  start();
  EXPECT_FALSE(cache.synced());
  loop.run_for(base::milliseconds(160));
  EXPECT_EQ(server.lists, 2);  // 100 ms, give or take half
  loop.run_for(base::seconds(2));
  EXPECT_TRUE(cache.synced());
  server.refusal = base::Code::Unavailable;
  server.cut(base::Code::Unavailable);
  int before = server.watches;
  loop.run_for(base::minutes(5));
  EXPECT_LT(server.watches - before, 40);  // about one in 26 s at the end
  EXPECT_GT(server.watches - before, 10);
}

TEST_F(CacheTest, FindsObjectsByTheirController) {
  server.put("a", "owner-1");
  server.put("b", "owner-1");
  server.put("c", "owner-2");
  start();
  EXPECT_EQ(cache.owned_by("owner-1").size(), 2u);
  server.put("a", "owner-2");
  server.remove("b");
  loop.run_ready();
  EXPECT_THAT(cache.owned_by("owner-1"), IsEmpty());
  EXPECT_EQ(cache.owned_by("owner-2").size(), 2u);
  EXPECT_EQ(cache.in_space("ns").size(), 2u);
  EXPECT_THAT(cache.in_space("other"), IsEmpty());
}

TEST_F(CacheTest, ProgressIsToldForBookmarksToo) {
  start();
  int progress = 0;
  cache.add_progress_listener([&] { ++progress; });
  server.tell(WatchEvent::Kind::Bookmark, Collection::object("", 99, ""));
  loop.run_ready();
  EXPECT_EQ(progress, 1);
  EXPECT_EQ(cache.revision(), 99u);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(CacheTest, MayGoWhileAListIsUnderWay) {
  auto doomed = std::make_unique<Cache>(server, loop, random, api::kConfigMaps);
  doomed->start();
  doomed.reset();
  loop.run_ready();
  EXPECT_EQ(server.watches, 0);
}

}  // namespace
}  // namespace slipway::client
