#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "http/pki.h"
#include "http/raw_client.h"
#include "http/response_reader.h"
#include "http/server.h"

namespace slipway::http {
namespace {
using base::Code;
using base::milliseconds;
using testing::HasSubstr;
using Result = base::Result<Response>;

// A server that says exactly these bytes to every connection, one script per connection, then closes.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> scripts) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&at), size);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const auto& script : scripts) {
        const int client = ::accept(fd_, nullptr, nullptr);
        if (client < 0) return;
        char buffer[4096];
        (void)!::recv(client, buffer, sizeof buffer, 0);
        ::send(client, script.data(), script.size(), MSG_NOSIGNAL);
        ::close(client);
        ++served;
      }
    });
  }
  ~ScriptedServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::uint16_t port = 0;
  std::atomic<int> served = 0;

 private:
  int fd_;
  std::thread thread_;
};

class ClientTest : public testing::Test {
 protected:
  // Runs the loop until `finish` is called.
  void run() {
    loop.run();
    loop.poll();
  }
  void finish() { loop.stop(); }

  Result get(Client& client, Outgoing request) {
    std::optional<Result> result;
    auto call = client.send(std::move(request), [&](Result r) {
      result = std::move(r);
      finish();
    });
    EXPECT_FALSE(result);
    loop.run();
    loop.poll();
    return std::move(*result);
  }
  Endpoint here(std::uint16_t port) { return {.host = "127.0.0.1", .port = port}; }

  runtime::real::Loop loop;
};

std::unique_ptr<Server> serve(Handler handler, Limits limits = {}) {
  return std::move(*Server::start({.listeners = {{}}, .io_threads = 1, .limits = limits}, std::move(handler)));
}
void echo(Request request, ResponseWriter writer) {
  writer.respond(200, {{"X-Auth", std::string(request.headers.get("Authorization"))}},
                 bytes_of(request.method + " " + request.target + "|" + request.body));
}

TEST_F(ClientTest, SendsAndUsesItsConnectionAgain) {
  const auto server = serve(echo);
  Client client(loop, here(server->ports()[0]), {.headers = {{"Authorization", "Bearer x"}}});
  for (int i = 0; i < 3; ++i) {
    const auto r = get(client, {.method = "PUT", .target = "/a", .body = bytes_of("body")});
    ASSERT_TRUE(r) << r.error().message;
    EXPECT_EQ(r->status, 200);
    EXPECT_EQ(r->body, "PUT /a|body");
    EXPECT_EQ(r->headers.get("x-auth"), "Bearer x");
  }
  EXPECT_EQ(client.connections_made(), 1u);
}

TEST_F(ClientTest, LargeBodiesBothWays) {
  const auto server = serve(echo, {.read = {.body_bytes = 100u << 20}});
  Client client(loop, here(server->ports()[0]));
  const std::string body(20 << 20, 'b');
  const auto r = get(client, {.method = "POST", .body = bytes_of(body)});
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_TRUE(r->body == "POST /|" + body);
}

TEST_F(ClientTest, AHeadHasNoBodyAndTheConnectionGoesOn) {
  const auto server = serve(echo);
  Client client(loop, here(server->ports()[0]));
  EXPECT_EQ(get(client, {.method = "HEAD"})->body, "");
  EXPECT_EQ(get(client, {})->body, "GET /|");
  EXPECT_EQ(client.connections_made(), 1u);
}

TEST_F(ClientTest, RunsCallsSideBySideUpToItsLimit) {
  std::mutex mutex;
  std::vector<ResponseWriter> held;
  std::atomic<int> most = 0;
  const auto server = serve([&](Request, ResponseWriter w) {
    std::lock_guard lock(mutex);
    held.push_back(std::move(w));
    most = std::max<int>(most, static_cast<int>(held.size()));
    if (held.size() < 4) return;
    for (auto& writer : held) writer.respond(200, {}, {});
    held.clear();
  });
  Client client(loop, here(server->ports()[0]), {.connections = 4});
  std::vector<std::unique_ptr<Call>> calls;
  int answers = 0;
  for (int i = 0; i < 40; ++i)
    calls.push_back(client.send({}, [&](Result r) {
      EXPECT_TRUE(r);
      if (++answers == 40) finish();
    }));
  run();
  EXPECT_EQ(most, 4);
  EXPECT_EQ(client.connections_made(), 4u);
}

