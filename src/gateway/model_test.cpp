#include "gateway/model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "gateway/test_objects.h"

namespace slipway::gateway {
namespace {

using test::json;
using test::route;
using test::service;
using test::slice;
using test::weighted;

const ModelOptions kOptions{.gateway_binds = {"fd@3"}, .gateway_port = 8080};

Desired desire_from(const std::vector<data::Value>& routes, const Services& services) {
  std::vector<Route> parsed;
  for (const auto& r : routes) parsed.push_back(parse_route(r));
  return desire(parsed, services, kOptions);
}

Services shop() {
  Services s;
  s.add_service(service("web", "10.96.0.1"));
  s.add_service(service("web-canary", "None"));
  s.add_slice(slice("web", {{"web-1", "10.244.0.2"}, {"web-2", "10.244.0.3", false}}));
  s.add_slice(slice("web-canary", {{"web-9", "10.244.0.9"}}));
  return s;
}

const Frontend& frontend(const Desired& d, const std::string& bind) {
  for (const auto& f : d.structure.frontends) {
    if (f.binds.at(0) == bind) return f;
  }
  ADD_FAILURE() << "no frontend on " << bind;
  return d.structure.frontends.at(0);
}

TEST(Model, WeightsBecomeSharesInOrder) {
  auto d = desire_from({weighted("web", {{"web", 95}, {"web-canary", 5}})}, shop());
  ASSERT_EQ(d.routes.size(), 1u);
  EXPECT_FALSE(d.routes[0].accepted);
  EXPECT_FALSE(d.routes[0].resolved);
  const RuleTarget& target = d.targets.at(d.routes[0].rules.at(0));
  ASSERT_EQ(target.backends.size(), 2u);
  EXPECT_EQ(target.backends[0].share, 9500);
  EXPECT_EQ(target.backends[1].share, 500);
  EXPECT_EQ(target.backends[0].servers.at(0).name, "10.244.0.2:8080:web-1");
  EXPECT_TRUE(target.backends[0].servers.at(0).ready);
  EXPECT_FALSE(target.backends[0].servers.at(1).ready);
}

TEST(Model, AServiceThatStandsTwiceHasItsPlacesTwice) {
  auto d = desire_from({weighted("web", {{"web", 40}, {"web-canary", 20}, {"web", 30}, {"web-canary", 10}})}, shop());
  const RuleTarget& target = d.targets.at(d.routes[0].rules.at(0));
  ASSERT_EQ(target.backends.size(), 2u);
  EXPECT_EQ(target.backends[0].share, 7000);
  EXPECT_EQ(target.backends[1].share, 3000);
  EXPECT_EQ(target.zones, (std::vector<Zone>{{0, 4000}, {1, 2000}, {0, 3000}, {1, 1000}}))
      << "who is told apart by a hash stays where he is when another version's share goes to the first";
  auto once = desire_from({weighted("web", {{"web", 70}, {"web-canary", 30}})}, shop());
  EXPECT_TRUE(once.targets.at(once.routes[0].rules.at(0)).zones.empty());
}

TEST(Model, ReleaseStepsKeepTheStructure) {
  Services s = shop();
  s.add_service(service("web-stable", "None"));
  s.add_slice(slice("web-stable", {{"web-1", "10.244.0.2"}}));
  auto idle = desire_from({weighted("web", {{"web", 1}})}, s);
  auto split = desire_from({weighted("web", {{"web-stable", 100}, {"web-canary", 0}}, 2)}, s);
  auto moved = desire_from({weighted("web", {{"web-stable", 75}, {"web-canary", 25}}, 3)}, s);
  EXPECT_EQ(idle.structure, split.structure);
  EXPECT_EQ(idle.structure, moved.structure);
  EXPECT_NE(idle.targets, split.targets);
}

TEST(Services, HaveNamesAndThePodsBehindHeadlessOnes) {
  Services services;
  auto service = [&](const char* name, const char* address) {
    services.add_service(json("{\"metadata\":{\"namespace\":\"shop\",\"name\":\"" + std::string(name) +
                              "\"},\"spec\":{\"clusterIP\":\"" + address + "\"}}"));
  };
  service("web", "10.96.0.7");
  service("db", "None");
  service("empty", "None");
  services.add_slice(json(
      R"({"metadata":{"namespace":"shop","name":"db-1","labels":{"kubernetes.io/service-name":"db"}},"endpoints":[
      {"addresses":["10.244.0.1"],"hostname":"db-0","conditions":{"ready":true}},
      {"addresses":["10.244.0.2"],"hostname":"db-1","conditions":{"ready":true}},
      {"addresses":["10.244.0.3"],"hostname":"db-2","conditions":{"ready":false}},
      {"addresses":["10.244.0.4"],"conditions":{}}]})"));
  EXPECT_EQ(services.names(), (Names{{"web.shop.svc.cluster.local", {"10.96.0.7"}},
                                     {"db.shop.svc.cluster.local", {"10.244.0.1", "10.244.0.2", "10.244.0.4"}},
                                     {"db-0.db.shop.svc.cluster.local", {"10.244.0.1"}},
                                     {"db-1.db.shop.svc.cluster.local", {"10.244.0.2"}}}));
}

TEST(Model, ServicesAnswerOnTheirAddress) {
  Services s = shop();
  s.add_service(service("db", "10.96.0.9", 5432, "postgres"));
  auto d = desire_from({}, s);
  EXPECT_TRUE(frontend(d, "10.96.0.1:80").http);
  EXPECT_FALSE(frontend(d, "10.96.0.9:5432").http);
  EXPECT_EQ(d.addresses,
            (std::vector<std::string>{"10.96.0.9", "10.96.0.1"}));  // in name order; headless ones have none
  EXPECT_EQ(d.targets.at(frontend(d, "10.96.0.9:5432").tcp_rule).backends.at(0).service, "db");
}

TEST(Model, AServiceAsParentFollowsTheRoute) {
  auto r = route("web", R"({"parentRefs":[{"group":"","kind":"Service","name":"web"}],
    "rules":[{"backendRefs":[{"name":"web","port":80,"weight":1},{"name":"web-canary","port":80,"weight":1}]}]})");
  auto d = desire_from({r}, shop());
  const Frontend& f = frontend(d, "10.96.0.1:80");
  ASSERT_EQ(f.entries.size(), 1u);
  EXPECT_EQ(f.entries[0].rule, d.routes[0].rules[0]);
  EXPECT_TRUE(frontend(d, "fd@3").entries.empty());
}

