#include "gateway/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "gateway/config.h"

namespace slipway::gateway {
namespace {

const MapFiles kFiles{"/w", "/s", "/t"};
const std::string kRule = "r1.0";

Server server(const std::string& ip, bool ready = true, bool terminating = false) {
  std::string address = ip + ":80";
  return {
      .name = address, .address = address, .ip = ip, .uid = "uid-" + ip, .ready = ready, .terminating = terminating};
}

BackendTarget backend(const std::string& service, int share, std::vector<Server> servers) {
  return {.service = service, .weight = share, .share = share, .servers = std::move(servers)};
}

// A proxy that does what commands say, so that plans can be carried out to their end.
struct Proxy {
  Observed observed;
  LeavingPods leaving;
  std::set<std::string> given_up;
  std::map<std::string, RuleSpec> rules{{kRule, {.id = kRule, .slots = 4}}};
  Targets targets{{kRule, {.space = "shop", .route = "web", .salt = "salt"}}};

  Proxy() { add_worker(1); }
  Worker& add_worker(int pid) {
    Worker w{.pid = pid};
    w.weights[kRule] = "0:0";
    w.salts[kRule] = "salt";
    for (int i = 0; i < 4; ++i) {
      w.slots[slot_name(kRule, i)] = "-";
      w.sections[slot_name(kRule, i)] = {};
    }
    observed.workers.insert(observed.workers.begin(), std::move(w));
    return observed.workers.front();
  }
  void reload(int pid) {
    Worker copy = observed.workers[0];
    copy.pid = pid;
    observed.workers[0].old = true;
    observed.workers.insert(observed.workers.begin(), std::move(copy));
  }
  Worker& worker() { return observed.workers.front(); }
  void want(std::vector<BackendTarget> backends) { targets[kRule].backends = std::move(backends); }
  Plan make() const { return plan(targets, rules, observed, leaving, given_up, kFiles); }

  void obey(const Command& c) {
    Worker& w =
        *std::find_if(observed.workers.begin(), observed.workers.end(), [&](auto& x) { return x.pid == c.pid; });
    std::istringstream in(c.text);
    std::string verb, what, a, b, d;
    in >> verb >> what >> a >> b >> d;
    if (what == "map") {
      (a == kFiles.weights ? w.weights : a == kFiles.slots ? w.slots : w.salts)[b] = d;
      return;
    }
    EXPECT_FALSE(w.old) << "an old worker refuses: " << c.text;
    std::string section = a.substr(0, a.find('/')), name = a.substr(a.find('/') + 1);
    auto& servers = w.servers[section];
    if (verb == "add") servers[name] = {.address = b, .mode = ServerMode::Maintenance};
    if (verb == "enable") servers.at(name).mode = ServerMode::Ready;
    if (verb == "set")
      servers.at(name).mode = d == "drain"   ? ServerMode::Drain
                              : d == "maint" ? ServerMode::Maintenance
                                             : ServerMode::Ready;
    if (verb == "del") {
      EXPECT_EQ(servers.at(name).mode, ServerMode::Maintenance);
      EXPECT_EQ(servers.at(name).sessions, 0);
      servers.erase(name);
    }
  }

  // Carries plans out until nothing is left to do; checks after every command that traffic has somewhere to go.
  Plan run(bool check = true) {
    for (int i = 0; i < 20; ++i) {
      Plan p = make();
      if (p.commands.empty()) return p;
      for (const Command& c : p.commands) {
        obey(c);
        if (check) expect_served(c.text);
      }
    }
    ADD_FAILURE() << "no end";
    return {};
  }