TEST_F(ClientTest, ADestroyedCallIsNeverAnswered) {
  std::vector<ResponseWriter> held;
  std::promise<void> arrived, gone;
  const auto server = serve([&](Request r, ResponseWriter w) {
    if (r.target == "/first") {
      w.on_gone([&] { gone.set_value(); });
      arrived.set_value();
    }
    held.push_back(std::move(w));
  });
  {
    Client client(loop, here(server->ports()[0]));
    auto call = client.send({.target = "/first"}, [&](Result) { ADD_FAILURE(); });
    std::thread waiter([&] {
      arrived.get_future().wait();
      loop.post([&] {
        call.reset();
        finish();
      });
    });
    run();
    waiter.join();
    gone.get_future().wait();  // the server hears of it
    auto never_begun = client.send({}, [&](Result) { ADD_FAILURE(); });
    never_begun.reset();
    auto dies_with_client = client.send({}, [&](Result) { ADD_FAILURE(); });
    loop.poll();
  }
  loop.poll();
}

TEST_F(ClientTest, ACallMayBeDestroyedByItsOwnAnswerAndSoMayTheClient) {
  const auto server = serve(echo);
  auto client = std::make_unique<Client>(loop, here(server->ports()[0]));
  std::unique_ptr<Call> call;
  call = client->send({}, [&](Result r) {
    EXPECT_TRUE(r);
    call.reset();
    client.reset();
    finish();
  });
  run();
}

TEST_F(ClientTest, SaysWhyThereIsNoConnection) {
  std::uint16_t port;
  {
    port = serve(echo)->ports()[0];
  }
  Client client(loop, here(port));
  const auto r = get(client, {});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::Unavailable);
  EXPECT_EQ(r.error().message, "http://127.0.0.1:" + std::to_string(port) + ": Connection refused");
  Client nowhere(loop, {.host = "no-such-host.invalid", .port = 1});
  EXPECT_EQ(get(nowhere, {}).error().code, Code::Unavailable);
}

TEST_F(ClientTest, GivesUpInTime) {
  std::vector<ResponseWriter> held;
  const auto server = serve([&](Request, ResponseWriter w) { held.push_back(std::move(w)); });
  Client client(loop, here(server->ports()[0]), {.connections = 1});
  std::optional<Result> queued;  // has no connection yet when its time is over
  auto second = client.send({.timeout = milliseconds(10)}, [&](Result r) { queued = std::move(r); });
  const auto r = get(client, {.timeout = milliseconds(30)});
  EXPECT_EQ(r.error().code, Code::Timeout);
  ASSERT_TRUE(queued);
  EXPECT_EQ(queued->error().code, Code::Timeout);
}

TEST_F(ClientTest, RepeatsAGetOnAConnectionThatTheServerHadClosed) {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";  // keep-alive, says the server, and closes
  ScriptedServer server({answer, answer, answer});
  Client client(loop, here(server.port));
  EXPECT_EQ(get(client, {})->body, "ok");
  EXPECT_EQ(get(client, {})->body, "ok");
  EXPECT_EQ(client.connections_made(), 2u);
}

TEST_F(ClientTest, NeverRepeatsAWriteAndNeverTwice) {
  ScriptedServer server({"", ""});
  Client client(loop, here(server.port));
  EXPECT_EQ(get(client, {.method = "POST"}).error().code, Code::Unavailable);
  EXPECT_EQ(get(client, {}).error().code, Code::Unavailable);  // fresh connection: the server got it and said nothing
  EXPECT_EQ(client.connections_made(), 2u);
}

