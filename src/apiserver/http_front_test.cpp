// The API over real sockets: a control loop on its own thread, TLS with a client certificate, HttpsClient on the other
// side.
#include "apiserver/http_front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "client/cache.h"
#include "client/https_client.h"
#include "http/pki.h"
#include "runtime/real/loop.h"
#include "store/memory_store.h"

namespace slipway::apiserver {
namespace {

using client::HttpsClient;
using data::Value;
using ::testing::HasSubstr;

// A server and a client, both on one real loop that runs on a thread of its own.
class Served {
 public:
  Served() {
    on_loop([this] { set_up(); });
  }
  ~Served() {
    on_loop([this] {
      client.reset();
      front.reset();
      server.reset();
      store.reset();
    });
    loop.stop();
    thread_.join();
  }

  // Runs a task on the loop and waits for it.
  void on_loop(std::move_only_function<void()> task) {
    wait_for<bool>([&](auto done) {
      loop.post([&task, done = std::move(done)]() mutable {
        task();
        done(true);
      });
    });
  }

  // Starts something that calls back with a T, and waits for that.
  template <class T>
  T wait_for(std::function<void(std::move_only_function<void(T)>)> start) {
    std::mutex mutex;
    std::condition_variable condition;
    std::optional<T> result;
    start([&](T value) {
      std::lock_guard lock(mutex);
      result = std::move(value);
      condition.notify_one();
    });
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return result.has_value(); });
    return std::move(*result);
  }

  client::Answer call(client::Request request) {
    return wait_for<client::Answer>([&](auto done) {
      loop.post(
          [this, request, done = std::move(done)]() mutable { client->call(std::move(request), std::move(done)); });
    });
  }

  base::Result<std::string> raw(HttpsClient& from, const std::string& path) {
    return wait_for<base::Result<std::string>>([&](auto done) {
      loop.post([&from, path, done = std::move(done)]() mutable { from.raw(path, "", std::move(done)); });
    });
  }

  client::Connection connection() const {
    return {.server = "https://127.0.0.1:" + std::to_string(front->ports()[0]), .ca = ca.certificate};
  }
  client::Connection as(const std::string& user, std::vector<std::string> groups) {
    auto credential = http::pki::issue_client(ca, {user, std::move(groups)}, runtime::real::wall_clock(), base::hours(1));
    client::Connection out = connection();
    out.certificate = credential->certificate;
    out.key = credential->key;
    return out;
  }
  std::unique_ptr<HttpsClient> connect(const client::Connection& to) { return std::move(*HttpsClient::make(loop, to)); }

  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<ApiServer> server;
  std::unique_ptr<HttpFront> front;
  std::unique_ptr<HttpsClient> client;
  http::pki::Credential ca;

 private:
  void set_up() {
    ca = http::pki::make_ca("test", loop.now(), base::hours(1));
    auto credential = http::pki::issue_server(ca, {"127.0.0.1"}, loop.now(), base::hours(1));
    auto tls =
        http::TlsContext::make(http::TlsContext::Server{credential->certificate, credential->key, ca.certificate});
    store = store::make_memory_store(loop);
    server = std::make_unique<ApiServer>(*store, loop, random, Settings{.wall_clock = runtime::real::wall_clock});
    server->start();
    FrontOptions options{.listeners = {{.tls = *tls}}, .io_threads = 2, .tokens = {{"s3cret", {.user = "robot"}}}};
    front = std::move(*HttpFront::start(*server, loop, std::move(options)));
    client = connect(as("admin", {"system:masters"}));
  }

  std::thread thread_{[this] { loop.run(); }};
};

Value config_map(const std::string& name) {
  return Value::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", Value::object({{"name", name}})}});
}

client::Request create(const std::string& name) {
  return {.verb = client::Verb::Create, .resource = api::kConfigMaps, .space = "default", .body = config_map(name)};
}

