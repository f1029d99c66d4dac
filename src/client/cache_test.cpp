#include "client/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "api/meta.h"
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
    limits.push_back(request.limit);
    auto answering = [this, request = std::move(request), done = std::move(done)]() mutable { done(answer(request)); };
    if (hold_lists) return held_.push_back(std::move(answering));
    loop_.post(std::move(answering));
  }

  std::unique_ptr<WatchHandle> watch(WatchRequest request, WatchSink& sink) override {
    class Handle final : public WatchHandle {
     public:
      Handle(Collection& from, WatchSink& sink) : from_(from), sink_(sink) {}
      ~Handle() override { from_.sinks_.erase(&sink_); }
      Collection& from_;
      WatchSink& sink_;
    };
    ++watches;
    since = std::stoull(request.resource_version);
    times.push_back(request.timeout_seconds);
    sinks_[&sink] = request.space;
    auto handle = std::make_unique<Handle>(*this, sink);
    if (refusal) cut(*refusal);
    return handle;
  }

  void put(const std::string& name, const std::string& owner = "", const std::string& space = "ns") {
    bool is_new = !objects_.contains(name);
    objects_[name] = object(name, ++revision, owner, space);
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
      if (silent) return;
      for (const auto& [sink, space] : std::map(sinks_))
        if (space.empty() || space == api::space_of(object)) sink->event({kind, object});
    });
  }
  void bookmark() {
    loop_.post([this, at = object("", revision, "", "")] {
      for (const auto& [sink, space] : std::map(sinks_)) sink->event({WatchEvent::Kind::Bookmark, at});
    });
  }
  void cut(base::Code why) {
    loop_.post([this, why] {
      for (const auto& [sink, space] : std::exchange(sinks_, {})) sink->ended({.code = why, .message = "cut"});
    });
  }
  static Value object(const std::string& name, std::uint64_t revision, const std::string& owner,
                      const std::string& space = "ns") {
    Value out = Value::object(
        {{"metadata",
          Value::object({{"namespace", space}, {"name", name}, {"resourceVersion", std::to_string(revision)}})}});
    if (!owner.empty())
      out.set({"metadata", "ownerReferences"}, Value::array({Value::object({{"uid", owner}, {"controller", true}})}));
    return out;
  }

  // The oldest list that is held.
  void answer_list() {
    loop_.post(std::move(held_.front()));
    held_.pop_front();
  }

  std::uint64_t revision = 10;
  std::uint64_t since = 0;
  int lists = 0, watches = 0;
  std::vector<std::int64_t> limits, times;  // of the requests
  bool silent = false;                      // events are lost
  bool hold_lists = false;                  // until `answer_list`
  std::optional<base::Code> refusal;        // every watch ends at once
  std::deque<base::Code> list_failures;
  std::optional<base::Duration> retry_after;  // of those
  bool forget_pages = false;                  // no continue token is known
  std::size_t most = 1'000'000;               // a larger page is too large

 private:
  Answer answer(const Request& request) {
    if (!list_failures.empty()) {
      base::Error why{.code = list_failures.front(), .message = "no list", .retry_after = retry_after};
      list_failures.pop_front();
      return base::fail(std::move(why));
    }
    if (forget_pages && !request.continue_token.empty())
      return base::fail(base::Code::Expired, "the token has expired");
    std::vector<Value> items;
    std::string next;
    const std::size_t size = page > 0 && request.limit > 0 ? page : request.limit > 0 ? request.limit : 1'000'000;
    for (const auto& [name, object] : objects_) {
      if (name <= request.continue_token) continue;
      if (!request.space.empty() && request.space != api::space_of(object)) continue;
      if (items.size() == size) break;
      items.push_back(object);
      next = name;
    }
    if (items.size() > most) return base::fail(base::Code::TooLarge, "too large");
    bool more = items.size() == size && next != objects_.rbegin()->first;
    Value metadata = Value::object({{"resourceVersion", std::to_string(revision)}});
    if (more) metadata.set("continue", next);
    return Value::object({{"metadata", metadata}, {"items", Value::array_of(std::move(items))}});
  }

  runtime::Loop& loop_;
  std::deque<runtime::Task> held_;
  std::map<std::string, Value> objects_;
  std::map<WatchSink*, std::string> sinks_;  // in no particular order; one at most where it matters

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
  EXPECT_EQ(cache.revision("ns"), 11u);
  EXPECT_EQ(server.since, 11u);
  server.put("b");
  server.put("a");
  server.remove("b");
  loop.run_ready();
  EXPECT_THAT(story, ElementsAre("+a", "+b", "~a", "-b"));
  EXPECT_EQ(cache.revision("ns"), server.revision);
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

