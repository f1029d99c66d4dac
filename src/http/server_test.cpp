#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <semaphore>
#include <thread>

#include "http/compress.h"
#include "http/pki.h"
#include "http/raw_client.h"
#include "runtime/real/loop.h"

namespace slipway::http {
namespace {
using base::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

std::unique_ptr<Server> serve(Handler handler, Limits limits = {}, int threads = 2) {
  auto server = Server::start({.listeners = {{}}, .io_threads = threads, .limits = limits}, std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

void echo(Request request, ResponseWriter writer) {
  writer.respond(200, {{"X-Method", request.method}}, bytes_of(request.target + "|" + request.body));
}

// Hands the writers over to the test.
struct Desk {
  std::mutex mutex;
  std::counting_semaphore<> arrived{0};
  std::vector<std::pair<Request, ResponseWriter>> waiting;
  Handler handler() {
    return [this](Request request, ResponseWriter writer) {
      {
        std::lock_guard lock(mutex);
        waiting.emplace_back(std::move(request), std::move(writer));
      }
      arrived.release();
    };
  }
  std::pair<Request, ResponseWriter> take() {
    arrived.acquire();
    std::lock_guard lock(mutex);
    auto first = std::move(waiting.front());
    waiting.erase(waiting.begin());
    return first;
  }
};

TEST(Server, AnswersAndKeepsTheConnection) {
  const auto server = serve(echo);
  RawClient client(server->ports()[0]);
  for (int i = 0; i < 3; ++i) {
    client.send("POST /a?b=" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    const std::string answer = client.read_until("|hi");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nX-Method: POST\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr(" GMT\r\nContent-Length: 9\r\n\r\n"));
    EXPECT_THAT(answer, EndsWith("/a?b=" + std::to_string(i) + "|hi"));
  }
  EXPECT_EQ(server->stats().accepted, 1u);
  EXPECT_EQ(server->stats().requests, 3u);
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = serve(echo);
  RawClient client(server->ports()[0]);
  std::string all;
  constexpr int kMany = 5000;  // far more than is read ahead
  for (int i = 0; i < kMany; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  std::thread sender([&] { client.send(all); });
  const std::string answers = client.read_until("|", kMany);
  sender.join();
  std::size_t at = 0;
  for (int i = 0; i < kMany; ++i) {
    at = answers.find("/" + std::to_string(i) + "|", at);
    ASSERT_NE(at, answers.npos) << i;
  }
}

TEST(Server, AnswersFromAnotherThreadAndLater) {
  Desk desk;
  const auto server = serve(desk.handler());
  RawClient client(server->ports()[0]);
  client.send(kGet + kGet);
  for (const char* text : {"first", "second"}) {
    auto [request, writer] = desk.take();
    writer.respond(201, {}, bytes_of(text));
    EXPECT_THAT(client.read_until(text), StartsWith("HTTP/1.1 201 Created"));
  }
}

TEST(Server, StreamsInChunks) {
  Desk desk;
  const auto server = serve(desk.handler());
  RawClient client(server->ports()[0]);
  client.send(kGet);
  auto [request, writer] = desk.take();
  writer.begin(200, {{"Content-Type", "application/json"}});
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_TRUE(writer.write(bytes_of("event 1\n")));
  EXPECT_EQ(client.read_until("\r\n", 2), "8\r\nevent 1\n\r\n");
  EXPECT_TRUE(writer.write(bytes_of(std::string(100'000, 'x'))));
  EXPECT_THAT(client.read_until("\r\n", 2), StartsWith("186a0\r\nxxx"));
  writer.end();
  EXPECT_EQ(client.read_until("\r\n", 2), "0\r\n\r\n");
  client.send(kGet);
  desk.take().second.respond(200, {}, bytes_of("again"));
  EXPECT_THAT(client.read_until("again"), EndsWith("again"));
}

TEST(Server, AnHttp10ClientGetsAStreamThatEndsWithTheConnection) {
  Desk desk;
  const auto server = serve(desk.handler());
  RawClient client(server->ports()[0]);
  client.send("GET / HTTP/1.0\r\n\r\n");
  auto [request, writer] = desk.take();
  writer.begin(200, {});
  writer.write(bytes_of("abc"));
  writer.end();
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, EndsWith("\r\n\r\nabc"));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
}

TEST(Server, AHeadRequestGetsNoBody) {
  const auto server = serve(echo);
  RawClient client(server->ports()[0]);
  client.send("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 3"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(Server, AForgottenWriterAnswers500AndAForgottenStreamIsCut) {
  Desk desk;
  const auto server = serve(desk.handler());
  RawClient client(server->ports()[0]);
  client.send(kGet);
  (void)desk.take();
  EXPECT_THAT(client.read_until("no answer\n"), StartsWith("HTTP/1.1 500"));
  client.send(kGet);
  {
    auto [request, writer] = desk.take();
    writer.begin(200, {});
    writer.write(bytes_of("half"));
    client.read_until("half");
  }
  EXPECT_THAT(client.read_all(), Not(HasSubstr("0\r\n\r\n")));
}

TEST(Server, TellsWhenTheClientGoesAway) {
  Desk desk;
  const auto server = serve(desk.handler());
  for (const bool abrupt : {false, true})
    for (const bool streaming : {false, true}) {
      RawClient client(server->ports()[0]);
      client.send(kGet);
      auto [request, writer] = desk.take();
      if (streaming) {
        writer.begin(200, {});
        client.read_until("\r\n\r\n");
      }
      std::promise<void> gone;
      writer.on_gone([&] { gone.set_value(); });
      abrupt ? client.reset() : client.close();
      gone.get_future().wait();
      if (streaming) EXPECT_FALSE(writer.write(bytes_of("x")));
      std::promise<void> late;  // asked for when it has already happened
      writer.on_gone([&] { late.set_value(); });
      late.get_future().wait();
    }
}

TEST(Server, AClientThatEndsItsSideStillGetsItsAnswer) {
  Desk desk;
  const auto server = serve(desk.handler());
  RawClient client(server->ports()[0]);
  client.send(kGet);
  client.end_writing();
  auto [request, writer] = desk.take();
  writer.respond(200, {}, bytes_of("all the same"));
  EXPECT_THAT(client.read_all(), EndsWith("all the same"));
}

TEST(Server, AStreamNobodyReadsIsCutAtItsLimitAndOthersGoOn) {
  Desk desk;
  const auto server = serve(desk.handler(), {.stream_backlog = 1u << 20}, 1);
  RawClient slow(server->ports()[0], 4096);
  slow.send(kGet);
  auto [request, writer] = desk.take();
  std::promise<void> gone;
  writer.on_gone([&] { gone.set_value(); });
  writer.begin(200, {});
  const Bytes piece = bytes_of(std::string(64 << 10, 'x'));
  int written = 0;
  while (writer.write(piece)) ASSERT_LT(++written, 10'000);
  gone.get_future().wait();
  EXPECT_GE(written, 15);
  EXPECT_EQ(server->stats().overflows, 1u);
  RawClient other(server->ports()[0]);
  other.send(kGet);
  desk.take().second.respond(200, {}, bytes_of("fine"));
  EXPECT_THAT(other.read_until("fine"), EndsWith("fine"));
}

TEST(Server, AWriterCanFollowThePaceOfASlowClient) {
  Desk desk;
  const auto server = serve(desk.handler(), {.stream_backlog = 256u << 10});
  RawClient client(server->ports()[0], 4096);
  client.send(kGet);
  auto [request, writer] = desk.take();
  writer.begin(200, {});
  constexpr int kPieces = 20;  // 2 MB through a backlog of 256 KB
  std::promise<void> done;
  int left = kPieces;
  writer.on_drained([&] {
    if (--left == 0) {
      writer.end();
      done.set_value();
    } else {
      EXPECT_TRUE(writer.write(bytes_of(std::string(100'000, 'x'))));
    }
  });
  writer.write(bytes_of(std::string(100'000, 'x')));
  const std::string all = client.read_until("\r\n0\r\n\r\n");
  done.get_future().wait();
  EXPECT_GT(all.size(), kPieces * 100'000u);
}

TEST(Server, LimitsHeadersBodiesAndJunk) {
  const auto server = serve(echo, {.read = {.header_bytes = 1000, .body_bytes = 1000}});
  const auto answer_to = [&](const std::string& bytes) {
    RawClient client(server->ports()[0]);
    client.send(bytes);
    return client.read_all();
  };
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(answer_to("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + std::string(5'000'000, 'x')),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer_to("\x16\x03\x01 hello TLS?\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST(Server, ClosesSlowAndIdleConnections) {
  const auto server =
      serve(echo, {.head_time = milliseconds(20), .body_time = milliseconds(20), .idle_time = milliseconds(300)});
  const auto port = server->ports()[0];
  RawClient idle(port);
  idle.send(kGet);
  RawClient silent(port), half_head(port), half_body(port);
  half_head.send("GET / HT");
  half_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(half_head.read_all(), "");
  EXPECT_EQ(half_body.read_all(), "");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_THAT(idle.read_all(), EndsWith("/x|"));
}

TEST(Server, AnHttp10ClientMayKeepItsConnection) {
  const auto server = serve(echo);
  RawClient client(server->ports()[0]);
  for (int i = 0; i < 2; ++i) {
    client.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.read_until("/x|"), HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST(Server, ClosesConnectionsThatTakeNothing) {
  Desk desk;
  const auto server = serve(desk.handler(), {.stall_time = milliseconds(30)});
  RawClient client(server->ports()[0], 4096);
  client.send(kGet);
  auto [request, writer] = desk.take();
  writer.respond(200, {}, bytes_of(std::string(50 << 20, 'x')));
  while (server->stats().connections > 0) std::this_thread::yield();
  EXPECT_LT(client.read_all().size(), 50u << 20);
}

TEST(Server, AnswersExpectContinue) {
  const auto server = serve(echo);
  RawClient client(server->ports()[0]);
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_until("|ok"), StartsWith("HTTP/1.1 200"));
}

TEST(Server, RefusesConnectionsOverItsLimit) {
  const auto server = serve(echo, {.connections = 2});
  RawClient a(server->ports()[0]), b(server->ports()[0]);
  a.send(kGet), b.send(kGet);
  a.read_until("/x|"), b.read_until("/x|");
  RawClient c(server->ports()[0]);
  c.send(kGet);
  EXPECT_EQ(c.read_all(), "");
  EXPECT_EQ(server->stats().refused, 1u);
  a.close();
  while (server->stats().connections > 1) std::this_thread::yield();
  RawClient d(server->ports()[0]);
  d.send(kGet);
  EXPECT_THAT(d.read_until("/x|"), EndsWith("/x|"));
}

TEST(Server, CompressesLargeBodiesForThoseWhoAccept) {
  const std::string body(1 << 20, 'a');
  const auto server =
      serve([&](Request, ResponseWriter w) { w.respond(200, {}, bytes_of(body)); }, {.compress_loopback = true});
  RawClient client(server->ports()[0]);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, HasSubstr("Content-Encoding: gzip"));
  const auto plain = gunzip(std::string_view(answer).substr(answer.find("\r\n\r\n") + 4), 2 << 20);
  ASSERT_TRUE(plain);
  EXPECT_TRUE(*plain == body);
  EXPECT_FALSE(gunzip(answer, 2 << 20));
  EXPECT_EQ(gunzip(gzip(body), 1000).error().code, base::Code::TooLarge);
}

TEST(Server, AFieldValueCannotBreakOut) {
  const auto server = serve([](Request, ResponseWriter w) { w.respond(200, {{"X", "a\r\nEvil: 1"}}, {}); });
  RawClient client(server->ports()[0]);
  client.send(kGet);
  EXPECT_THAT(client.read_until("\r\n\r\n"), Not(HasSubstr("\nEvil")));
}

TEST(Server, ListensOnAUnixSocketAndRemovesAStaleOne) {
  const std::string path = testing::TempDir() + "/slipway-http-" + std::to_string(::getpid()) + ".sock";
  const auto start = [&] { return Server::start({.listeners = {{.address = path}}}, echo); };
  {
    auto server = start();
    ASSERT_TRUE(server) << server.error().message;
    struct stat status{};
    ::stat(path.c_str(), &status);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    RawClient client(path);
    client.send(kGet);
    EXPECT_THAT(client.read_until("/x|"), EndsWith("/x|"));
    EXPECT_FALSE(start());  // in use
  }
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{.sun_family = AF_UNIX};
  std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ::close(dead);
  EXPECT_TRUE(start());
}

TEST(Server, SaysWhichAddressCannotBeUsed) {
  const auto first = serve(echo);
  const auto second = Server::start({.listeners = {{.port = first->ports()[0]}}}, echo);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message,
              HasSubstr("127.0.0.1:" + std::to_string(first->ports()[0]) + ": Address already in use"));
  EXPECT_FALSE(Server::start({.listeners = {{.address = "localhost.example"}}}, echo));
}

TEST(Server, StopsGently) {
  Desk desk;
  auto server = serve(desk.handler());
  RawClient idle(server->ports()[0]), busy(server->ports()[0]), watching(server->ports()[0]);
  busy.send(kGet);
  auto [r1, answer] = desk.take();
  watching.send(kGet);
  auto [r2, stream] = desk.take();
  stream.begin(200, {});
  watching.read_until("\r\n\r\n");
  server->begin_stop();
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(watching.read_all(), "");
  answer.respond(200, {}, bytes_of("last words"));
  EXPECT_THAT(busy.read_all(), EndsWith("last words"));
  EXPECT_FALSE(RawClient(server->ports()[0]).connected());
  server.reset();
  stream.write(bytes_of("to nobody"));  // a writer may outlive the server
}

TEST(Server, DiesWithOpenConnections) {
  Desk desk;
  auto server = serve(desk.handler());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->ports()[0]));
    clients.back()->send(kGet);
  }
  for (int i = 0; i < 10; ++i) desk.take().second.begin(200, {});
  server.reset();
  for (auto& client : clients) client->read_all();
}

// --- with TLS, against programs that others have written -----------------------------------------------------

class TlsServer : public testing::Test {
 protected:
  void SetUp() override {
    const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
    const auto year = base::hours(24 * 365);
    ca = pki::make_ca("test-ca", now, year);
    const auto own = *pki::issue_server(ca, {"localhost", "127.0.0.1"}, now, year);
    const auto admin = *pki::issue_client(ca, {"admin", {"system:masters", "ops"}}, now, year);
    const auto stranger_ca = pki::make_ca("test-ca", now, year);
    const auto stranger = *pki::issue_client(stranger_ca, {"admin", {"system:masters"}}, now, year);
    const auto tls = TlsContext::make(TlsContext::Server{own.certificate, own.key, ca.certificate});
    ASSERT_TRUE(tls) << tls.error().message;
    server = std::move(*Server::start({.listeners = {{.tls = *tls}}}, [](Request r, ResponseWriter w) {
      std::string who = "nobody";
      if (r.peer.certificate) {
        who = r.peer.certificate->common_name;
        for (const auto& o : r.peer.certificate->organizations) who += "," + o;
      }
      w.respond(200, {}, bytes_of("hello " + who + " " + std::to_string(r.body.size()) + "\n"));
    }));
    std::filesystem::create_directories(dir);
    write("ca", ca.certificate);
    write("admin", admin.certificate + admin.key);
    write("stranger", stranger.certificate + stranger.key);
  }
  void TearDown() override { std::filesystem::remove_all(dir); }

  void write(const std::string& name, const std::string& text) { std::ofstream(dir + "/" + name) << text; }

  // Output of a shell command, and its exit status in the last line.
  std::string shell(const std::string& command) {
    const std::string full = "cd " + dir + " && (" + command + ") 2>&1; echo exit $?";
    FILE* pipe = ::popen(full.c_str(), "r");
    std::string out;
    for (char buffer[4096]; const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe);) out.append(buffer, n);
    ::pclose(pipe);
    return out;
  }
  std::string url() const { return "https://localhost:" + std::to_string(server->ports()[0]) + "/"; }

  pki::Credential ca;
  std::unique_ptr<Server> server;
  const std::string dir = testing::TempDir() + "/slipway-tls-" + std::to_string(::getpid());
};

TEST_F(TlsServer, CurlIsKnownByItsCertificate) {
  if (std::system("command -v curl >/dev/null")) GTEST_SKIP() << "curl is not installed";
  EXPECT_EQ(shell("curl -sS --cacert ca " + url()), "hello nobody 0\nexit 0\n");
  EXPECT_EQ(shell("curl -sS --cacert ca --cert admin " + url()), "hello admin,system:masters,ops 0\nexit 0\n");
  EXPECT_THAT(shell("curl -sS --cacert ca --cert stranger " + url()), Not(HasSubstr("hello")));
  EXPECT_THAT(shell("curl -sS " + url()), Not(HasSubstr("hello")));
  EXPECT_EQ(shell("head -c 3000000 /dev/zero | curl -sS --cacert ca --data-binary @- " + url()),
            "hello nobody 3000000\nexit 0\n");
  EXPECT_THAT(shell("curl -sS --cacert ca --tls-max 1.2 " + url()), HasSubstr("hello"));
  EXPECT_THAT(shell("curl -sSv --cacert ca --http2 " + url()), HasSubstr("server accepted http/1.1"));
}

TEST_F(TlsServer, SClientSeesModernTlsOnly) {
  if (std::system("command -v openssl >/dev/null")) GTEST_SKIP() << "openssl is not installed";
  const std::string connect =
      "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -ign_eof -CAfile ca -connect localhost:" +
      std::to_string(server->ports()[0]);
  const std::string modern = shell(connect);
  EXPECT_THAT(modern, HasSubstr("TLSv1.3"));
  EXPECT_THAT(modern, HasSubstr("Verify return code: 0 (ok)"));
  EXPECT_THAT(modern, HasSubstr("hello nobody"));
  EXPECT_THAT(shell(connect + " -tls1_1 -cipher ALL:@SECLEVEL=0"), Not(HasSubstr("hello")));
}

TEST_F(TlsServer, PlainTextOnATlsPortIsJustClosed) {
  RawClient client(server->ports()[0]);
  client.send(kGet);
  EXPECT_THAT(client.read_all(), Not(HasSubstr("hello")));
}

TEST_F(TlsServer, BadPemIsNamed) {
  const auto tls = TlsContext::make(TlsContext::Server{"nonsense", "", ""});
  ASSERT_FALSE(tls);
  EXPECT_THAT(tls.error().message, StartsWith("certificate: "));
  EXPECT_FALSE(TlsContext::make(TlsContext::Client{.ca = "nonsense"}));
}

}  // namespace
}  // namespace slipway::http