TEST_F(ClientTest, BrokenAnswersAreErrors) {
  for (const char* broken : {"garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    ScriptedServer server({broken});
    Client client(loop, here(server.port));
    const auto r = get(client, {});
    ASSERT_FALSE(r) << broken;
    EXPECT_EQ(r.error().code, Code::Unavailable);
  }
}

TEST_F(ClientTest, ReadsOddButLegalAnswers) {
  ScriptedServer server({"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx",
                         "HTTP/1.0 200 OK\r\n\r\nuntil the end", "HTTP/1.1 204 No Content\r\n\r\n"});
  Client client(loop, here(server.port));
  EXPECT_EQ(get(client, {})->status, 201);
  EXPECT_EQ(get(client, {})->body, "until the end");
  EXPECT_EQ(get(client, {})->status, 204);
}

TEST_F(ClientTest, ATooLargeAnswerIsRefused) {
  const auto server = serve([](Request, ResponseWriter w) { w.respond(200, {}, bytes_of(std::string(2000, 'x'))); });
  Client client(loop, here(server->ports()[0]), {.body_bytes = 1000});
  EXPECT_EQ(get(client, {}).error().code, Code::TooLarge);
}

TEST_F(ClientTest, TalksToAUnixSocketAndToAConnectedDescriptor) {
  const std::string path = testing::TempDir() + "/slipway-client-" + std::to_string(::getpid()) + ".sock";
  const auto server = std::move(*Server::start({.listeners = {{.address = path}, {}}}, echo));
  Client client(loop, {.socket_path = path});
  EXPECT_EQ(get(client, {.target = "/u"})->body, "GET /u|");
  const RawClient connected(server->ports()[1]);
  Client adopted(loop, {.fd = ::dup(connected.fd())});
  EXPECT_EQ(get(adopted, {.target = "/fd"})->body, "GET /fd|");
}

// --- streams ----------------------------------------------------------------------------------------------

struct Sink final : StreamSink {
  std::function<void()> on_data = [] {}, on_end = [] {};
  int status = 0;
  std::string bytes;
  std::optional<base::Result<void>> end;
  void head(const Response& r) override { status = r.status; }
  void data(std::string_view b) override {
    bytes += b;
    on_data();
  }
  void ended(base::Result<void> how) override {
    end = std::move(how);
    on_end();
  }
};

TEST_F(ClientTest, StreamsPieceByPiece) {
  std::optional<ResponseWriter> writer;
  std::promise<void> arrived;
  const auto server = serve([&](Request r, ResponseWriter w) {
    if (r.target == "/plain") return w.respond(200, {}, {});
    w.begin(200, {});
    w.write(bytes_of("one\n"));
    writer.emplace(std::move(w));
    arrived.set_value();
  });
  Client client(loop, here(server->ports()[0]));
  Sink sink;
  int pieces = 0;
  sink.on_data = [&] {
    if (++pieces == 1) {
      arrived.get_future().wait();
      writer->write(bytes_of("two\n"));
    } else {
      writer->end();
    }
  };
  sink.on_end = [&] { finish(); };
  const auto call = client.stream({}, sink);
  run();
  EXPECT_EQ(sink.status, 200);
  EXPECT_EQ(sink.bytes, "one\ntwo\n");
  EXPECT_TRUE(*sink.end);
  EXPECT_TRUE(get(client, {.target = "/plain"}));
  EXPECT_EQ(client.connections_made(), 1u);
}

TEST_F(ClientTest, ACutStreamEndsWithAnError) {
  const auto server = serve([&](Request, ResponseWriter w) {
    w.begin(200, {});
    w.write(bytes_of("half"));
  });
  Client client(loop, here(server->ports()[0]));
  Sink sink;
  sink.on_end = [&] { finish(); };
  const auto call = client.stream({}, sink);
  run();
  ASSERT_TRUE(sink.end);
  EXPECT_EQ(sink.end->error().code, Code::Unavailable);
}

TEST_F(ClientTest, ASilentStreamEndsWhenAsked) {
  std::vector<ResponseWriter> held;
  const auto server = serve([&](Request, ResponseWriter w) {
    w.begin(200, {});
    held.push_back(std::move(w));
  });
  Client client(loop, here(server->ports()[0]));
  Sink sink;
  sink.on_end = [&] { finish(); };
  const auto call = client.stream({.silence = milliseconds(20)}, sink);
  run();
  EXPECT_EQ(sink.status, 200);
  EXPECT_EQ(sink.end->error().code, Code::Timeout);
}

TEST_F(ClientTest, AStreamMayBeGivenUpInTheMiddleOfItsData) {
  std::promise<void> gone;
  std::optional<ResponseWriter> writer;
  const auto server = serve([&](Request, ResponseWriter w) {
    w.on_gone([&] { gone.set_value(); });
    w.begin(200, {});
    w.write(bytes_of(std::string(1 << 20, 'x')));
    writer.emplace(std::move(w));
  });
  Client client(loop, here(server->ports()[0]));
  Sink sink;
  std::unique_ptr<Call> call;
  sink.on_data = [&] {
    call.reset();
    finish();
  };
  sink.on_end = [] { ADD_FAILURE(); };
  call = client.stream({}, sink);
  run();
  EXPECT_LE(sink.bytes.size(), 16u << 10);
  gone.get_future().wait();
  EXPECT_EQ(client.connections_open(), 0u);
}

TEST_F(ClientTest, ASlowReaderSlowsTheServerDown) {
  std::promise<bool> cut;
  const auto server = serve(
      [&](Request, ResponseWriter w) {
        w.begin(200, {});
        const Bytes piece = bytes_of(std::string(1 << 20, 'x'));
        int n = 0;
        while (n < 500 && w.write(piece)) ++n;
        cut.set_value(n < 500);
      },
      {.stream_backlog = 4u << 20});
  Client client(loop, here(server->ports()[0]));
  Sink sink;
  bool first = true;
  sink.on_data = [&] {
    if (std::exchange(first, false)) EXPECT_TRUE(cut.get_future().get());  // it could not push 500 MB into us
  };
  sink.on_end = [&] { finish(); };
  const auto call = client.stream({}, sink);
  run();
  EXPECT_FALSE(*sink.end);
}

// --- TLS --------------------------------------------------------------------------------------------------

class TlsClient : public ClientTest {
 protected:
  const base::Time now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
  const pki::Credential ca = pki::make_ca("ca", now, base::hours(1));
  const pki::Credential user = *pki::issue_client(ca, {"jane", {"dev"}}, now, base::hours(1));

  std::unique_ptr<Server> tls_server(const std::vector<std::string>& names, base::Duration valid = base::hours(1)) {
    const auto own = *pki::issue_server(ca, names, now, valid);
    auto tls = *TlsContext::make(TlsContext::Server{own.certificate, own.key, ca.certificate});
    return std::move(*Server::start({.listeners = {{.tls = tls}}}, [](Request r, ResponseWriter w) {
      w.respond(200, {}, bytes_of(r.peer.certificate ? r.peer.certificate->common_name : "nobody"));
    }));
  }
  static std::shared_ptr<const TlsContext> context(const TlsContext::Client& client) {
    return *TlsContext::make(client);
  }
};

TEST_F(TlsClient, ShowsItsCertificateAndVerifiesTheServers) {
  const auto server = tls_server({"localhost", "127.0.0.1"});
  const auto port = server->ports()[0];
  Client jane(loop, here(port),
              {.tls = context({.ca = ca.certificate, .certificate = user.certificate, .key = user.key})});
  EXPECT_EQ(get(jane, {})->body, "jane");
  Client by_name(loop, {.host = "localhost", .port = port}, {.tls = context({.ca = ca.certificate})});
  EXPECT_EQ(get(by_name, {})->body, "nobody");
}

TEST_F(TlsClient, RefusesTheWrongServer) {
  const auto server = tls_server({"elsewhere.example"});
  const auto port = server->ports()[0];
  Client wrong_name(loop, here(port), {.tls = context({.ca = ca.certificate})});
  const auto mismatch = get(wrong_name, {});
  ASSERT_FALSE(mismatch);
  EXPECT_THAT(mismatch.error().message, HasSubstr("mismatch"));
  Client told(loop, here(port), {.tls = context({.ca = ca.certificate}), .server_name = "elsewhere.example"});
  EXPECT_TRUE(get(told, {}));
  const auto other_ca = pki::make_ca("ca", now, base::hours(1));
  Client stranger(loop, here(port), {.tls = context({.ca = other_ca.certificate}), .server_name = "elsewhere.example"});
  const auto untrusted = get(stranger, {});
  ASSERT_FALSE(untrusted);
  EXPECT_THAT(untrusted.error().message, HasSubstr("certificate verify failed"));
  Client careless(loop, here(port), {.tls = context({.insecure = true})});
  EXPECT_TRUE(get(careless, {}));
  Client plain(loop, here(port));
  EXPECT_FALSE(get(plain, {}));
}

TEST_F(TlsClient, RefusesAnExpiredCertificate) {
  const auto server = tls_server({"127.0.0.1"}, -base::minutes(1));
  Client client(loop, here(server->ports()[0]), {.tls = context({.ca = ca.certificate})});
  const auto r = get(client, {});
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().message, HasSubstr("expired"));
}