// Who must know what is true now does not wait for a watch that is behind.
TEST_F(CacheTest, ARefreshListsOnceMoreAndFollowsFromThere) {
  server.put("a");
  start();
  server.silent = true;
  server.put("b");
  loop.run_ready();
  ASSERT_TRUE(cache.current());
  bool told = false;
  cache.add_progress_listener([&] { told = told || cache.current(); });
  cache.refresh();
  EXPECT_TRUE(cache.synced());
  EXPECT_FALSE(cache.current());
  loop.run_ready();
  EXPECT_TRUE(cache.current());
  EXPECT_TRUE(told);
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  server.silent = false;
  server.put("c");
  loop.run_ready();
  EXPECT_THAT(story, ElementsAre("+a", "+b", "+c"));
  EXPECT_EQ(server.lists, 2);
}

TEST_F(CacheTest, AListThatWasUnderWayIsNoRefresh) {
  server.put("a");
  start();
  server.cut(base::Code::Expired);
  loop.run_for(base::milliseconds(1));
  server.hold_lists = true;
  loop.run_for(base::seconds(1));  // the list after the expiry is on its way
  ASSERT_EQ(server.lists, 2);
  server.put("b");
  cache.refresh();
  server.answer_list();
  loop.run_ready();
  EXPECT_FALSE(cache.current());
  server.answer_list();
  loop.run_ready();
  EXPECT_TRUE(cache.current());
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  EXPECT_EQ(server.watches, 2) << "one at a time";
}

TEST_F(CacheTest, ARefreshIsTriedUntilItSucceeds) {
  start();
  server.list_failures = {base::Code::Unavailable, base::Code::TooManyRequests, base::Code::Forbidden};
  cache.refresh();
  loop.run_ready();
  EXPECT_FALSE(cache.current());
  loop.run_for(base::seconds(5));
  EXPECT_TRUE(cache.current());
}

TEST_F(CacheTest, BeforeItHasBegunThereIsNothingToRefresh) {
  cache.refresh();
  start();
  EXPECT_TRUE(cache.current());
  EXPECT_EQ(server.lists, 1);
}

TEST_F(CacheTest, WhatTheServerDoesNotKnowOrShowHoldsNobodyUp) {
  for (const base::Code why : {base::Code::NotFound, base::Code::Forbidden}) {
    Cache optional{server, loop, random, api::kConfigMaps, {.optional = true}};
    optional.start();
    loop.run_ready();
    for (int i = 0; i < 2; ++i) {
      server.list_failures = {why};
      optional.refresh();
      loop.run_ready();
      EXPECT_TRUE(optional.current());
    }
  }
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
  server.revision = 99;
  server.bookmark();
  loop.run_ready();
  EXPECT_EQ(progress, 1);
  EXPECT_EQ(cache.revision("ns"), 99u);
  EXPECT_THAT(names(), IsEmpty());
}

// Bookmarks carry the revision on while nothing happens, so that a watch that ends goes on from there.
TEST_F(CacheTest, AWatchThatEndsInItsTimeGoesOnFromItsBookmarkAtOnce) {
  start();
  loop.run_for(base::seconds(60));
  server.revision = 99;
  server.bookmark();
  loop.run_for(base::minutes(4));
  server.cut(base::Code::Timeout);
  loop.run_for(base::milliseconds(1));
  EXPECT_EQ(server.watches, 2);
  EXPECT_EQ(server.since, 99u);
  EXPECT_EQ(server.lists, 1);
}

TEST_F(CacheTest, WatchesEndAtTimesThatChanceSpreads) {
  start();
  for (int i = 0; i < 20; ++i) {
    loop.run_for(base::minutes(5));
    server.cut(base::Code::Timeout);
  }
  loop.run_for(base::milliseconds(1));
  EXPECT_EQ(server.watches, 21);
  EXPECT_THAT(server.times, ::testing::Each(::testing::AllOf(::testing::Ge(300), ::testing::Lt(600))));
  EXPECT_GT(std::set(server.times.begin(), server.times.end()).size(), 15u);
}