  void expect_served(const std::string& after) {
    for (const Worker& w : observed.workers) {
      for (const SlotShare& s : read_weights(w.weights.at(kRule))) {
        auto found = w.servers.find(slot_name(kRule, s.slot));
        bool some = found != w.servers.end() && std::any_of(found->second.begin(), found->second.end(),
                                                            [](auto& x) { return x.second.mode == ServerMode::Ready; });
        EXPECT_TRUE(some || w.slots.at(slot_name(kRule, s.slot)) == "!")
            << "nobody serves slot " << s.slot << " after " << after;
      }
    }
  }
  int share(const std::string& service) { return facts_of(worker(), kRule)[service].share; }
};

TEST(Plan, ServersComeBeforeShares) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1"), server("10.0.0.2", false)})});
  Plan done = p.run();
  EXPECT_TRUE(done.applied.contains(kRule));
  EXPECT_EQ(p.share("web"), 10000);
  EXPECT_EQ(p.worker().servers["r1.0.s0"].size(), 1u);
}

TEST(Plan, AReleaseGoesFromOneServiceToTwoAndBack) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1")})});
  p.run();
  p.want({backend("web-stable", 10000, {server("10.0.0.1")}), backend("web-canary", 0, {})});
  EXPECT_TRUE(p.run().applied.contains(kRule));
  for (int canary : {100, 500, 2500, 5000, 10000}) {
    p.want({backend("web-stable", 10000 - canary, {server("10.0.0.1")}),
            backend("web-canary", canary, {server("10.0.0.9")})});
    EXPECT_TRUE(p.run().applied.contains(kRule));
    EXPECT_EQ(p.share("web-canary"), canary);
  }
  p.want({backend("web", 10000, {server("10.0.0.9")})});
  EXPECT_TRUE(p.run().applied.contains(kRule));
  // Everything else has been cleaned away.
  EXPECT_EQ(facts_of(p.worker(), kRule).size(), 1u);
  EXPECT_FALSE(p.make().waiting);
}

TEST(Plan, SharesAreHeldBackWhileTheNewVersionHasNoEndpoint) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1")})});
  p.run();
  p.want({backend("web-stable", 10000, {})});
  Plan held = p.run();
  EXPECT_TRUE(held.held.contains(kRule));
  EXPECT_FALSE(held.applied.contains(kRule));
  EXPECT_EQ(p.share("web"), 10000);
  p.want({backend("web-stable", 10000, {server("10.0.0.1")})});
  EXPECT_TRUE(p.run().applied.contains(kRule));
  EXPECT_EQ(p.share("web-stable"), 10000);
}

TEST(Plan, WhenNobodyServesAnywayTheRouteIsFollowed) {
  Proxy p;
  p.want({backend("web", 10000, {})});
  EXPECT_TRUE(p.run(false).applied.contains(kRule));
  p.want({backend("web-2", 10000, {})});
  EXPECT_TRUE(p.run(false).applied.contains(kRule));
}

TEST(Plan, ServersLeaveOnlyWithoutSessions) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1"), server("10.0.0.2")})});
  p.run();
  p.worker().servers["r1.0.s0"]["10.0.0.1:80"].sessions = 3;
  p.leaving["10.0.0.1"] = "uid-10.0.0.1";
  Plan waiting = p.run();
  EXPECT_TRUE(waiting.waiting);
  EXPECT_EQ(p.worker().servers["r1.0.s0"]["10.0.0.1:80"].mode, ServerMode::Drain);
  EXPECT_FALSE(is_drained(p.observed, "10.0.0.1"));
  p.worker().servers["r1.0.s0"]["10.0.0.1:80"].sessions = 0;
  EXPECT_TRUE(is_drained(p.observed, "10.0.0.1"));
  p.run();
  EXPECT_EQ(p.worker().servers["r1.0.s0"].size(), 1u);
}

TEST(Plan, TheLastServerStaysUntilAnotherComesOrPatienceEnds) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1")})});
  p.run();
  p.leaving["10.0.0.1"] = "";
  EXPECT_TRUE(p.run().last_ones.contains("10.0.0.1"));
  p.want({backend("web", 10000, {server("10.0.0.1", false, true), server("10.0.0.2")})});
  p.run();
  EXPECT_TRUE(is_drained(p.observed, "10.0.0.1"));

  p.leaving["10.0.0.2"] = "";
  EXPECT_FALSE(p.run().last_ones.empty());
  p.given_up.insert("10.0.0.2");
  p.run(false);
  EXPECT_TRUE(is_drained(p.observed, "10.0.0.2"));
}

