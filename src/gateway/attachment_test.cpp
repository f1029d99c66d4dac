#include "gateway/attachment.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "api/meta.h"
#include "gateway/gateway_status.h"
#include "gateway/model.h"
#include "gateway/route_status.h"
#include "gateway/test_objects.h"

namespace slipway::gateway {
namespace {

using data::Value;
using test::json;

Value gateway(const std::string& space, const std::string& name, const std::string& listeners,
              const std::string& created = "2026-11-23T12:00:00Z") {
  return Value::object(
      {{"metadata",
        Value::object({{"namespace", space}, {"name", name}, {"generation", 3}, {"creationTimestamp", created}})},
       {"spec", Value::object({{"gatewayClassName", "slipway"}, {"listeners", json(listeners)}})}});
}

Value route(const std::string& space, const std::string& name, const std::string& spec) {
  Value out = test::route(name, spec);
  out.set({"metadata", "namespace"}, space);
  return out;
}

struct Cluster {
  GatewayObjects objects = {
      .classes =
          {json(R"({"metadata":{"name":"slipway","generation":1},"spec":{"controllerName":"slipway.dev/gateway"}})"),
           json(R"({"metadata":{"name":"other"},"spec":{"controllerName":"example.com/other"}})")},
      .gateways = {},
      .namespaces = {json(R"({"metadata":{"name":"shop","labels":{"edge":"yes"}}})"),
                     json(R"({"metadata":{"name":"till"}})")},
      .grants = {}};
  std::vector<Route> routes;