TEST_F(CacheTest, AServerThatEndsEveryWatchAtOnceIsAskedEverMoreSlowly) {
  start();
  for (base::Code why : {base::Code::Timeout, base::Code::Expired}) {
    server.refusal = why;
    server.cut(why);
    const int watches = server.watches, lists = server.lists;
    loop.run_for(base::minutes(5));
    EXPECT_LT(server.watches - watches, 40);
    EXPECT_LT(server.lists - lists, 40);
    server.refusal.reset();
    loop.run_for(base::minutes(1));
  }
}

TEST_F(CacheTest, AContinueTokenThatAlwaysExpiresIsDoneWithout) {
  for (const char* name : {"a", "b", "c"}) server.put(name);
  server.page = 2;
  server.forget_pages = true;
  start();
  loop.run_for(base::seconds(5));
  EXPECT_THAT(names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(server.limits, ElementsAre(500, 500, 500, 500, 0));
  server.cut(base::Code::Expired);
  loop.run_for(base::seconds(1));
  EXPECT_EQ(server.limits.back(), 500);
}

TEST_F(CacheTest, APageThatIsTooLargeIsAskedForInHalves) {
  for (int i = 0; i < 400; ++i) server.put("object-" + std::to_string(i));
  server.most = 150;
  start();
  loop.run_for(base::seconds(5));
  EXPECT_EQ(cache.all().size(), 400u);
  EXPECT_THAT(server.limits, ElementsAre(500, 250, 125, 125, 125, 125));
}

TEST_F(CacheTest, WaitsAsLongAsTheServerWants) {
  server.retry_after = base::seconds(20);
  server.list_failures = {base::Code::TooManyRequests, base::Code::TooManyRequests};
  start();
  loop.run_for(base::seconds(19));
  EXPECT_EQ(server.lists, 1);
  loop.run_for(base::seconds(12));
  EXPECT_EQ(server.lists, 2);
  loop.run_for(base::seconds(30));
  EXPECT_TRUE(cache.synced());
}

TEST_F(CacheTest, AKindThatIsNotServedIsEmptyAndLookedForAgain) {
  server.put("a");
  server.list_failures.assign(100, base::Code::NotFound);
  start();
  EXPECT_TRUE(cache.synced());
  ASSERT_NE(cache.absence(), nullptr);
  EXPECT_EQ(cache.absence()->code, base::Code::NotFound);
  loop.run_for(base::minutes(2));
  EXPECT_EQ(server.watches, 0);
  EXPECT_LT(server.lists, 20);
  EXPECT_TRUE(story.empty());
  server.list_failures.clear();
  loop.run_for(base::seconds(40));
  EXPECT_EQ(cache.absence(), nullptr);
  EXPECT_THAT(story, ElementsAre("+a"));
}

TEST_F(CacheTest, AnOptionalKindThatMayNotBeReadIsEmptyUntilItMay) {
  int troubles = 0;
  const auto count = [&](const Resource&, const std::string&, const base::Error*) { ++troubles; };
  Cache optional(server, loop, random, api::kConfigMaps, {.optional = true, .troubled = count});
  server.put("a");
  server.list_failures.assign(100, base::Code::Forbidden);
  optional.start();
  loop.run_for(base::minutes(2));
  EXPECT_TRUE(optional.synced());
  ASSERT_NE(optional.absence(), nullptr);
  EXPECT_EQ(optional.absence()->code, base::Code::Forbidden);
  EXPECT_EQ(troubles, 0);
  server.list_failures.clear();
  loop.run_for(base::seconds(40));
  EXPECT_EQ(optional.absence(), nullptr);
  EXPECT_EQ(optional.all().size(), 1u);
  // Taken away later, it is trouble as for every kind, and what was seen stays.
  server.list_failures.assign(100, base::Code::Forbidden);
  server.cut(base::Code::Expired);
  loop.run_for(base::seconds(10));
  EXPECT_EQ(optional.absence(), nullptr);
  EXPECT_EQ(optional.all().size(), 1u);
  EXPECT_EQ(troubles, 1);
}

TEST_F(CacheTest, WhoReadsInNamespacesDoesNotAskForTheCluster) {
  const Resource whole{"", "v1", "configmaps", "ConfigMap", false};
  Cache optional(server, loop, random, whole, {.spaces = {"ns"}, .optional = true});
  optional.start();
  loop.run_for(base::minutes(2));
  EXPECT_TRUE(optional.synced());
  ASSERT_NE(optional.absence(), nullptr);
  EXPECT_EQ(optional.absence()->code, base::Code::Forbidden);
  EXPECT_EQ(server.lists, 0);
  Cache needed(server, loop, random, whole, {.spaces = {"ns"}});
  needed.start();
  loop.run_for(base::seconds(1));
  EXPECT_EQ(needed.absence(), nullptr);
  EXPECT_EQ(server.lists, 1);
}

TEST_F(CacheTest, WhatSomebodyRequiresIsNotOptional) {
  Cache required(server, loop, random, api::kConfigMaps, {.optional = true});
  required.require();
  server.list_failures.assign(100, base::Code::Forbidden);
  required.start();
  loop.run_for(base::minutes(1));
  EXPECT_FALSE(required.synced());
}

TEST_F(CacheTest, TroubleIsToldOnceAndWhenItHasEnded) {
  std::vector<std::string> told;
  Cache watched(server, loop, random, api::kConfigMaps,
                {.troubled = [&](const Resource& of, const std::string&, const base::Error* now) {
                  told.push_back(of.plural + (now ? ": " + std::string(base::reason_of(now->code)) : ": fine"));
                }});
  server.list_failures = {base::Code::Forbidden, base::Code::Forbidden};
  watched.start();
  loop.run_for(base::seconds(10));
  EXPECT_THAT(told, ElementsAre("configmaps: Forbidden", "configmaps: fine"));
  server.cut(base::Code::Unavailable);
  loop.run_for(base::seconds(2));
  EXPECT_EQ(told.size(), 2u) << "a connection that is lost now and then is no trouble";
  server.refusal = base::Code::Unavailable;
  server.cut(base::Code::Unavailable);
  loop.run_for(base::minutes(2));
  EXPECT_EQ(told.back(), "configmaps: ServiceUnavailable");
  EXPECT_EQ(told.size(), 3u);
}

TEST_F(CacheTest, OfSomeNamespacesSeesThoseOnly) {
  server.put("a", "", "one");
  server.put("b", "", "two");
  server.put("c", "", "three");
  Cache some(server, loop, random, api::kConfigMaps, {.spaces = {"one", "two"}});
  some.start();
  loop.run_ready();
  EXPECT_EQ(some.all().size(), 2u);
  server.put("d", "", "two");
  server.put("e", "", "three");
  loop.run_ready();
  EXPECT_EQ(some.in_space("two").size(), 2u);
  EXPECT_TRUE(some.in_space("three").empty());
  // Each namespace is at the revision of its own watch: that of two says nothing about what happened in one.
  EXPECT_EQ(some.revision("one"), 13u);
  EXPECT_EQ(some.revision("two"), 14u);
  EXPECT_FALSE(some.covers("three"));
  server.silent = true;
  server.remove("b");
  loop.run_ready();
  server.silent = false;
  server.cut(base::Code::Expired);
  loop.run_for(base::seconds(1));
  EXPECT_EQ(some.in_space("one").size(), 1u);
  EXPECT_EQ(some.in_space("two").size(), 1u);
}

TEST_F(CacheTest, KeepsAndCountsWhatItIsToldTo) {
  runtime::Metrics metrics;
  {
    Cache lean(server, loop, random, api::kConfigMaps,
               {.keep = [](Value object) { return object.without("data"); }, .metrics = &metrics});
    server.put("a");
    lean.start();
    loop.run_ready();
    Value large = Collection::object("a", 12, "");
    large.set("data", Value::object({{"k", std::string(10'000, 'x')}}));
    server.tell(WatchEvent::Kind::Modified, large);
    loop.run_ready();
    EXPECT_FALSE(lean.find({"ns", "a"}).has("data"));
    EXPECT_GT(lean.bytes(), 100u);
    EXPECT_LT(lean.bytes(), 2'000u);
    server.cut(base::Code::Expired);
    loop.run_for(base::seconds(1));
    const std::string text = metrics.text();
    for (const char* line : {"slipway_cache_objects{resource=\"configmaps\"} 1\n",
                             "slipway_cache_lists_total{resource=\"configmaps\",cause=\"begin\"} 1\n",
                             "slipway_cache_lists_total{resource=\"configmaps\",cause=\"expired\"} 1\n",
                             "slipway_cache_watches_total{resource=\"configmaps\",cause=\"begin\"} 2\n",
                             "slipway_cache_list_pages_total{resource=\"configmaps\"} 2\n"})
      EXPECT_THAT(text, ::testing::HasSubstr(line));
  }
  EXPECT_THAT(metrics.text(), ::testing::HasSubstr("slipway_cache_bytes{resource=\"configmaps\"} 0\n"));
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
