// The client against a server that says little, much or nothing, with a relay between them that can cut and freeze.
#include "client/https_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <deque>
#include <mutex>
#include <optional>

#include "client/cache.h"
#include "http/server.h"
#include "http/test_relay.h"
#include "runtime/metrics.h"

namespace slipway::client {
namespace {

using base::Code;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kEmptyList =
    R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]})";
constexpr const char* kBookmark =
    R"({"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"9"}}})";

class HttpsClientTest : public testing::Test {
 protected:
  HttpsClientTest() {
    server = std::move(*http::Server::start(
        {.listeners = {{}}, .io_threads = 1},
        [this](http::Request request, http::ResponseWriter writer) { answer(std::move(request), std::move(writer)); }));
    relay.emplace(server->ports()[0]);
  }
  ~HttpsClientTest() override {
    client.reset();
    relay.reset();
    server.reset();
  }

  // Lists are empty, watches begin with a bookmark and stay open, anything else is never answered; but for what is told
  // in `answers` before.
  void answer(http::Request request, http::ResponseWriter writer) {
    std::lock_guard lock(mutex);
    targets.push_back(request.target);
    const http::Headers json = {{"Content-Type", "application/json"}};
    if (!answers.empty()) {
      auto [status, headers, body] = std::move(answers.front());
      answers.pop_front();
      return writer.respond(status, std::move(headers), http::bytes_of(std::move(body)));
    }
    if (request.target.contains("watch=true")) {
      writer.begin(200, json);
      writer.write(http::bytes_of(std::string(kBookmark) + "\n"));
      return open.push_back(std::move(writer));
    }
    if (request.target.ends_with("configmaps") || request.target.contains("limit="))
      return writer.respond(200, json, http::bytes_of(kEmptyList));
    open.push_back(std::move(writer));
  }

  void connect(HttpsOptions limits = {}) {
    const std::string url = "http://127.0.0.1:" + std::to_string(relay->port());
    auto made = HttpsClient::make(loop, {.server = url}, &metrics, limits);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    client = std::move(*made);
  }
  // Looks now and then, too: what the relay has seen wakes nobody here.
  void run_until(const std::function<bool()>& holds) {
    runtime::Timer look;
    for (bool ticking = false; !holds();) {
      if (!std::exchange(ticking, true)) look = loop.after(base::milliseconds(5), [&ticking] { ticking = false; });
      loop.run_one();
    }
  }
  base::Error refusal_of(Request request) {
    std::optional<Answer> got;
    client->call(std::move(request), [&](Answer answer) { got = std::move(answer); });
    run_until([&] { return got.has_value(); });
    return *got ? base::Error{.message = "answered"} : got->error();
  }
  std::vector<std::string> asked() {
    std::lock_guard lock(mutex);
    return targets;
  }

  struct Told {
    int status;
    http::Headers headers;
    std::string body;
  };
  std::mutex mutex;
  std::deque<Told> answers;
  std::vector<std::string> targets;
  std::vector<http::ResponseWriter> open;
  std::unique_ptr<http::Server> server;
  std::optional<http::TestRelay> relay;
  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  runtime::Metrics metrics;
  std::unique_ptr<HttpsClient> client;
};

const Request kList = {.verb = Verb::List, .resource = api::kConfigMaps};
const Request kGet = {.verb = Verb::Get, .resource = api::kConfigMaps, .space = "a", .name = "never"};

TEST_F(HttpsClientTest, AServerThatHasTooMuchToDoIsHeard) {
  connect();
  answers.push_back({429,
                     {{"Retry-After", "7"}, {"Content-Type", "application/json"}},
                     R"({"kind":"Status","status":"Failure","reason":"TooManyRequests","code":429,"message":"busy"})"});
  const base::Error why = refusal_of(kList);
  EXPECT_EQ(why.code, Code::TooManyRequests);
  EXPECT_EQ(why.retry_after, base::seconds(7));
  EXPECT_THAT(metrics.text(),
              HasSubstr(R"(slipway_client_requests_total{verb="list",resource="configmaps",code="429"} 1)"));
}

TEST_F(HttpsClientTest, RequestsBeyondTheBoundsAreRefusedHere) {
  connect({.at_once = 1, .waiting = 1});
  std::vector<std::string> ended;
  for (const char* name : {"first", "second", "third"})
    client->call(kGet, [&ended, name](Answer answer) {
      ended.push_back(std::string(name) + " " + std::string(base::reason_of(answer.error().code)));
    });
  run_until([&] { return !ended.empty(); });
  EXPECT_THAT(ended, ElementsAre("third TooManyRequests"));
  EXPECT_THAT(metrics.text(), HasSubstr("slipway_client_requests_under_way 2\n"));
}