TEST(Plan, AnUnreadyServerGoesEvenIfItIsTheLast) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1")})});
  p.run();
  p.want({backend("web", 10000, {server("10.0.0.1", false)})});
  p.run(false);
  EXPECT_TRUE(p.worker().servers["r1.0.s0"].empty());
}

TEST(Plan, AnotherPodWithTheAddressOfALeavingOneIsTaken) {
  Proxy p;
  p.leaving["10.0.0.1"] = "uid-of-somebody-else";
  p.want({backend("web", 10000, {server("10.0.0.1")})});
  p.run();
  EXPECT_EQ(p.worker().servers["r1.0.s0"].size(), 1u);
}

TEST(Plan, OldWorkersFollowWeightsAndHoldWhatTheyCannot) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1")}), backend("new", 0, {})});
  p.run();
  p.reload(2);
  p.want({backend("web", 5000, {server("10.0.0.1")}), backend("new", 5000, {server("10.0.0.2")})});
  Plan held = p.run();
  EXPECT_FALSE(held.applied.contains(kRule));  // the old worker knows no server of the new version
  EXPECT_TRUE(held.held.contains(kRule));
  EXPECT_EQ(p.share("new"), 5000);
  p.want({backend("web", 10000, {server("10.0.0.1")}), backend("new", 0, {server("10.0.0.2")})});
  EXPECT_TRUE(p.run().applied.contains(kRule));
  p.observed.workers.pop_back();
  EXPECT_TRUE(p.run().applied.contains(kRule));
}

TEST(Plan, APodIsNotDrainedWhileAnOldWorkerMaySendItRequests) {
  Proxy p;
  p.want({backend("web", 10000, {server("10.0.0.1"), server("10.0.0.2")})});
  p.run();
  p.reload(2);
  p.leaving["10.0.0.1"] = "";
  p.run();
  EXPECT_FALSE(is_drained(p.observed, "10.0.0.1"));
  p.observed.workers.pop_back();
  EXPECT_TRUE(is_drained(p.observed, "10.0.0.1"));
}

TEST(StartingPoint, AReloadChangesNothingForKnownRules) {
  Proxy p;
  p.want({backend("web", 9000, {server("10.0.0.1")}), backend("canary", 1000, {server("10.0.0.2")})});
  p.run();
  p.want({backend("other", 10000, {})});
  auto start = starting_point(p.targets, p.rules, &p.worker());
  EXPECT_EQ(start.weights[kRule], p.worker().weights[kRule]);
  EXPECT_EQ(start.slots["r1.0.s1"], "canary");
  EXPECT_EQ(start.servers["r1.0.s1"].at(0).address, "10.0.0.2:80");
}

TEST(Weights, LinesReadBackAsWritten) {
  EXPECT_EQ(write_weights({{1, 9500}, {2, 500}}), "9500:1:10000:2");
  EXPECT_EQ(read_weights("9500:1:10000:2"), (std::vector<SlotShare>{{1, 9500}, {2, 500}}));
  EXPECT_EQ(write_weights({{1, 0}, {2, 10000}}), "10000:2");
  EXPECT_TRUE(read_weights(write_weights({})).empty());
}

TEST(Observe, ReadsTheMastersTable) {
  std::string text =
      "#<PID>          <type>          <reloads>       <uptime>        <version>\n"
      "3159            master          2 [failed: 1]   0d00h00m02s     2.6.12\n# workers\n"
      "3167            worker          1               0d00h00m01s     2.6.12\n# old workers\n"
      "3163            worker          2               0d00h00m01s     2.6.12\n# programs\n\n";
  EXPECT_EQ(parse_processes(text).value(), (std::vector<ProcessLine>{{3167, false}, {3163, true}}));
  EXPECT_EQ(parse_failed_reloads(text), 1);
  EXPECT_FALSE(parse_processes("nonsense").has_value());
}

}  // namespace
}  // namespace slipway::gateway