  Attachments attached() const { return attach(routes, objects); }
  // The reason that the only parentRef of the only route gets.
  std::string reason() const {
    const Attachments all = attached();
    if (all.routes.empty()) return "not ours";
    const auto& parents = all.routes.begin()->second.parents;
    EXPECT_EQ(parents.size(), 1u);
    return parents[0].accepted ? parents[0].accepted->reason : "Accepted";
  }
  Desired desired(const Attachments& all, const Grants& grants, const Services& services) const {
    return desire(routes, services,
                  {.attachments = &all, .grants = &grants, .listen_address = "0.0.0.0", .idle_bind = "unix@/x"});
  }
};

constexpr const char* kHttp = R"([{"name":"http","port":80,"protocol":"HTTP"}])";

TEST(Attachment, OnlyOurClassesCount) {
  Cluster c;
  c.objects.gateways = {gateway("shop", "edge", kHttp)};
  Value foreign = gateway("shop", "foreign", kHttp);
  foreign.set({"spec", "gatewayClassName"}, "other");
  c.objects.gateways.push_back(foreign);
  const Attachments all = c.attached();
  ASSERT_EQ(all.gateways.size(), 1u);
  EXPECT_EQ(all.gateways[0].name, "edge");
  ASSERT_EQ(all.classes.size(), 1u);
  EXPECT_FALSE(all.classes[0].accepted);
  EXPECT_EQ(all.ports, std::set<int>{80});
}

TEST(Attachment, AClassWithParametersIsRefusedAndItsGatewaysAreLeftAlone) {
  Cluster c;
  c.objects.gateways = {gateway("shop", "edge", kHttp)};
  c.objects.classes[0].set({"spec", "parametersRef"}, json(R"({"group":"","kind":"ConfigMap","name":"x"})"));
  const Attachments all = c.attached();
  ASSERT_TRUE(all.classes.at(0).accepted);
  EXPECT_EQ(all.classes[0].accepted->reason, "InvalidParameters");
  EXPECT_TRUE(all.gateways.empty());
}

struct Case {
  const char* what;
  const char* listeners;
  const char* space;  // of the route; the Gateway is in shop
  const char* spec;   // of the route
  const char* reason;
};

class ParentTest : public testing::TestWithParam<Case> {};

TEST_P(ParentTest, GetsTheReasonOfTheSpecification) {
  Cluster c;
  c.objects.gateways = {gateway("shop", "edge", GetParam().listeners)};
  c.routes = {parse_route(route(GetParam().space, "web", GetParam().spec))};
  EXPECT_EQ(c.reason(), GetParam().reason) << GetParam().what;
}

constexpr const char* kToEdge = R"({"parentRefs":[{"name":"edge"}],"rules":[{}]})";
constexpr const char* kFromTill = R"({"parentRefs":[{"name":"edge","namespace":"shop"}],"rules":[{}]})";

INSTANTIATE_TEST_SUITE_P(
    Attachment, ParentTest,
    testing::Values(
        Case{"plain", kHttp, "shop", kToEdge, "Accepted"},
        Case{"another Gateway", kHttp, "shop", R"({"parentRefs":[{"name":"other"}],"rules":[{}]})", "not ours"},
        Case{"a Service", kHttp, "shop", R"({"parentRefs":[{"group":"","kind":"Service","name":"edge"}],"rules":[{}]})",
             "not ours"},
        Case{"section", kHttp, "shop", R"({"parentRefs":[{"name":"edge","sectionName":"http"}],"rules":[{}]})",
             "Accepted"},
        Case{"no such section", kHttp, "shop", R"({"parentRefs":[{"name":"edge","sectionName":"x"}],"rules":[{}]})",
             "NoMatchingParent"},
        Case{"no such port", kHttp, "shop", R"({"parentRefs":[{"name":"edge","port":81}],"rules":[{}]})",
             "NoMatchingParent"},
        Case{"another namespace", kHttp, "till", kFromTill, "NotAllowedByListeners"},
        Case{"all namespaces",
             R"([{"name":"h","port":80,"protocol":"HTTP","allowedRoutes":{"namespaces":{"from":"All"}}}])", "till",
             kFromTill, "Accepted"},
        Case{
            "selector matches",
            R"([{"name":"h","port":80,"protocol":"HTTP","allowedRoutes":{"namespaces":{"from":"Selector","selector":{"matchLabels":{"edge":"yes"}}}}}])",
            "shop", kToEdge, "Accepted"},
        Case{
            "selector does not",
            R"([{"name":"h","port":80,"protocol":"HTTP","allowedRoutes":{"namespaces":{"from":"Selector","selector":{"matchLabels":{"edge":"yes"}}}}}])",
            "till", kFromTill, "NotAllowedByListeners"},
        Case{"selector missing",
             R"([{"name":"h","port":80,"protocol":"HTTP","allowedRoutes":{"namespaces":{"from":"Selector"}}}])", "shop",
             kToEdge, "NotAllowedByListeners"},
        Case{"other kinds",
             R"([{"name":"h","port":80,"protocol":"HTTP","allowedRoutes":{"kinds":[{"kind":"GRPCRoute"}]}}])", "shop",
             kToEdge, "NotAllowedByListeners"},
        Case{"TLS", R"([{"name":"h","port":443,"protocol":"HTTPS"}])", "shop", kToEdge, "NotAllowedByListeners"},
        Case{"host", R"([{"name":"h","port":80,"protocol":"HTTP","hostname":"*.shop.example"}])", "shop",
             R"({"parentRefs":[{"name":"edge"}],"hostnames":["web.shop.example"],"rules":[{}]})", "Accepted"},
        Case{"no common host", R"([{"name":"h","port":80,"protocol":"HTTP","hostname":"*.shop.example"}])", "shop",
             R"({"parentRefs":[{"name":"edge"}],"hostnames":["shop.example"],"rules":[{}]})",
             "NoMatchingListenerHostname"},
        Case{
            "the second listener takes it",
            R"([{"name":"a","port":80,"protocol":"HTTP","hostname":"a.example"},{"name":"b","port":81,"protocol":"HTTP"}])",
            "shop", R"({"parentRefs":[{"name":"edge"}],"hostnames":["b.example"],"rules":[{}]})", "Accepted"},
        Case{"unsupported", kHttp, "shop",
             R"({"parentRefs":[{"name":"edge"}],"rules":[{"filters":[{"type":"RequestMirror"}]}]})",
             "UnsupportedValue"}));

TEST(Attachment, HostNamesAreNarrowedToTheListeners) {
  Cluster c;
  c.objects.gateways = {
      gateway("shop", "edge", R"([{"name":"a","port":80,"protocol":"HTTP","hostname":"*.shop.example"}])")};
  c.routes = {parse_route(route(
                  "shop", "web",
                  R"({"parentRefs":[{"name":"edge"}],"hostnames":["web.shop.example","till.example"],"rules":[{}]})")),
              parse_route(route("shop", "any",
                                R"({"parentRefs":[{"name":"edge"},{"name":"edge","sectionName":"a"}],"rules":[{}]})"))};
  const Attachments all = c.attached();
  EXPECT_EQ(all.routes.at({"shop", "web"}).places, (std::vector<Place>{{80, {"web.shop.example"}}}));
  // Two parentRefs to one listener are one place.
  EXPECT_EQ(all.routes.at({"shop", "any"}).places, (std::vector<Place>{{80, {"*.shop.example"}}}));
  EXPECT_EQ(all.gateways[0].listeners[0].attached, 2);
}

TEST(Attachment, AHostNameBelongsToTheOldestGateway) {
  Cluster c;
  c.objects.gateways = {
      gateway(
          "till", "young",
          R"([{"name":"http","port":80,"protocol":"HTTP"},{"name":"own","port":80,"protocol":"HTTP","hostname":"till.example"}])",
          "2026-11-24T12:00:00Z"),
      gateway("shop", "old", kHttp)};
  c.routes = {
      parse_route(route("till", "web", R"({"parentRefs":[{"name":"young","sectionName":"http"}],"rules":[{}]})"))};
  const Attachments all = c.attached();
  EXPECT_EQ(all.gateways[0].name, "old");
  EXPECT_TRUE(all.gateways[0].listeners[0].usable());
  ASSERT_TRUE(all.gateways[1].listeners[0].conflicted);
  EXPECT_EQ(all.gateways[1].listeners[0].conflicted->reason, "HostnameConflict");
  EXPECT_NE(all.gateways[1].listeners[0].conflicted->message.find("shop/old"), std::string::npos);
  EXPECT_TRUE(all.gateways[1].listeners[1].usable());
  EXPECT_EQ(c.reason(), "NotAllowedByListeners");
}

TEST(Attachment, EachPortIsAFrontendAndServicesKeepTheirAddresses) {
  Cluster c;
  c.objects.gateways = {gateway(
      "shop", "edge", R"([{"name":"a","port":80,"protocol":"HTTP"},{"name":"b","port":8080,"protocol":"HTTP"}])")};
  c.routes = {parse_route(route(
      "shop", "web",
      R"({"parentRefs":[{"name":"edge","sectionName":"b"}],"rules":[{"backendRefs":[{"name":"web","port":80}]}]})"))};
  Services services;
  services.add_service(test::service("web", "10.96.0.1"));
  services.add_slice(test::slice("web", {{"web-1", "10.244.0.2"}}));
  const Attachments all = c.attached();
  const Desired d = c.desired(all, Grants({}), services);
  ASSERT_EQ(d.structure.frontends.size(), 3u);
  EXPECT_EQ(d.structure.frontends[0].id, "idle");
  EXPECT_EQ(d.structure.frontends[1].binds, std::vector<std::string>{"0.0.0.0:80"});
  EXPECT_TRUE(d.structure.frontends[1].entries.empty());
  EXPECT_EQ(d.structure.frontends[2].entries.size(), 1u);
  EXPECT_TRUE(d.addresses.empty());
  EXPECT_EQ(d.targets.at(d.routes.at(0).rules.at(0)).backends.at(0).servers.at(0).address, "10.244.0.2:8080");
}

TEST(Attachment, ForeignBackendsNeedAGrant) {
  Cluster c;
  c.objects.gateways = {gateway("shop", "edge", kHttp)};
  c.routes = {parse_route(route(
      "shop", "web",
      R"({"parentRefs":[{"name":"edge"}],"rules":[{"backendRefs":[{"name":"till","namespace":"till","port":80}]}]})"))};
  Services services;
  Value service = test::service("till", "10.96.0.2");
  service.set({"metadata", "namespace"}, "till");
  services.add_service(service);
  const Attachments all = c.attached();
  const Desired refused = c.desired(all, Grants({}), services);
  ASSERT_TRUE(refused.routes.at(0).resolved);
  EXPECT_EQ(refused.routes[0].resolved->reason, "RefNotPermitted");
  const auto grant = [](const char* from, const char* to) {
    return Grants({json(
        std::string(
            R"({"metadata":{"namespace":"till","name":"g"},"spec":{"from":[{"group":"gateway.networking.k8s.io","kind":"HTTPRoute","namespace":")") +
        from + R"("}],"to":[{"group":"","kind":"Service")" + to + "}]}}")});
  };
  EXPECT_TRUE(c.desired(all, grant("else", ""), services).routes.at(0).resolved);
  EXPECT_TRUE(c.desired(all, grant("shop", R"(,"name":"other")"), services).routes.at(0).resolved);
  for (const char* to : {"", R"(,"name":"till")"}) {
    const Desired d = c.desired(all, grant("shop", to), services);
    EXPECT_FALSE(d.routes.at(0).resolved);
    EXPECT_EQ(d.targets.at(d.routes[0].rules.at(0)).backends.at(0).service, "till/till");
  }
}

