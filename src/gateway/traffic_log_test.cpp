#include "gateway/traffic_log.h"

#include <gtest/gtest.h>

#include "gateway/log_receiver.h"

namespace slipway::gateway {
namespace {

using base::milliseconds;
using base::seconds;

base::MonoTime at(double s) { return base::MonoTime(base::from_seconds(1000 + s)); }

TEST(LogLine, IsReadStrictly) {
  auto line =
      parse_log_line("slipway3 1700000000123 42 r1.0 r1.0.s1 web-canary 200 1500 +1 ---- 10.0.0.1:80 GET /cart/7\n");
  ASSERT_TRUE(line);
  EXPECT_EQ(*line, (LogLine{.at = base::Time(milliseconds(1700000000123)),
                            .pid = 42,
                            .rule = "r1.0",
                            .section = "r1.0.s1",
                            .service = "web-canary",
                            .status = 200,
                            .duration = base::microseconds(1500),
                            .retries = 1,
                            .server = "10.0.0.1:80",
                            .method = "GET",
                            .path = "/cart/7"}));
  for (auto bad :
       {"", "slipway3", "slipway3 1700000000123 42 - gw - 404 10 0 PR-- <NOSRV> GET /",
        "slipway9 1 42 r r.s0 s 200 1 0 ---- x GET /", "slipway3 1700000000123 42 r r.s0 s x 1 0 ---- x GET /",
        "slipway3 1700000000123 42 r r.s0 s 200 1 0 ---- x", "Proxy gw stopped (cumulated conns: FE: 10, BE: 0)."}) {
    EXPECT_FALSE(parse_log_line(bad)) << bad;
  }
}

TEST(CountedLines, AreTakenWhole) {
  std::vector<std::string> got;
  auto sink = [&](std::string_view line) { got.emplace_back(line); };
  std::string buffer = "3 abc5 de";
  EXPECT_TRUE(take_counted_lines(buffer, sink));
  EXPECT_EQ(buffer, "5 de");
  buffer += "fgh1";
  EXPECT_TRUE(take_counted_lines(buffer, sink));
  EXPECT_EQ(got, (std::vector<std::string>{"abc", "defgh"}));
  for (std::string bad : {"x abc", "99999 a", "0 a", "123456789012"})
    EXPECT_FALSE(take_counted_lines(bad, sink)) << bad;
}

class Log : public ::testing::Test {
 protected:
  runtime::Metrics metrics;
  TrafficLog log{metrics};
  void SetUp() override {
    log.name_rule("r1.0", "shop", "web", "");
    log.name_rule("r1.1", "shop", "web", "staff");
  }
  void add(const std::string& service, int status, double second, base::Duration d = milliseconds(10), int retries = 0,
           const std::string& rule = "r1.0") {
    log.add({.pid = 1,
             .rule = rule,
             .section = "r1.0.s0",
             .service = service,
             .status = status,
             .duration = d,
             .retries = retries},
            at(second));
  }
  TrafficLog::Answer ask(const std::string& service, std::string_view query, int window, double now) {
    return *log.ask("shop", "web", service, "", query, seconds(window), at(now));
  }
};

TEST_F(Log, NoDataIsNoValue) {
  EXPECT_FALSE(ask("web", "error-rate", 10, 0).value);
  add("web", 200, 0);
  EXPECT_FALSE(ask("web", "error-rate", 10, 30).value);
  EXPECT_FALSE(log.ask("shop", "web", "web", "", "nonsense", seconds(1), at(0)));
}

TEST_F(Log, FailuresAreToldByRequestPodAndVersion) {
  const auto fail = [&](int status, const std::string& server, const std::string& path, double second) {
    log.add({.at = base::Time(seconds(1'700'000'000)),
             .pid = 1,
             .rule = "r1.0",
             .section = "r1.0.s0",
             .service = "web-canary",
             .status = status,
             .server = server,
             .method = "POST",
             .path = path},
            at(second));
  };
  log.name_version("shop", "web-canary", "h2");
  fail(500, "10.0.0.1:80:web-5d8f-q7m2", "/cart/1", 0);
  fail(500, "10.0.0.2:80:web-5d8f-x2x7", "/cart/2", 1);
  fail(503, "<NOSRV>", "/cart/3", 2);
  fail(404, "10.0.0.1:80:web-5d8f-q7m2", "/cart/4", 3);
  const auto kinds = [&] { return log.failures("shop", "web", "web-canary", "", seconds(10), at(4)); };
  ASSERT_EQ(kinds().size(), 2u);
  EXPECT_EQ(kinds()[0].path, "/cart/*");
  EXPECT_EQ(kinds()[0].count, 2u);
  EXPECT_EQ(kinds()[0].first_on, "web-5d8f-q7m2");
  EXPECT_EQ(kinds()[1].first_on, "") << "the proxy answered itself";
  log.name_version("shop", "web-canary", "h3");
  EXPECT_TRUE(kinds().empty()) << "another version";
}

TEST_F(Log, AudiencesAreCountedApartAndTogether) {
  const auto of = [&](const std::string& audience, std::string_view query) {
    return *log.ask("shop", "web", "web-canary", audience, query, seconds(10), at(2))->value;
  };
  for (int i = 0; i < 8; ++i) add("web-canary", 200, 1);
  for (int i = 0; i < 2; ++i) add("web-canary", 500, 1, milliseconds(10), 0, "r1.1");
  EXPECT_DOUBLE_EQ(of("", "requests"), 10);
  EXPECT_DOUBLE_EQ(of("", "error-rate"), 0.2);
  EXPECT_DOUBLE_EQ(of("staff", "requests"), 2);
  EXPECT_DOUBLE_EQ(of("staff", "error-rate"), 1);
  EXPECT_FALSE(log.ask("shop", "web", "web-canary", "nobody", "error-rate", seconds(10), at(2))->value);
  EXPECT_EQ(log.total("shop", "web", "web-canary"), 10u);
}

TEST_F(Log, VersionsAreKeptApart) {
  for (int i = 0; i < 90; ++i) add("web-stable", 200, 1);
  for (int i = 0; i < 8; ++i) add("web-canary", 200, 1);
  for (int i = 0; i < 2; ++i) add("web-canary", 500, 1);
  EXPECT_DOUBLE_EQ(*ask("web-stable", "error-rate", 10, 2).value, 0);
  EXPECT_DOUBLE_EQ(*ask("web-canary", "error-rate", 10, 2).value, 0.2);
  EXPECT_EQ(ask("web-canary", "error-rate", 10, 2).samples, 10u);
  EXPECT_EQ(log.total("shop", "web", "web-stable"), 90u);
}

TEST_F(Log, WindowsSlide) {
  for (int s = 0; s < 700; ++s) add("web", s < 690 ? 500 : 200, s);
  EXPECT_DOUBLE_EQ(*ask("web", "error-rate", 10, 699.5).value, 0);
  EXPECT_DOUBLE_EQ(*ask("web", "error-rate", 20, 699.5).value, 0.5);
  EXPECT_EQ(ask("web", "requests", 3600, 699.5).samples, 600u);
}

TEST_F(Log, QuantilesAreWithinTheBucket) {
  for (int i = 1; i <= 1000; ++i) add("web", 200, 1, milliseconds(i));
  EXPECT_NEAR(*ask("web", "p50", 10, 1).value, 0.5, 0.05);
  EXPECT_NEAR(*ask("web", "p99", 10, 1).value, 0.99, 0.1);
  EXPECT_DOUBLE_EQ(*ask("web", "rate", 10, 1).value, 100);
}

TEST_F(Log, ClientsThatGoAwayBlameNobody) {
  add("web", 0, 1);
  EXPECT_FALSE(ask("web", "error-rate", 10, 1).value);
  EXPECT_NE(metrics.text().find(R"(service="web",hash="",audience="",code="499"} 1)"), std::string::npos);
}

TEST_F(Log, RetriesAreCountedPerVersion) {
  add("web", 200, 1, milliseconds(1), 2);
  EXPECT_NE(
      metrics.text().find(
          R"(slipway_gateway_connection_retries_total{namespace="shop",route="web",service="web",hash="",audience=""} 2)"),
      std::string::npos);
}

}  // namespace
}  // namespace slipway::gateway
