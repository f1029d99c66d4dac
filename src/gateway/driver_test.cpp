// The driver against the real HAProxy, under real load on loopback addresses.
#include "gateway/driver.h"

#include <signal.h>

#include <fstream>
#include <numeric>
#include <sstream>

#include "base/user_bucket.h"
#include "gateway/log_receiver.h"
#include "gateway/model.h"
#include "gateway/test_world.h"
#include "gateway/traffic_log.h"

namespace slipway::gateway {
namespace {

using test::App;
using test::Load;
using test::Pod;
using test::service;
using test::slice;
using test::weighted;

class DriverTest : public test::World {
 protected:
  void SetUp() override {
    if (!test::has_program("haproxy")) GTEST_SKIP() << "haproxy is not installed (Debian package haproxy)";
    World::SetUp();
    start_driver();
  }
  void TearDown() override {
    if (!host) return;
    on_loop([&] { driver.reset(); });
    World::TearDown();
  }
  void start_driver() {
    on_loop([&] {
      driver = std::make_unique<Driver>(
          loop, *host, DriverOptions{.config_dir = dir() + "/gateway", .run_dir = dir() + "/run", .listen_port = port});
    });
  }

  // Sets what there is and waits until the proxy shows it.
  void apply(const std::vector<data::Value>& routes, const std::map<std::string, std::vector<Pod>>& services) {
    Services objects;
    for (const auto& [name, pods] : services) {
      objects.add_service(service(name, "None"));
      objects.add_slice(slice(name, pods));
    }
    std::vector<Route> parsed;
    for (const auto& r : routes) parsed.push_back(parse_route(r));
    Desired desired = desire(parsed, objects, {.gateway_binds = {"fd@3"}, .gateway_port = port});
    for (const auto& r : desired.routes) EXPECT_FALSE(r.accepted) << r.accepted->message;
    wanted = desired;
    on_loop([&] { driver->want(desired.structure, desired.targets); });
    settle_until([&] { return all_applied(); });
  }
  bool all_applied() const {
    bool all = true;
    for (const auto& [id, _] : wanted.targets) all = all && driver->is_applied(id);
    return all;
  }
  void settle_until(std::function<bool()> good) {
    std::promise<void> done;
    std::function<void()> look = [&] {
      if (good()) return done.set_value();
      if (!driver->problem().empty()) {
        ADD_FAILURE() << driver->problem() << log_text();
        return done.set_value();
      }
      driver->settle(look);
    };
    loop.post([&] { driver->settle(look); });
    done.get_future().get();
  }
  void drain(const App& app) {
    std::promise<void> done;
    loop.post([&] { driver->drain({"shop", app.name, "uid-" + app.name, app.ip}, [&] { done.set_value(); }); });
    done.get_future().get();
  }
  std::string log_text() const {
    std::ifstream in(dir() + "/gateway/haproxy.log");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  const std::string& rule() const { return wanted.routes.at(0).rules.at(0); }

  std::unique_ptr<Driver> driver;
  Desired wanted;
};

constexpr const char* kSticky = R"({"slipway.dev/sticky-header":"x-user-id"})";

void expect_no_failure(const data::Value& totals) {
  EXPECT_EQ(totals["failed"].as_int(), 0)
      << data::to_json(totals["errors"]) << data::to_json(totals["status"]) << totals["first_error"].as_string();
  EXPECT_GT(totals["answered"].as_int(), 0);
}

TEST_F(DriverTest, ReleasesByCanaryWithoutAFailedRequestAndWithoutAReload) {
  Pod a = pod(start_app("v1")), b = pod(start_app("v1")), c = pod(start_app("v2"));
  apply({weighted("web", {{"web", 1}}, 1, kSticky)}, {{"web", {a, b}}});
  Load load(port, {"--connections", "8", "--users", "4000"});
  load.mark("before");
  load.after("before", 500);
  std::map<std::string, std::vector<Pod>> pods{{"web", {a, b}}, {"stable", {a, b}}, {"canary", {c}}};
  apply({weighted("web", {{"stable", 100}, {"canary", 0}}, 2, kSticky)}, pods);
  std::set<std::int64_t> users;
  for (int percent : {1, 5, 25, 50}) {
    apply({weighted("web", {{"stable", 100 - percent}, {"canary", percent}}, 3, kSticky)}, pods);
    std::string name = "step" + std::to_string(percent);
    load.mark(name);
    auto s = load.after(name, 20000);
    auto v2 = s["versions"]["v2"], v1 = s["versions"]["v1"];
    std::int64_t random = v2["without_user"].as_int() + v1["without_user"].as_int();
    EXPECT_TRUE(test::is_binomial(v2["without_user"].as_int(), random, percent / 100.0))
        << v2["without_user"].as_int() << " of " << random;
    // By users the share is that of the population that the hash picks.
    EXPECT_TRUE(test::is_binomial(v2["users"].as_int(), s["users"]["seen"].as_int(), percent / 100.0))
        << data::to_json(s["users"]);
    EXPECT_EQ(s["users"]["mixed"].as_int(), 0);
    std::set<std::int64_t> now;
    auto listed = load.ask("users " + name + " v2");
    for (const auto& u : listed["users"].items()) now.insert(u.as_int());
    // Whom the share lets in can be said beforehand.
    const auto is_in = [&](const data::Value& user) {
      return base::is_among(base::user_bucket("user-" + std::to_string(user.as_int()), "shop/web"), percent * 100);
    };
    for (const auto& u : listed["users"].items()) EXPECT_TRUE(is_in(u)) << u.as_int() << " at " << percent;
    auto stayed = load.ask("users " + name + " v1");
    for (const auto& u : stayed["users"].items()) EXPECT_FALSE(is_in(u)) << u.as_int() << " at " << percent;
    for (const auto& u : stayed["users"].items())
      EXPECT_FALSE(users.contains(u.as_int())) << "user " << u.as_int() << " fell back at " << percent;
    users.insert(now.begin(), now.end());
  }
  apply({weighted("web", {{"stable", 0}, {"canary", 100}}, 4, kSticky)}, pods);
  load.mark("all");
  auto all = load.after("all", 2000);
  EXPECT_EQ(all["versions"]["v2"]["requests"].as_int(), all["answered"].as_int());
  pods["web"] = {c};
  apply({weighted("web", {{"web", 1}}, 5, kSticky)}, pods);
  auto totals = load.stop();
  expect_no_failure(totals);
  EXPECT_EQ(on_loop([&] { return driver->reloads(); }), 0);
}

TEST_F(DriverTest, ReplacesEveryPodWithoutAFailedRequest) {
  std::vector<std::string> running;
  std::vector<Pod> pods;
  for (int i = 0; i < 2; ++i) {
    App& app = start_app("v1");
    running.push_back(app.name);
    pods.push_back(pod(app));
  }
  apply({weighted("web", {{"web", 1}})}, {{"web", pods}});
  Load load(port, {"--connections", "8"});
  for (int round = 0; round < 6; ++round) {
    App& fresh = start_app("v2");
    running.push_back(fresh.name);
    pods.push_back(pod(fresh));
    apply({weighted("web", {{"web", 1}})}, {{"web", pods}});
    App& old = apps.at(running.front());
    drain(old);
    old.child.signal(SIGTERM);
    EXPECT_EQ(old.child.wait(), 0);
    running.erase(running.begin());
    pods.erase(pods.begin());
    load.mark("round" + std::to_string(round));
    load.after("round" + std::to_string(round), 1000);
  }
  apply({weighted("web", {{"web", 1}})}, {{"web", pods}});
  expect_no_failure(load.stop());
  EXPECT_EQ(on_loop([&] { return driver->reloads(); }), 0);
}

TEST_F(DriverTest, AKilledServerCostsNoGetRequestAndItsRetriesAreCounted) {
  App& victim = start_app("v1");
  Pod a = pod(victim), b = pod(start_app("v1"));
  runtime::Metrics metrics;
  TrafficLog log(metrics);
  std::filesystem::create_directories(dir() + "/run");
  auto receiver = LogReceiver::open(dir() + "/run/gateway-log.sock", [&](std::string_view text) {
    if (auto line = parse_log_line(text)) log.add(*line, base::MonoTime(base::seconds(1)));
  });
  ASSERT_TRUE(receiver.has_value());
  apply({weighted("web", {{"web", 1}})}, {{"web", {a, b}}});
  Load load(port, {"--connections", "8", "--post-share", "0"});
  load.mark("before");
  load.after("before", 1000);
  victim.child.signal(SIGKILL);
  victim.child.wait();
  load.mark("dead");
  load.after("dead", 2000);
  apply({weighted("web", {{"web", 1}})}, {{"web", {b}}});
  auto totals = load.stop();
  expect_no_failure(totals);
  while (log.total("", "", "web") < static_cast<std::uint64_t>(totals["answered"].as_int())) std::this_thread::yield();
  EXPECT_EQ(log.total("", "", "web"), static_cast<std::uint64_t>(totals["answered"].as_int()));
  auto text = metrics.text();
  auto at = text.find("slipway_gateway_connection_retries_total{");
  EXPECT_GT(std::atoi(text.c_str() + text.find("} ", at) + 2), 0) << text;
}

TEST_F(DriverTest, ARestartedGatewayAdoptsTheProxy) {
  Pod a = pod(start_app("v1")), b = pod(start_app("v2"));
  std::map<std::string, std::vector<Pod>> pods{{"stable", {a}}, {"canary", {b}}};
  apply({weighted("web", {{"stable", 70}, {"canary", 30}})}, pods);
  int worker = on_loop([&] { return driver->observed().current()->pid; });
  Load load(port, {"--connections", "8"});
  load.mark("before");
  load.after("before", 500);
  on_loop([&] { driver.reset(); });
  load.mark("away");
  load.after("away", 500);
  start_driver();
  apply({weighted("web", {{"stable", 70}, {"canary", 30}})}, pods);
  EXPECT_EQ(on_loop([&] { return driver->observed().current()->pid; }), worker);
  EXPECT_EQ(on_loop([&] { return driver->reloads(); }), 0);
  apply({weighted("web", {{"stable", 100}, {"canary", 0}})}, pods);
  load.mark("after");
  EXPECT_EQ(load.after("after", 500)["versions"]["v2"]["requests"].as_int(), 0);
  expect_no_failure(load.stop());
}

TEST_F(DriverTest, AReloadKeepsWeightsAndFailsNoRequest) {
  Pod a = pod(start_app("v1")), b = pod(start_app("v2"));
  std::map<std::string, std::vector<Pod>> pods{{"stable", {a}}, {"canary", {b}}};
  apply({weighted("web", {{"stable", 75}, {"canary", 25}})}, pods);
  Load load(port, {"--connections", "8", "--user-share", "0"});
  std::vector<data::Value> routes{weighted("web", {{"stable", 75}, {"canary", 25}})};
  for (int i = 0; i < 4; ++i) {
    routes.push_back(test::route("extra" + std::to_string(i),
                                 R"({"parentRefs":[{"name":"g"}],"hostnames":["extra.example"],
      "rules":[{"matches":[{"path":{"value":"/extra)" +
                                     std::to_string(i) + R"("}}],"backendRefs":[{"name":"stable","port":80}]}]})"));
    load.mark("reload" + std::to_string(i));
    apply(routes, pods);
    auto s = load.after("reload" + std::to_string(i), 4000);
    EXPECT_TRUE(test::is_binomial(s["versions"]["v2"]["requests"].as_int(), s["answered"].as_int(), 0.25))
        << data::to_json(s["versions"]);
  }
  EXPECT_EQ(on_loop([&] { return driver->reloads(); }), 4);
  expect_no_failure(load.stop());
}

TEST_F(DriverTest, AKilledProxyIsStartedAgainWithTheSameShares) {
  Pod a = pod(start_app("v1")), b = pod(start_app("v2"));
  std::map<std::string, std::vector<Pod>> pods{{"stable", {a}}, {"canary", {b}}};
  apply({weighted("web", {{"stable", 0}, {"canary", 100}})}, pods);
  int worker = on_loop([&] { return driver->observed().current()->pid; });
  kill(static_cast<pid_t>(-on_loop([&] { return host->pid_of("gateway-proxy"); })), SIGKILL);
  settle_until(
      [&] { return driver->observed().current() && driver->observed().current()->pid != worker && all_applied(); });
  auto answer = get("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("x-version: v2"), std::string::npos) << answer.head;
}

TEST_F(DriverTest, AnswersWhereNothingCanServe) {
  Pod a = pod(start_app("v1"));
  auto spec = [](const char* path, const char* backend) {
    return std::string(R"({"parentRefs":[{"name":"g"}],"rules":[{"matches":[{"path":{"value":")") + path +
           R"("}}],"backendRefs":[)" + backend + "]}]}";
  };
  apply({test::route("a", spec("/none", "")), test::route("b", spec("/invalid", R"({"name":"absent","port":80})")),
         test::route("c", spec("/empty", R"({"name":"empty","port":80})")),
         test::route("d", spec("/zero", R"({"name":"web","port":80,"weight":0})")),
         test::route("e", spec("/readyz", R"({"name":"web","port":80})"))},
        {{"web", {a}}, {"empty", {}}});
  EXPECT_EQ(get("/nowhere").status, 404);
  EXPECT_EQ(get("/none").status, 500);
  EXPECT_EQ(get("/invalid").status, 500);
  EXPECT_EQ(get("/empty").status, 503);
  EXPECT_EQ(get("/zero").status, 500);
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(DriverTest, MatchesAndFiltersDoWhatTheGatewayApiSays) {
  Pod echo = pod(start_app("v1", {"ECHO=1"}));
  std::string back = R"("backendRefs":[{"name":"echo","port":80}])";
  auto rule = [&](const std::string& match, const std::string& filters) {
    return R"({"matches":[)" + match + R"(],"filters":[)" + filters + "]," + back + "}";
  };
  auto mark = [](const std::string& value) {
    return R"({"type":"RequestHeaderModifier","requestHeaderModifier":{"set":[{"name":"x-rule","value":")" + value +
           R"("}]}})";
  };
  std::string rules =
      rule(R"({"path":{"type":"Exact","value":"/exact"}})", mark("exact 100% \\\"$HOME\\\"")) + "," +
      rule(R"({"path":{"value":"/shop"}})", mark("prefix")) + "," +
      rule(R"({"path":{"type":"RegularExpression","value":"/v[0-9]+/.*"}})", mark("regex")) + "," +
      rule(R"({"path":{"value":"/shop"},"method":"DELETE"})", mark("method")) + "," +
      rule(R"({"path":{"value":"/shop"},"headers":[{"name":"X-Beta","value":"yes"}]})", mark("header")) + "," +
      rule(R"({"path":{"value":"/shop"},"queryParams":[{"name":"beta","value":"1"}]})", mark("query")) + "," +
      rule(
          R"({"path":{"value":"/old"}})",
          R"({"type":"URLRewrite","urlRewrite":{"hostname":"new.example","path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/new"}}})") +
      "," +
      rule(R"({"path":{"value":"/strip"}})",
           R"({"type":"URLRewrite","urlRewrite":{"path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/"}}})") +
      "," +
      rule(R"({"path":{"value":"/whole"}})",
           R"({"type":"URLRewrite","urlRewrite":{"path":{"type":"ReplaceFullPath","replaceFullPath":"/a%20b"}}})") +
      "," +
      rule(
          R"({"path":{"value":"/moved"}})",
          R"({"type":"RequestRedirect","requestRedirect":{"scheme":"https","hostname":"moved.example","statusCode":301}})") +
      "," +
      rule(
          R"({"path":{"value":"/tidy"}})",
          R"({"type":"RequestRedirect","requestRedirect":{"path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/x"}}})") +
      "," +
      rule(
          R"({"path":{"value":"/resp"}})",
          R"({"type":"ResponseHeaderModifier","responseHeaderModifier":{"add":[{"name":"x-added","value":"1"}],"remove":["x-version"]}})");
  apply({test::route("r", R"({"parentRefs":[{"name":"g"}],"hostnames":["web.example","*.wild.example"],"rules":[)" +
                              rules + "]}")},
        {{"echo", {echo}}});
  auto seen = [&](const std::string& path, const std::string& headers = "") { return get(path, headers).body; };
  EXPECT_NE(seen("/exact").find("x-rule: exact 100% \"$HOME\"\r\n"), std::string::npos) << seen("/exact");
  EXPECT_EQ(get("/exact/more").status, 404);
  EXPECT_NE(seen("/shop").find("x-rule: prefix"), std::string::npos);
  EXPECT_NE(seen("/shop/cart").find("x-rule: prefix"), std::string::npos);
  EXPECT_EQ(get("/shopping").status, 404);
  EXPECT_NE(seen("/v12/x").find("x-rule: regex"), std::string::npos);
  EXPECT_EQ(get("/vx/x").status, 404);
  EXPECT_NE(seen("/shop", "X-Beta: yes\r\n").find("x-rule: header"), std::string::npos);
  EXPECT_NE(seen("/shop?beta=1").find("x-rule: query"), std::string::npos);
  EXPECT_NE(request("127.0.0.1", port, "DELETE /shop HTTP/1.1\r\nHost: a.wild.example\r\n").body.find("x-rule: method"),
            std::string::npos);
  EXPECT_EQ(request("127.0.0.1", port, "GET /shop HTTP/1.1\r\nHost: other.example\r\n").status, 404);
  EXPECT_TRUE(seen("/old/page?q=1").starts_with("GET /new/page?q=1 ")) << seen("/old/page?q=1");
  EXPECT_NE(seen("/old").find("host: new.example"), std::string::npos);
  EXPECT_TRUE(seen("/old").starts_with("GET /new "));
  EXPECT_TRUE(seen("/strip/a").starts_with("GET /a "));
  EXPECT_NE(seen("/strip").find("\"app\":\"shop\""), std::string::npos);  // the front page
  EXPECT_TRUE(seen("/whole/x").starts_with("GET /a%20b ")) << seen("/whole/x");
  auto moved = get("/moved/there?x=1");
  EXPECT_EQ(moved.status, 301);
  EXPECT_NE(moved.head.find("location: https://moved.example/moved/there?x=1\r\n"), std::string::npos) << moved.head;
  auto tidy = request("127.0.0.1", port, "GET /tidy/a HTTP/1.1\r\nHost: web.example:8080\r\n");
  EXPECT_EQ(tidy.status, 302);
  EXPECT_NE(tidy.head.find("location: http://web.example:8080/x/a\r\n"), std::string::npos) << tidy.head;
  auto resp = get("/resp");
  EXPECT_NE(resp.head.find("x-added: 1"), std::string::npos);
  EXPECT_EQ(resp.head.find("x-version"), std::string::npos);
}