TEST(Model, BackendsThatCannotBeResolvedAnswer500) {
  struct Case {
    const char* backend;
    const char* reason;
  };
  for (const Case& c :
       {Case{R"({"name":"nope","port":80})", "BackendNotFound"}, Case{R"({"name":"web","port":81})", "BackendNotFound"},
        Case{R"({"name":"web","port":80,"namespace":"other"})", "RefNotPermitted"},
        Case{R"({"name":"web","port":80,"kind":"Pod"})", "InvalidKind"}}) {
    auto d = desire_from(
        {route("r", std::string(R"({"parentRefs":[{"name":"g"}],"rules":[{"backendRefs":[)") + c.backend + "]}]}")},
        shop());
    ASSERT_TRUE(d.routes[0].resolved) << c.backend;
    EXPECT_EQ(d.routes[0].resolved->reason, c.reason);
    EXPECT_EQ(d.targets.at(d.routes[0].rules[0]).backends.at(0).service, kInvalidService);
    EXPECT_FALSE(d.routes[0].accepted);
  }
}

TEST(Model, WhatIsNotSupportedIsNotAccepted) {
  struct Case {
    const char* rule;
    const char* field;
  };
  for (
      const Case& c : {
          Case{R"({"filters":[{"type":"RequestMirror"}]})", "filters.type"},
          Case{R"({"matches":[{"path":{"type":"RegularExpression","value":"("}}]})", "path.value"},
          Case{R"({"matches":[{"path":{"type":"Exact","value":"x\ny"}}]})", "path"},
          Case{R"({"matches":[{"headers":[{"name":"a b","value":"x"}]}]})", "headers.name"},
          Case{
              R"({"filters":[{"type":"RequestHeaderModifier","requestHeaderModifier":{"set":[{"name":"x","value":"a\r\nb: c"}]}}]})",
              "filters"},
          Case{R"({"filters":[{"type":"RequestRedirect","requestRedirect":{"hostname":"a\"b"}}]})", "hostname"},
          Case{
              R"({"filters":[{"type":"URLRewrite","urlRewrite":{"path":{"type":"ReplaceFullPath","replaceFullPath":"/a b"}}}]})",
              "path"},
          Case{R"({"backendRefs":[{"name":"web","port":80,"filters":[{}]}]})", "filters"},
          Case{R"({"timeouts":{"request":"soon"}})", "timeouts.request"},
          // RE2 takes these, the proxy's library does not: its configuration would be refused for all routes.
          Case{R"({"matches":[{"path":{"type":"RegularExpression","value":"\\Qa"}}]})", "path.value"},
          Case{R"({"matches":[{"path":{"type":"RegularExpression","value":"/[[=a=]]"}}]})", "path.value"},
          Case{R"({"matches":[{"path":{"type":"RegularExpression","value":"\\x{1F600}"}}]})", "path.value"},
          Case{R"({"matches":[{"headers":[{"name":"x","type":"RegularExpression","value":"(?P<1>a)b"}]}]})",
               "headers.value"},
      }) {
    auto d =
        desire_from({route("r", std::string(R"({"parentRefs":[{"name":"g"}],"rules":[)") + c.rule + "]}")}, shop());
    ASSERT_TRUE(d.routes[0].accepted) << c.rule;
    EXPECT_EQ(d.routes[0].accepted->reason, "UnsupportedValue");
    EXPECT_NE(d.routes[0].accepted->message.find(c.field), std::string::npos) << d.routes[0].accepted->message;
    EXPECT_TRUE(d.routes[0].rules.empty());
  }
}

