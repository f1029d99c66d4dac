// The embedded Prometheus, for real: it scrapes a server that insists on its client certificate, and is asked through
// the port.
#include "gateway/prometheus.h"

#include <crypt.h>
#include <signal.h>

#include "gateway/name_server.h"
#include "gateway/test_world.h"
#include "http/server.h"
#include "runtime/file.h"
#include "runtime/metrics.h"

namespace slipway::gateway {
namespace {

using data::Value;
using test::json;

TEST(Password, IsHashedWithBcrypt) {
  std::string hash = hash_password("secret", "0123456789abcdef");
  EXPECT_TRUE(hash.starts_with("$2b$05$"));
  EXPECT_STREQ(crypt("secret", hash.c_str()), hash.c_str());
  EXPECT_STRNE(crypt("Secret", hash.c_str()), hash.c_str());
}

TEST(ResolvConf, SearchesTheNamespaceFirst) {
  EXPECT_EQ(resolv_conf("10.244.0.1", "shop"),
            "nameserver 10.244.0.1\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n");
}

class PrometheusTest : public test::World {
 protected:
  void SetUp() override {
    if (!test::has_program("prometheus")) GTEST_SKIP() << "prometheus is not installed (Debian package prometheus)";
    World::SetUp();
    auto now = on_loop([&] { return loop.now(); });
    auto ca = http::pki::make_ca("test", now, base::hours(1));
    auto server_key = http::pki::issue_server(ca, {"127.0.0.1"}, now, base::hours(1)).value();
    scraper = http::pki::issue_client(ca, {.common_name = "scraper"}, now, base::hours(1)).value();
    ca_pem = ca.certificate;
    auto tls =
        http::TlsContext::make(
            http::TlsContext::Server{.certificate = server_key.certificate, .key = server_key.key, .client_ca = ca_pem})
            .value();
    metrics.counter("slipway_test_total", "For this test.", {"v"}).with({"one"}).add(41);
    server = http::Server::start({.listeners = {{.port = 0, .tls = tls}}}, [&](http::Request request,
                                                                               http::ResponseWriter writer) {
               bool known = request.peer.certificate && request.peer.certificate->common_name == "scraper";
               writer.respond(known ? 200 : 403, {{"Content-Type", std::string(runtime::kMetricsContentType)}},
                              http::bytes_of(known ? metrics.text() : ""));
             }).value();
  }
  void TearDown() override {
    if (!host) return;
    on_loop([&] { prometheus.reset(); });
    World::TearDown();
  }
  void start() {
    on_loop([&] {
      prometheus =
          std::make_unique<Prometheus>(loop, *host,
                                       PrometheusOptions{.data_dir = dir(),
                                                         .port = port,
                                                         .scrape = "127.0.0.1:" + std::to_string(server->ports()[0]),
                                                         .ca = ca_pem,
                                                         .scraper = scraper});
      EXPECT_TRUE(prometheus->start().has_value());
    });
  }
  base::Result<Value> ask(const Value& question) {
    std::promise<base::Result<Value>> answer;
    loop.post([&] {
      prometheus->port().perform("q", question, [&](base::Result<Value> a) { answer.set_value(std::move(a)); });
    });
    return answer.get_future().get();
  }
  // Until the sample is there.
  Value await(const std::string& query) {
    for (;;) {
      auto answer = ask(Value::object({{"query", query}}));
      if (answer && !(*answer)["value"].is_null()) return (*answer)["value"];
      if (answer || answer.error().code == base::Code::Unavailable) continue;
      ADD_FAILURE() << answer.error().message;
      return {};
    }
  }