// --- statuses -----------------------------------------------------------------------------------------------

const Value& condition(const Value& holder, const char* type) {
  for (const Value& c : holder["conditions"].items())
    if (c["type"].as_string() == type) return c;
  return data::kNull;
}
std::string said(const Value& holder, const char* type) {
  return condition(holder, type)["status"].str() + " " + condition(holder, type)["reason"].str();
}
const base::Time kNow{base::seconds(1'800'000'000)};

TEST(GatewayStatus, SaysWhatEachListenerDoes) {
  Cluster c;
  const Value object = gateway(
      "shop", "edge", R"([{"name":"http","port":80,"protocol":"HTTP"},{"name":"tls","port":443,"protocol":"HTTPS"},
    {"name":"busy","port":81,"protocol":"HTTP","allowedRoutes":{"kinds":[{"kind":"HTTPRoute"},{"kind":"GRPCRoute"}]}}])");
  c.objects.gateways = {object};
  c.routes = {parse_route(route("shop", "web", kToEdge))};
  const GatewayState state = c.attached().gateways.at(0);
  const Value status = gateway_status(
      object, state, {.addresses = {"192.0.2.1", "lb.example"}, .unserved = {{81, "address in use"}}}, kNow);
  EXPECT_EQ(said(status, "Accepted"), "True ListenersNotValid");
  EXPECT_EQ(said(status, "Programmed"), "False Pending");
  EXPECT_EQ(condition(status, "Programmed")["observedGeneration"], Value(3));
  EXPECT_EQ(status["addresses"],
            json(R"([{"type":"IPAddress","value":"192.0.2.1"},{"type":"Hostname","value":"lb.example"}])"));
  const Value& http = status["listeners"].at(0);
  EXPECT_EQ(said(http, "Accepted"), "True Accepted");
  EXPECT_EQ(said(http, "Programmed"), "True Programmed");
  EXPECT_EQ(said(http, "Conflicted"), "False NoConflicts");
  EXPECT_EQ(said(http, "ResolvedRefs"), "True ResolvedRefs");
  EXPECT_EQ(http["attachedRoutes"], Value(1));
  EXPECT_EQ(http["supportedKinds"], json(R"([{"group":"gateway.networking.k8s.io","kind":"HTTPRoute"}])"));
  EXPECT_EQ(said(status["listeners"].at(1), "Accepted"), "False UnsupportedProtocol");
  EXPECT_EQ(said(status["listeners"].at(1), "Programmed"), "False Invalid");
  EXPECT_EQ(said(status["listeners"].at(2), "ResolvedRefs"), "False InvalidRouteKinds");
  EXPECT_EQ(said(status["listeners"].at(2), "Programmed"), "False Pending");

  // Nothing new, nothing to write: whatever the time is.
  const Value again = gateway_status(object.with("status", status), state,
                                     {.addresses = {"192.0.2.1", "lb.example"}, .unserved = {{81, "address in use"}}},
                                     kNow + base::hours(1));
  EXPECT_EQ(again, status);
}

TEST(GatewayStatus, NeedsAnAddressAndAListener) {
  Cluster c;
  const Value object = gateway("shop", "edge", kHttp),
              nothing = gateway("shop", "tls", R"([{"name":"tls","port":443,"protocol":"TLS"}])");
  Value fixed = gateway("shop", "fixed", kHttp);
  fixed.set({"spec", "addresses"}, json(R"([{"value":"192.0.2.9"}])"));
  c.objects.gateways = {object, nothing, fixed};
  const auto states = c.attached().gateways;  // edge, fixed, tls
  EXPECT_EQ(said(gateway_status(object, states.at(0), {}, kNow), "Programmed"), "False AddressNotAssigned");
  EXPECT_EQ(
      said(gateway_status(object, states.at(0), {.addresses = {"192.0.2.1"}, .unserved = {}}, kNow), "Programmed"),
      "True Programmed");
  EXPECT_EQ(said(gateway_status(fixed, states.at(1), {}, kNow), "Accepted"), "False UnsupportedAddress");
  EXPECT_EQ(said(gateway_status(nothing, states.at(2), {}, kNow), "Accepted"), "False ListenersNotValid");
  EXPECT_EQ(said(gateway_status(nothing, states.at(2), {}, kNow), "Programmed"), "False Invalid");
}

TEST(RouteStatus, EachParentHasItsOwnVerdictAndOthersEntriesStay) {
  Cluster c;
  c.objects.gateways = {gateway("shop", "edge", kHttp)};
  Value object =
      route("shop", "web",
            R"({"parentRefs":[{"name":"edge"},{"name":"edge","sectionName":"x"},{"name":"mesh"}],"rules":[{}]})");
  object.set("status",
             json(R"({"parents":[{"controllerName":"example.com/mesh","parentRef":{"name":"mesh"},"conditions":[]},
    {"controllerName":"slipway.dev/gateway","parentRef":{"name":"gone"},"conditions":[]}]})"));
  c.routes = {parse_route(object)};
  const Attachments all = c.attached();
  const Desired d = c.desired(all, Grants({}), Services());
  ASSERT_EQ(d.routes.size(), 1u);
  EXPECT_FALSE(d.routes[0].accepted);  // one parent is enough
  const Value parents = parents_status(object, d.routes[0], {.applied = true}, kNow);
  ASSERT_EQ(parents.size(), 3u);
  EXPECT_EQ(parents.at(0)["controllerName"].as_string(), "example.com/mesh");
  EXPECT_EQ(said(parents.at(1), "Accepted"), "True Accepted");
  EXPECT_EQ(said(parents.at(1), "Programmed"), "True Programmed");
  EXPECT_EQ(said(parents.at(2), "Accepted"), "False NoMatchingParent");
  EXPECT_EQ(said(parents.at(2), "Programmed"), "False Invalid");
}