TEST_F(TlsClient, LargeBodiesSurviveTls) {
  const auto own = *pki::issue_server(ca, {"127.0.0.1"}, now, base::hours(1));
  const auto tls = *TlsContext::make(TlsContext::Server{own.certificate, own.key, ""});
  Limits limits;
  limits.read.body_bytes = 100u << 20;
  const auto server = std::move(*Server::start({.listeners = {{.tls = tls}}, .limits = limits}, echo));
  Client client(loop, here(server->ports()[0]), {.tls = context({.ca = ca.certificate})});
  std::string body;
  for (int i = 0; i < 2'000'000; ++i) body += std::to_string(i);
  const auto r = get(client, {.method = "POST", .body = bytes_of(body)});
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_TRUE(r->body == "POST /|" + body);
}

// --- parts ------------------------------------------------------------------------------------------------

TEST(Url, IsTakenApart) {
  EXPECT_EQ(parse_url("https://h")->endpoint, (Endpoint{.host = "h", .port = 443}));
  const auto u = *parse_url("http://[::1]:8080/a/b?c=d#e");
  EXPECT_FALSE(u.tls);
  EXPECT_EQ(u.endpoint.authority(), "[::1]:8080");
  EXPECT_EQ(u.target, "/a/b?c=d");
  EXPECT_EQ(parse_url("http://h?x")->target, "/?x");
  for (const char* bad : {"", "h:80", "ftp://h", "http://", "http://h:0", "http://h:65536", "http://h:x", "http://u@h/",
                          "http://h/a b", "http://[::1", "http://h\r\nX: y/"})
    EXPECT_FALSE(parse_url(bad)) << bad;
}

RC_GTEST_PROP(ResponseReader, CutsAnywhereMakeNoDifference, ()) {
  const std::string all =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n "
      "world\r\n0\r\n\r\n";
  ResponseReader reader(1000, false);
  std::string input, body;
  bool complete = false;
  for (std::size_t at = 0; at < all.size();) {
    RC_ASSERT(!complete);
    const auto n = std::min(*rc::gen::inRange<std::size_t>(1, 30), all.size() - at);
    input += all.substr(at, n);
    at += n;
    const auto fed = reader.feed(input, [&](std::string_view b) { body += b; });
    RC_ASSERT(fed.has_value());
    complete = *fed;
  }
  RC_ASSERT(complete);
  RC_ASSERT(body == "hello world");
  RC_ASSERT(reader.head().status == 200);
  RC_ASSERT(reader.keep_alive());
}

}  // namespace
}  // namespace slipway::http