TEST_F(DriverTest, AConfigurationThatIsRefusedLeavesTheRunningOne) {
  Pod a = pod(start_app("v1"));
  apply({weighted("web", {{"web", 1}})}, {{"web", {a}}});
  Desired broken = wanted;
  broken.structure.frontends.push_back(
      {.id = "vbroken", .binds = {"192.0.2.1:80"}, .entries = {{{}, rule()}}});  // not an address of ours
  on_loop([&] { driver->want(broken.structure, broken.targets); });
  std::promise<void> refused;
  std::function<void()> look = [&] { driver->problem().empty() ? driver->settle(look) : refused.set_value(); };
  loop.post([&] { driver->settle(look); });
  refused.get_future().get();
  EXPECT_EQ(get("/").status, 200);
  // Weights still move, and the next good structure is taken.
  apply({weighted("web", {{"web", 1}})}, {{"web", {a}}});
  EXPECT_EQ(get("/").status, 200);
}

TEST_F(DriverTest, SaysWhichPackageIsMissing) {
  on_loop([&] {
    driver = std::make_unique<Driver>(
        loop, *host, DriverOptions{.binary = "no-such-haproxy", .config_dir = dir() + "/g", .run_dir = dir() + "/r"});
    driver->want({}, {});
  });
  std::promise<std::string> problem;
  loop.post([&] { driver->settle([&] { problem.set_value(driver->problem()); }); });
  EXPECT_NE(problem.get_future().get().find("install the Debian package haproxy"), std::string::npos);
}

}  // namespace
}  // namespace slipway::gateway