// --- host names ---------------------------------------------------------------------------------------------

TEST(Hosts, HaveWhatTheyShareInCommon) {
  const auto common = [](const char* a, const char* b) { return common_host(a, b).value_or("-"); };
  EXPECT_EQ(common("", ""), "");
  EXPECT_EQ(common("a.example", ""), "a.example");
  EXPECT_EQ(common("", "*.example"), "*.example");
  EXPECT_EQ(common("*.example", "a.b.example"), "a.b.example");
  EXPECT_EQ(common("*.example", "example"), "-");
  EXPECT_EQ(common("*.example", "xexample"), "-");
  EXPECT_EQ(common("a.example", "b.example"), "-");
  EXPECT_EQ(common("*.b.example", "*.example"), "*.b.example");
}

// A request for `host` is in the common part exactly when it is in both.
RC_GTEST_PROP(Hosts, CommonIsTheIntersection, ()) {
  const auto host = [](bool may_be_wide) {
    return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, may_be_wide ? 3 : 1),
                                      rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
                                                             rc::gen::element<std::string>("a", "b"))))),
                        [](const std::pair<int, std::vector<std::string>>& g) {
                          std::string out;
                          for (const std::string& label : g.second) out += (out.empty() ? "" : ".") + label;
                          return g.first == 2 ? std::string() : (g.first == 1 ? "*." : "") + out;
                        });
  };
  const auto holds = [](const std::string& pattern, const std::string& name) {
    if (pattern.empty() || pattern == name) return true;
    return pattern.starts_with("*.") && name.size() >= pattern.size() && name.ends_with(pattern.substr(1));
  };
  const std::string a = *host(true), b = *host(true), name = *host(false);
  const auto common = common_host(a, b);
  RC_ASSERT((common && holds(*common, name)) == (holds(a, name) && holds(b, name)));
  RC_ASSERT(common == common_host(b, a));
}

}  // namespace
}  // namespace slipway::gateway