TEST(HttpFront, AnObjectThereAndBack) {
  Served s;
  auto made = s.call(create("a"));
  ASSERT_TRUE(made) << made.error().message;
  auto read = s.call({.resource = api::kConfigMaps, .space = "default", .name = "a"});
  EXPECT_EQ(*read, *made);
  auto again = s.call(create("a"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, base::Code::AlreadyExists);
  EXPECT_EQ(again.error().subject.name, "a");
  auto patched = s.call({.verb = client::Verb::Patch,
                         .resource = api::kConfigMaps,
                         .space = "default",
                         .name = "a",
                         .body = Value::object({{"data", Value::object({{"k", "v"}})}})});
  EXPECT_EQ((*patched)["data"]["k"], Value("v"));
  EXPECT_TRUE(s.call({.verb = client::Verb::Delete, .resource = api::kConfigMaps, .space = "default", .name = "a"}));
}

TEST(HttpFront, IdentityComesFromCertificateOrToken) {
  Served s;
  auto message = [&](const client::Connection& to) {
    std::unique_ptr<HttpsClient> other;
    s.on_loop([&] { other = s.connect(to); });
    auto answer = s.raw(*other, "/api/v1/nodes");
    s.on_loop([&] { other.reset(); });
    return answer ? std::string("allowed") : answer.error().message;
  };
  EXPECT_THAT(message(s.as("jane", {})), HasSubstr("User \"jane\" cannot list"));
  EXPECT_THAT(message(s.connection()), HasSubstr("User \"system:anonymous\" cannot list"));
  client::Connection token = s.connection();
  token.token = "s3cret";
  EXPECT_THAT(message(token), HasSubstr("User \"robot\" cannot list"));
  token.token = "guess";
  EXPECT_THAT(message(token), HasSubstr("its token is not valid"));
  EXPECT_EQ(message(s.as("root", {"system:masters"})), "allowed");
}

TEST(HttpFront, ACacheFollowsOverTheNetwork) {
  Served s;
  s.call(create("before"));
  std::unique_ptr<client::Cache> cache;
  auto await = [&](const std::string& name, bool present) {
    s.wait_for<bool>([&](auto done) {
      s.loop.post([&, done = std::make_shared<std::move_only_function<void(bool)>>(std::move(done))] {
        auto look = [&cache, name, present, done] {
          bool there = !cache->find({"default", name}).is_null();
          if (there == present && *done) std::exchange(*done, nullptr)(true);
        };
        if (!cache) {
          cache = std::make_unique<client::Cache>(*s.client, s.loop, s.random, api::kConfigMaps);
          cache->start();
        }
        cache->add_progress_listener(look);
        look();
      });
    });
  };
  await("before", true);
  s.call(create("after"));
  await("after", true);
  s.call({.verb = client::Verb::Delete, .resource = api::kConfigMaps, .space = "default", .name = "before"});
  await("before", false);
  s.on_loop([&] { cache.reset(); });
}

TEST(HttpFront, ManyWatchersAreForgottenWhenTheyLeave) {
  Served s;
  class Sink final : public client::WatchSink {
   public:
    void event(const client::WatchEvent&) override { ++events; }
    void ended(base::Error) override {}
    int events = 0;
  };
  Sink sink;
  std::vector<std::unique_ptr<client::WatchHandle>> handles;
  s.on_loop([&] {
    for (int i = 0; i < 20; ++i)
      handles.push_back(s.client->watch({.resource = api::kConfigMaps, .resource_version = "1"}, sink));
  });
  s.call(create("a"));
  s.on_loop([&] { handles.clear(); });
  // Writes go on without the watchers; nothing is delivered any more.
  int seen = 0;
  s.on_loop([&] { seen = sink.events; });
  s.call(create("b"));
  s.on_loop([&] { EXPECT_EQ(sink.events, seen); });
}

TEST(HttpFront, RawPathsAndHealth) {
  Served s;
  s.call(create("a"));
  auto text = s.raw(*s.client, "/api/v1/namespaces/default/configmaps");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("ConfigMapList"));
  EXPECT_EQ(*s.raw(*s.client, "/readyz"), "ok");
}

}  // namespace
}  // namespace slipway::apiserver