TEST_F(HttpsClientTest, AnAnswerBeyondTheBoundIsRefused) {
  connect({.answer = 10'000});
  answers.push_back({200, {}, std::string(20'000, ' ')});
  EXPECT_EQ(refusal_of(kList).code, Code::TooLarge);
}

class Ends final : public WatchSink {
 public:
  void event(const WatchEvent&) override { ++events; }
  void ended(base::Error error) override { why = std::move(error); }
  int events = 0;
  std::optional<base::Error> why;
};

// The relay keeps both connections and passes nothing on: TCP is alive, and nobody is there.
TEST_F(HttpsClientTest, AWatchWhosePeerSaysNothingEndsAsLost) {
  connect({.silence = base::milliseconds(100)});
  Ends sink;
  const auto watch = client->watch({.resource = api::kConfigMaps, .resource_version = "7"}, sink);
  run_until([&] { return sink.events == 1; });
  relay->freeze(true);
  run_until([&] { return sink.why.has_value(); });
  EXPECT_EQ(sink.why->code, Code::Unavailable) << "Timeout would mean that the server has ended it";
}

TEST_F(HttpsClientTest, AWatchTellsThatItsTimeIsUp) {
  connect();
  Ends sink;
  const auto watch =
      client->watch({.resource = api::kConfigMaps, .resource_version = "7", .timeout_seconds = 301}, sink);
  run_until([&] { return sink.events == 1; });
  EXPECT_THAT(asked(),
              ElementsAre(testing::AllOf(HasSubstr("timeoutSeconds=301"), HasSubstr("allowWatchBookmarks=true"))));
  {
    std::lock_guard lock(mutex);
    open.front().end();
  }
  run_until([&] { return sink.why.has_value(); });
  EXPECT_EQ(sink.why->code, Code::Timeout);
}

// A host that vanishes acknowledges nothing: the kernel is told to find out, with data under way and without.
TEST_F(HttpsClientTest, ConnectionsToAHostThatVanishedAreFoundOutByTheKernel) {
  connect({.dead = base::seconds(30)});
  Ends sink;
  const auto watch = client->watch({.resource = api::kConfigMaps, .resource_version = "7"}, sink);
  run_until([&] { return sink.events == 1; });
  int found = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET) continue;
    if (ntohs(peer.sin_port) != relay->port()) continue;
    const auto option = [fd](int level, int name) {
      int value = 0;
      socklen_t size = sizeof value;
      ::getsockopt(fd, level, name, &value, &size);
      return value;
    };
    ++found;
    EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
    EXPECT_LE(option(IPPROTO_TCP, TCP_KEEPIDLE) + 3 * option(IPPROTO_TCP, TCP_KEEPINTVL), 30);
  }
  EXPECT_EQ(found, 1);
}

// Cut, frozen, and cut again: each time the watch goes on from the bookmark, and nothing is listed a second time.
TEST_F(HttpsClientTest, ACacheGoesOnFromItsBookmarkThroughCutsAndSilence) {
  connect({.silence = base::milliseconds(200)});
  Cache cache(*client, loop, random, api::kConfigMaps, {.metrics = &metrics});
  const auto watches = [&] {
    int n = 0;
    for (const std::string& target : asked()) n += target.contains("watch=true");
    return n;
  };
  cache.start();
  run_until([&] { return cache.revision("a") == 9; });
  relay->cut();
  run_until([&] { return watches() == 2; });
  relay->freeze(true);
  run_until([&, before = relay->accepted()] { return relay->accepted() > before; });
  relay->freeze(false);
  run_until([&, before = watches()] { return watches() > before; });
  int lists = 0;
  bool first = true;
  for (const std::string& target : asked()) {
    lists += !target.contains("watch=true");
    if (!target.contains("watch=true")) continue;
    EXPECT_THAT(target, HasSubstr(std::exchange(first, false) ? "resourceVersion=7" : "resourceVersion=9"));
  }
  EXPECT_EQ(lists, 1);
}

TEST_F(HttpsClientTest, AClockThatDiffersFromTheServersIsToldOnceAndWhenItIsRightAgain) {
  std::vector<base::Duration> told;
  connect({.clock_is_wrong = [&](base::Duration skew) { told.push_back(skew); }});
  const auto ask = [&](const std::string& date) {
    {
      std::lock_guard lock(mutex);
      answers.push_back({200, {{"Content-Type", "application/json"}, {"Date", date}}, "{}"});
    }
    bool answered = false;
    client->call(kGet, [&](Answer) { answered = true; });
    run_until([&] { return answered; });
  };
  for (int i = 0; i < 2; ++i) ask("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_GT(told[0], base::hours(24 * 365 * 30));
  ask("Fri, 01 Jan 2100 00:00:00 GMT");
  EXPECT_EQ(told.size(), 1u) << "it is wrong still";
  // A date from within the request is right.
  const std::time_t now = std::time(nullptr);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&now));
  ask(text);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1], base::Duration{});
}

}  // namespace
}  // namespace slipway::client