  runtime::Metrics metrics;
  std::unique_ptr<http::Server> server;
  http::pki::Credential scraper;
  std::string ca_pem;
  std::unique_ptr<Prometheus> prometheus;
};

TEST_F(PrometheusTest, ScrapesAnswersAndIsAdopted) {
  start();
  EXPECT_EQ(await("slipway_test_total"), Value(41.0));
  EXPECT_TRUE((*ask(json(R"({"query":"no_such_metric"})")))["value"].is_null());
  EXPECT_EQ(ask(json(R"({"query":"sum("})")).error().code, base::Code::Invalid);
  EXPECT_EQ(ask(json(R"({"query":""})")).error().code, base::Code::Invalid);
  EXPECT_EQ(ask(json(R"({"query":"up","address":"http://169.254.169.254/"})")).error().code, base::Code::Forbidden);
  // Nobody gets an answer without the password, nobody at all in plain text.
  EXPECT_NE(get("/api/v1/query?query=up").status, 200);
  EXPECT_TRUE(runtime::check_private(dir() + "/prometheus/password").has_value());
  auto pid = on_loop([&] { return host->pid_of("prometheus"); });
  on_loop([&] { prometheus.reset(); });
  start();
  EXPECT_EQ(await("slipway_test_total"), Value(41.0));
  EXPECT_EQ(on_loop([&] { return host->pid_of("prometheus"); }), pid);
  kill(static_cast<pid_t>(pid), SIGKILL);
  while (on_loop([&] { return host->pid_of("prometheus"); }) == pid) std::this_thread::yield();
  EXPECT_EQ(await("slipway_test_total"), Value(41.0));
}

TEST_F(PrometheusTest, SaysWhichPackageIsMissing) {
  on_loop([&] {
    prometheus = std::make_unique<Prometheus>(loop, *host,
                                              PrometheusOptions{.data_dir = dir(),
                                                                .port = port,
                                                                .scrape = "127.0.0.1:1",
                                                                .ca = ca_pem,
                                                                .scraper = scraper,
                                                                .binary = "no-such-prometheus"});
    EXPECT_TRUE(prometheus->start().has_value());
  });
  auto problem = [&] { return on_loop([&] { return prometheus->problem(); }); };
  while (problem().empty()) std::this_thread::yield();
  EXPECT_NE(problem().find("install the Debian package prometheus"), std::string::npos);
}

class NameServerTest : public test::World {
 protected:
  void SetUp() override {
    if (!test::has_program("dnsmasq")) GTEST_SKIP() << "dnsmasq is not installed (Debian package dnsmasq-base)";
    World::SetUp();
  }
  void TearDown() override {
    if (!host) return;
    on_loop([&] { names.reset(); });
    World::TearDown();
  }
  // The first IPv4 address of a name, asked over DNS (RFC 1035); "" for none.
  std::string resolve(const std::string& name) const {
    std::string query("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
    for (std::size_t at = 0; at < name.size();) {
      auto dot = std::min(name.find('.', at), name.size());
      query += static_cast<char>(dot - at) + name.substr(at, dot - at);
      at = dot + 1;
    }
    query += std::string("\0\0\x01\0\x01", 5);
    std::string answer = datagram("127.0.0.1", port, query);
    if (answer.size() < query.size() + 16 || answer[7] == 0) return "";
    std::string ip;
    for (std::size_t i = answer.size() - 4; i < answer.size(); ++i)
      ip += (ip.empty() ? "" : ".") + std::to_string(static_cast<unsigned char>(answer[i]));
    return ip;
  }
  std::unique_ptr<NameServer> names;
};

TEST_F(NameServerTest, AnswersForServicesAndForgetsThem) {
  on_loop([&] {
    names = std::make_unique<NameServer>(loop, *host,
                                         NameServerOptions{.config_dir = dir() + "/gateway",
                                                           .address = "127.0.0.1",
                                                           .port = port,
                                                           .network = control::NetworkSpace::Host});
    names->publish({{"web.shop.svc.cluster.local", {"10.96.0.7"}}});
  });
  while (resolve("web.shop.svc.cluster.local") != "10.96.0.7") std::this_thread::yield();
  EXPECT_EQ(resolve("db.shop.svc.cluster.local"), "");
  on_loop([&] { names->publish({{"db.shop.svc.cluster.local", {"10.96.0.8"}}}); });
  while (resolve("db.shop.svc.cluster.local") != "10.96.0.8") std::this_thread::yield();
  EXPECT_EQ(resolve("web.shop.svc.cluster.local"), "");
}

}  // namespace
}  // namespace slipway::gateway
