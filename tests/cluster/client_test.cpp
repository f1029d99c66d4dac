// The client and its caches on a real API server: bookmarks, pages, compaction, priority and fairness, connections that
// are cut or fall silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cache.h"
#include "client/https_client.h"
#include "data/json.h"
#include "each_version.h"
#include "http/test_relay.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"

namespace slipway::tests {
namespace {

using client::Cache;
using client::Verb;
using data::Value;
using ::testing::HasSubstr;

class ClientTest : public EachVersion {
 protected:
  void SetUp() override {
    EachVersion::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    space = new_space();
    relay.emplace(bed().port());
  }
  void TearDown() override {
    cache.reset();
    https.reset();
    if (!space.empty()) (void)api().call({.verb = Verb::Delete, .resource = api::kNamespaces, .name = space});
  }

  // Through the relay.
  void connect(const http::Identity& who = {"admin", {"system:masters"}}, client::HttpsOptions limits = {}) {
    client::Connection connection = bed().connection(who);
    connection.server = "https://127.0.0.1:" + std::to_string(relay->port());
    auto made = client::HttpsClient::make(loop, connection, &metrics, limits);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    https = std::move(*made);
  }
  void start_cache() {
    cache.emplace(*https, loop, random, api::kConfigMaps, client::CacheOptions{.spaces = {space}, .metrics = &metrics});
    cache->add_listener([this](const Value&, const Value&) { ++events; });
    cache->start();
    // The controller manager puts one into each namespace.
    run_until([&] { return cache->synced() && shows("kube-root-ca.crt"); });
  }
  void run_until(const std::function<bool()>& holds) {
    runtime::Timer look;
    for (bool ticking = false; !holds();) {
      if (!std::exchange(ticking, true)) look = loop.after(base::milliseconds(20), [&ticking] { ticking = false; });
      loop.run_one();
    }
  }
  static Value config_map(const std::string& name) {
    return Value::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", Value::object({{"name", name}})}});
  }
  void create(const std::string& name, const std::string& where) {
    const auto made =
        api().call({.verb = Verb::Create, .resource = api::kConfigMaps, .space = where, .body = config_map(name)});
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  bool shows(const std::string& name) { return !cache->find({space, name}).is_null(); }
  std::uint64_t watches(const std::string& cause) {
    return metrics.counter("slipway_cache_watches_total", "Watches begun, by cause.", {"resource", "cause"})
        .with({"configmaps", cause})
        .value();
  }
  std::uint64_t lists(const std::string& cause) {
    return metrics.counter("slipway_cache_lists_total", "Whole lists begun, by cause.", {"resource", "cause"})
        .with({"configmaps", cause})
        .value();
  }
  std::uint64_t answers(const std::string& verb, const std::string& code) {
    return metrics
        .counter("slipway_client_requests_total", "Requests to the API server by answer; code 0: none came.",
                 {"verb", "resource", "code"})
        .with({verb, "configmaps", code})
        .value();
  }

  std::string space;
  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  runtime::Metrics metrics;
  std::optional<http::TestRelay> relay;
  std::unique_ptr<client::HttpsClient> https;
  std::optional<Cache> cache;
  int events = 0;
};
SLIPWAY_EACH_VERSION(ClientTest);

// Nothing happens in the namespace, something elsewhere: the bookmark (about once a minute, to watches that are older
// than what happened) carries the revision on.
TEST_P(ClientTest, BookmarksCarryAQuietWatchOnAndACutGoesOnFromThere) {
  connect();
  start_cache();
  const int seen = events;
  const std::uint64_t first = cache->revision(space);
  run_until([&] { return answers("watch", "200") == 1; });
  create("elsewhere", "default");
  run_until([&] { return cache->revision(space) > first; });
  EXPECT_EQ(events, seen) << "nothing happened in the namespace itself";
  relay->cut();
  run_until([&] { return watches("failed") == 1; });
  create("after-the-cut", space);
  run_until([&] { return shows("after-the-cut"); });
  EXPECT_EQ(lists("begin"), 1u);
  EXPECT_EQ(lists("expired") + lists("failed"), 0u);
  EXPECT_EQ(api()
                .call({.verb = Verb::Delete, .resource = api::kConfigMaps, .space = "default", .name = "elsewhere"})
                .has_value(),
            true);
}

TEST_P(ClientTest, APeerThatFallsSilentIsLeftAndNothingIsMissed) {
  connect({"admin", {"system:masters"}}, {.silence = base::seconds(2)});
  start_cache();
  relay->freeze(true);
  create("unseen", space);
  run_until([&, before = relay->accepted()] { return relay->accepted() > before; });
  relay->freeze(false);
  run_until([&] { return shows("unseen"); });
  EXPECT_EQ(lists("begin"), 1u);
}

// The server forgets the past while the client is away: the watch is refused with 410, and a new list tells what was
// missed.
TEST_P(ClientTest, AfterCompactionTheListTellsWhatWasMissed) {
  create("stays", space);
  create("goes", space);
  connect();
  start_cache();
  relay->refuse(true);
  relay->cut();
  ASSERT_TRUE(
      api().call({.verb = Verb::Delete, .resource = api::kConfigMaps, .space = space, .name = "goes"}).has_value());
  create("comes", space);
  bed().kill(Part::ApiServer);
  const auto compacted = bed().compact();
  ASSERT_TRUE(compacted.has_value()) << compacted.error().message;
  const auto again = bed().start_part(Part::ApiServer);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  relay->refuse(false);
  run_until([&] { return shows("comes") && !shows("goes"); });
  EXPECT_TRUE(shows("stays"));
  EXPECT_EQ(lists("expired"), 1u);
}

// 1,203 objects are three pages; a token from before a compaction is refused with 410.
TEST_P(ClientTest, LongListsComeInPagesAndOldTokensExpire) {
  constexpr int kObjects = 1'203;
  connect();
  int made = 0;
  for (int i = 0; i < kObjects; ++i)
    https->call({.verb = Verb::Create,
                 .resource = api::kConfigMaps,
                 .space = space,
                 .body = config_map("object-" + std::to_string(i))},
                [&made](client::Answer answer) {
                  EXPECT_TRUE(answer.has_value()) << answer.error().message;
                  ++made;
                });
  run_until([&] { return made == kObjects; });
  std::optional<client::Answer> page;
  const auto list = [&](const std::string& token) {
    page.reset();
    https->call(
        {.verb = Verb::List, .resource = api::kConfigMaps, .space = space, .limit = 10, .continue_token = token},
        [&](client::Answer answer) { page = std::move(answer); });
    run_until([&] { return page.has_value(); });
  };
  list({});
  ASSERT_TRUE(page->has_value());
  const std::string token = (**page)["metadata"]["continue"].str();
  start_cache();
  EXPECT_GE(cache->all().size(), static_cast<std::size_t>(kObjects));
  EXPECT_EQ(answers("list", "200"), 4u) << "one page of ten, and three of the cache";
  create("later", space);
  // Newer API servers keep snapshots of the past for a while: one that begins again has none.
  bed().kill(Part::ApiServer);
  ASSERT_TRUE(bed().compact().has_value());
  ASSERT_TRUE(bed().start_part(Part::ApiServer).has_value());
  do list(token);
  while (!*page && page->error().code == base::Code::Unavailable);
  ASSERT_FALSE(page->has_value());
  EXPECT_EQ(page->error().code, base::Code::Expired) << page->error().message;
}

Value parsed(const char* text) { return *data::parse_json(text); }

// A priority level without seats: requests of this user are refused with 429 and Retry-After.
TEST_P(ClientTest, ALevelWithoutSeatsIsNotPressed) {
  const api::Resource levels{"flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations",
                             "PriorityLevelConfiguration", false};
  const api::Resource schemas{"flowcontrol.apiserver.k8s.io", "v1", "flowschemas", "FlowSchema", false};
  const Value level = parsed(R"({"apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"PriorityLevelConfiguration",
    "metadata":{"name":"slow"},"spec":{"type":"Limited","limited":{"nominalConcurrencyShares":0,"lendablePercent":0,
    "borrowingLimitPercent":0,"limitResponse":{"type":"Reject"}}}})");
  const Value schema = parsed(R"({"apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"FlowSchema",
    "metadata":{"name":"slow"},"spec":{"priorityLevelConfiguration":{"name":"slow"},"matchingPrecedence":2,"rules":[
    {"subjects":[{"kind":"User","user":{"name":"slow"}}],"resourceRules":[{"verbs":["*"],"apiGroups":["*"],
    "resources":["*"],"namespaces":["*"],"clusterScope":true}]}]}})");
  const auto remove = [&] {
    (void)api().call({.verb = Verb::Delete, .resource = schemas, .name = "slow"});
    (void)api().call({.verb = Verb::Delete, .resource = levels, .name = "slow"});
  };
  remove();
  ASSERT_TRUE(api().call({.verb = Verb::Create, .resource = levels, .body = level}).has_value());
  ASSERT_TRUE(api().call({.verb = Verb::Create, .resource = schemas, .body = schema}).has_value());
  // With rights in the namespace, and not in a group that is exempt.
  ASSERT_EQ(bed()
                .kubectl({"-n", space, "create", "rolebinding", "slow", "--clusterrole=view", "--user=slow"})
                .value_or(runtime::Finished{.status = -1, .output = ""})
                .status,
            0);
  connect({"slow", {}});
  // What a level without seats still lets through is one request at a time: so there are always some.
  bool pressing = true;
  const std::function<void()> press = [&] {
    https->call({.verb = Verb::Get, .resource = api::kConfigMaps, .space = space, .name = "absent"},
                [&](const client::Answer&) {
                  if (pressing) press();
                });
  };
  for (int i = 0; i < 20; ++i) press();
  run_until([&] { return answers("get", "429") > 0; });  // the server knows of the new level after a moment only
  while (answers("list", "429") == 0) {                  // a list may be the one that is let through
    cache.emplace(*https, loop, random, api::kConfigMaps, client::CacheOptions{.spaces = {space}, .metrics = &metrics});
    cache->start();
    run_until([&] { return answers("list", "429") >= 1 || cache->synced(); });
  }
  const base::MonoTime since = loop.mono();
  run_until([&] { return answers("list", "429") >= 2 || cache->synced(); });
  EXPECT_GE(loop.mono() - since, base::seconds(1)) << "Retry-After is a second at least";
  pressing = false;
  remove();
  run_until([&] { return cache->synced(); });
  create("through", space);
  run_until([&] { return shows("through"); });
}

}  // namespace
}  // namespace slipway::tests