// A line of the proxy has 64 words at most, and a longer one would make it refuse everything.
TEST(Model, AMatchOfTooManyPartsIsNotAccepted) {
  const auto accepted = [](int headers) {
    std::string list;
    for (int i = 0; i < headers; ++i)
      list += (i ? "," : "") + std::string(R"({"name":"h)") + std::to_string(i) + R"(","value":"x"})";
    const auto d = desire_from(
        {route("r", R"({"parentRefs":[{"name":"g"}],"rules":[{"matches":[{"headers":[)" + list + "]}]}]}")}, shop());
    return !d.routes[0].accepted;
  };
  EXPECT_TRUE(accepted(16));
  EXPECT_FALSE(accepted(17));
}

TEST(Model, EntriesStandInOrderOfPrecedence) {
  auto r = route("r", R"({"parentRefs":[{"name":"g"}],"hostnames":["*.shop.example","web.shop.example"],"rules":[
    {"matches":[{"path":{"type":"PathPrefix","value":"/"}}]},
    {"matches":[{"path":{"type":"PathPrefix","value":"/a"}}]},
    {"matches":[{"path":{"type":"Exact","value":"/a"}}]},
    {"matches":[{"path":{"type":"PathPrefix","value":"/a"},"method":"POST"}]},
    {"matches":[{"path":{"type":"PathPrefix","value":"/a"},"headers":[{"name":"x","value":"1"}]}]},
    {"matches":[{"path":{"type":"PathPrefix","value":"/a/b"}}]}]})");
  auto d = desire_from({r}, shop());
  std::vector<std::string> order;
  for (const auto& e : frontend(d, "fd@3").entries)
    order.push_back(e.condition.hostname + " " + e.rule.substr(e.rule.rfind('.') + 1));
  std::vector<std::string> expected;
  for (auto host : {"web.shop.example", "*.shop.example"}) {
    for (auto rule : {"2", "5", "3", "4", "1", "0"}) expected.push_back(std::string(host) + " " + rule);
  }
  EXPECT_EQ(order, expected);
}

TEST(Model, OlderRoutesWinTies) {
  auto young = route("a", R"({"parentRefs":[{"name":"g"}],"rules":[{}]})"),
       old = route("b", R"({"parentRefs":[{"name":"g"}],"rules":[{}]})");
  old.set({"metadata", "creationTimestamp"}, "2026-11-22T12:00:00Z");
  auto d = desire_from({young, old}, shop());
  EXPECT_EQ(frontend(d, "fd@3").entries.at(0).rule, d.routes.at(1).rules.at(0));
}

RC_GTEST_PROP(Shares, AddUpAndAreMonotone, ()) {
  auto weights = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000)));
  auto shares = shares_of(weights);
  int total = std::accumulate(weights.begin(), weights.end(), 0);
  RC_ASSERT(std::accumulate(shares.begin(), shares.end(), 0) == (total == 0 ? 0 : kBuckets));
  for (std::size_t i = 0; i < weights.size() && total > 0; ++i) {
    RC_ASSERT(shares[i] >= 0);
    RC_ASSERT(std::abs(shares[i] - weights[i] * static_cast<double>(kBuckets) / total) <= 1);
  }
}

TEST(Shares, GoDownToAHundredthOfAPercent) {
  EXPECT_EQ(shares_of({9999, 1}), (std::vector<int>{9999, 1}));
  EXPECT_EQ(shares_of({99, 1}), (std::vector<int>{9900, 100}));
  EXPECT_EQ(shares_of({0, 0}), (std::vector<int>{0, 0}));
}

}  // namespace
}  // namespace slipway::gateway
