// The gateway against the real API server and the real HAProxy, on loopback addresses.
#include "gateway/gateway.h"

#include <signal.h>

#include "api/meta.h"
#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "gateway/test_world.h"
#include "store/memory_store.h"

namespace slipway::gateway {
namespace {

using client::Request;
using client::Verb;
using data::Value;
using test::json;
using test::Load;
using test::Pod;

class GatewayTest : public test::World {
 protected:
  void SetUp() override {
    if (!test::has_program("haproxy")) GTEST_SKIP() << "haproxy is not installed (Debian package haproxy)";
    World::SetUp();
    on_loop([&] {
      store = store::make_memory_store(loop);
      apiserver::Settings settings;
      settings.service_range = vip_range();
      server = std::make_unique<apiserver::ApiServer>(*store, loop, random, settings);
      server->start();
      user = std::make_unique<apiserver::LocalClient>(
          *server, loop, apiserver::Identity{.user = "admin", .groups = {"system:masters"}});
      part = std::make_unique<apiserver::LocalClient>(*server, loop, apiserver::part_identity(apiserver::kGatewayUser));
    });
    create(api::kNamespaces, json(R"({"metadata":{"name":"shop"}})"));
    start_gateway();
  }
  void TearDown() override {
    if (!host) return;
    on_loop([&] {
      gateway.reset();
      part.reset();
      user.reset();
      server.reset();
      store.reset();
    });
    World::TearDown();
  }

  void start_gateway() {
    on_loop([&] {
      gateway = std::make_unique<Gateway>(*part, loop, random, *host, metrics,
                                          GatewayOptions{.data_dir = dir(), .port = port});
      EXPECT_TRUE(gateway->start().has_value());
    });
  }

  Value call(Request request) {
    std::promise<client::Answer> answer;
    loop.post([&] { user->call(std::move(request), [&](client::Answer a) { answer.set_value(std::move(a)); }); });
    auto got = answer.get_future().get();
    EXPECT_TRUE(got.has_value()) << got.error().message;
    return got ? *got : Value();
  }
  Value create(const api::Resource& resource, Value object) {
    object.set("apiVersion", resource.api_version());
    object.set("kind", resource.kind);
    std::string space(api::space_of(object));
    return call({.verb = Verb::Create, .resource = resource, .space = space, .body = object});
  }
  Value merge(const api::Resource& resource, const std::string& name, const Value& patch) {
    return call({.verb = Verb::Patch, .resource = resource, .space = "shop", .name = name, .body = patch});
  }
  // A Service with the endpoints that its controller would write.
  Value add_service(const std::string& name, const std::vector<Pod>& pods, const std::string& address = "") {
    Value object = test::service(name, address, 8080);
    if (address.empty()) object.erase({"spec", "clusterIP"});
    Value made = create(api::kServices, object);
    create(api::kEndpointSlices, test::slice(name, pods));
    return made;
  }
  void set_endpoints(const std::string& name, const std::vector<Pod>& pods) {
    merge(api::kEndpointSlices, name + "-x", Value::object({{"endpoints", test::slice(name, pods)["endpoints"]}}));
  }
  // backendRefs of the route "web"; returns its generation.
  std::int64_t set_backends(const std::vector<std::pair<std::string, int>>& backends) {
    Value spec = test::weighted("web", backends)["spec"];
    Value rules = spec["rules"];
    Value& refs = rules.element(0).member("backendRefs");
    for (std::size_t i = 0; i < refs.size(); ++i) refs.element(i).set("port", 8080);
    return api::generation_of(
        merge(api::kHttpRoutes, "web", Value::object({{"spec", Value::object({{"rules", rules}})}})));
  }
  void add_route() {
    create(api::kHttpRoutes,
           json(R"({"metadata":{"namespace":"shop","name":"web"},"spec":{"parentRefs":[{"name":"slipway"}],
      "rules":[{"backendRefs":[{"name":"web","port":8080}]}]}})"));
  }

  base::Result<Value> ask(control::Port& port, const Value& question) {
    std::promise<base::Result<Value>> answer;
    loop.post([&] { port.perform("q", question, [&](base::Result<Value> a) { answer.set_value(std::move(a)); }); });
    return answer.get_future().get();
  }
  base::Result<Value> traffic() {
    return ask(gateway->traffic_port(), json(R"({"route":{"namespace":"shop","name":"web"}})"));
  }
  // Asks until the proxy shows the generation, as a release does.
  Value await_generation(std::int64_t generation) {
    for (;;) {
      auto answer = traffic();
      if (answer && (*answer)["generation"].as_int() >= generation) return *answer;
    }
  }
  Value backend(const Value& answer, const std::string& service) {
    for (const Value& b : answer["rules"].at(0)["backends"].items()) {
      if (b["service"].as_string() == service) return b;
    }
    return {};
  }
  Value metric(const std::string& service, const std::string& query) {
    return *ask(gateway->gateway_metrics_port(), Value::object({{"route", json(R"({"namespace":"shop","name":"web"})")},
                                                                {"service", service},
                                                                {"window", "60s"},
                                                                {"query", query}}));
  }
  void drain(const test::App& app) {
    std::promise<void> done;
    loop.post([&] { gateway->drain({"shop", app.name, "uid-" + app.name, app.ip}, [&] { done.set_value(); }); });
    done.get_future().get();
  }

  runtime::real::OsRandom random;
  runtime::Metrics metrics;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<apiserver::ApiServer> server;
  std::unique_ptr<apiserver::LocalClient> user, part;
  std::unique_ptr<Gateway> gateway;
};

TEST_F(GatewayTest, AReleaseIsVerifiedThroughThePorts) {
  Pod a = pod(start_app("v1")), b = pod(start_app("v2", {"ERROR_RATE=0.5", "LATENCY_MS=30"}));
  add_service("web", {a});
  add_service("web-stable", {a}, "None");
  add_service("web-canary", {b}, "None");
  add_route();
  await_generation(1);
  Load load(port, {"--connections", "8", "--rate", "2000"});
  await_generation(set_backends({{"web-stable", 100}, {"web-canary", 0}}));
  std::int64_t moved = set_backends({{"web-stable", 80}, {"web-canary", 20}});
  Value answer = await_generation(moved);
  EXPECT_EQ(backend(answer, "web-canary")["share"].as_int(), 2000);
  EXPECT_EQ(backend(answer, "web-canary")["weight"].as_int(), 20);
  EXPECT_EQ(backend(answer, "web-canary")["servers"].as_int(), 1);
  load.mark("canary");
  auto s = load.after("canary", 2000);
  auto failing = s["versions"]["v2"];
  EXPECT_GT(failing["failed"].as_int(), 0);
  EXPECT_EQ(s["versions"]["v1"]["failed"].as_int(), 0);

  Value rate = metric("web-canary", "error-rate");
  EXPECT_NEAR(rate["value"].as_double(), 0.5, 0.15);
  EXPECT_GT(rate["samples"].as_int(), 50);
  EXPECT_EQ(metric("web-stable", "error-rate")["value"].as_double(-1), 0);
  EXPECT_GT(metric("web-canary", "p99")["value"].as_double(), 0.028);
  EXPECT_TRUE(metric("nobody", "p99")["value"].is_null());
  const Value failures = *ask(gateway->gateway_metrics_port(),
                              json(R"({"route":{"namespace":"shop","name":"web"},"service":"web-canary","window":"60s",
                                       "query":"error-rate","failures":true})"));
  ASSERT_EQ(failures["failures"].size(), 2u) << data::to_json(failures);
  const Value& kind = failures["failures"].at(0);
  EXPECT_EQ(kind["method"], Value("GET"));
  EXPECT_EQ(kind["path"], Value("/"));
  EXPECT_EQ(kind["status"], Value(500));
  EXPECT_EQ(kind["firstOn"], Value(b.name));
  EXPECT_GT(kind["count"].as_int(), 0);
  EXPECT_EQ(failures["failures"].at(1)["path"], Value("/order"));

  // Rolled back: no new request on the bad version once the generation is shown.
  await_generation(set_backends({{"web-stable", 100}, {"web-canary", 0}}));
  load.mark("back");
  EXPECT_EQ(load.after("back", 1000)["versions"]["v2"]["requests"].as_int(), 0);
  Value back = await_generation(0);
  EXPECT_EQ(backend(back, "web-canary")["share"].as_int(), 0);
  await_generation(set_backends({{"web", 1}}));
  load.stop();
  EXPECT_NE(metrics.text().find("slipway_gateway_requests_total{namespace=\"shop\",route=\"web\",service=\"web-"
                                "canary\",hash=\"\",audience=\"\",code=\"500\"}"),
            std::string::npos);
}

// The rules that a release writes for an audience: at the end, more headers than the rule they were made from.
TEST_F(GatewayTest, AnAudienceGetsItsVersionWhateverTheWeight) {
  Pod a = pod(start_app("v1")), b = pod(start_app("v2"));
  add_service("web", {a});
  add_service("web-stable", {a}, "None");
  add_service("web-canary", {b}, "None");
  add_route();
  const auto rules = [&](int canary) {
    Value both = json(R"([{"backendRefs":[{"name":"web-stable","port":8080,"weight":100},
        {"name":"web-canary","port":8080,"weight":0}]},
      {"matches":[{"headers":[{"type":"Exact","name":"x-staff","value":"yes"}]},
        {"headers":[{"type":"RegularExpression","name":"cookie","value":"(.*;[ \\t]*)?beta=1([ \\t]*;.*)?"}]}],
       "filters":[{"type":"RequestHeaderModifier",
        "requestHeaderModifier":{"set":[{"name":"slipway-audience","value":"staff"}]}}],
       "backendRefs":[{"name":"web-stable","port":8080},{"name":"web-canary","port":8080}]}])");
    Value& refs = both.element(1).member("backendRefs");
    refs.element(0).set("weight", 100 - canary);
    refs.element(1).set("weight", canary);
    return api::generation_of(
        merge(api::kHttpRoutes, "web", Value::object({{"spec", Value::object({{"rules", both}})}})));
  };
  const auto version = [&](const std::string& header) {
    const std::string head = get("/", header.empty() ? "" : header + "\r\n").head;
    const std::size_t at = head.find("x-version: ");
    return at == std::string::npos ? head : head.substr(at + 11, 2);
  };
  await_generation(rules(100));
  EXPECT_EQ(version(""), "v1");
  EXPECT_EQ(version("x-staff: yes"), "v2");
  EXPECT_EQ(version("x-staff: no"), "v1");
  EXPECT_EQ(version("cookie: a=b; beta=1; c=d"), "v2");
  EXPECT_EQ(version("cookie: a=b; alphabeta=1"), "v1");
  EXPECT_EQ(version("cookie: beta=11"), "v1");
  await_generation(rules(0));
  EXPECT_EQ(version("x-staff: yes"), "v1") << "on the way back";
}

TEST_F(GatewayTest, StatusSaysWhatTheProxyDoes) {
  Pod a = pod(start_app("v1"));
  add_service("web", {a});
  add_route();
  auto programmed = [&](const char* type) {
    for (;;) {
      Value route = call({.verb = Verb::Get, .resource = api::kHttpRoutes, .space = "shop", .name = "web"});
      const Value& parent = route["status"]["parents"].at(0);
      const Value& condition = api::condition(Value::object({{"status", parent}}), type);
      if (condition["observedGeneration"].as_int() == api::generation_of(route)) {
        EXPECT_EQ(parent["controllerName"].as_string(), "slipway.dev/gateway");
        return condition;
      }
    }
  };
  EXPECT_EQ(programmed("Programmed")["status"].as_string(), "True");
  EXPECT_EQ(programmed("Accepted")["status"].as_string(), "True");
  set_backends({{"absent", 1}});
  Value refs = programmed("ResolvedRefs");
  EXPECT_EQ(refs["status"].as_string(), "False");
  EXPECT_EQ(refs["reason"].as_string(), "BackendNotFound");
  merge(api::kHttpRoutes, "web",
        json(R"({"spec":{"rules":[{"matches":[{"path":{"type":"RegularExpression","value":"/("}}]}]}})"));
  Value accepted = programmed("Accepted");
  EXPECT_EQ(accepted["status"].as_string(), "False");
  EXPECT_EQ(accepted["reason"].as_string(), "UnsupportedValue");
  EXPECT_EQ(programmed("Programmed")["status"].as_string(), "False");
}

TEST_F(GatewayTest, ServicesAnswerOnTheirVirtualAddressAndFollowTheirRoute) {
  Pod a = pod(start_app("v1")), b = pod(start_app("v2"));
  Value made = add_service("web", {a});
  add_service("other", {b});
  std::string vip = made["spec"]["clusterIP"].str();
  add_route();
  await_generation(1);
  auto version = [&] {
    auto answer = request(vip, 8080, "GET / HTTP/1.1\r\nHost: web\r\n");
    auto at = answer.head.find("x-version: ");
    return at == std::string::npos ? std::to_string(answer.status) : answer.head.substr(at + 11, 2);
  };
  while (version() != "v1") std::this_thread::yield();
  create(
      api::kHttpRoutes,
      json(
          R"({"metadata":{"namespace":"shop","name":"mesh"},"spec":{"parentRefs":[{"group":"","kind":"Service","name":"web"}],
      "rules":[{"backendRefs":[{"name":"other","port":8080}]}]}})"));
  while (version() != "v2") std::this_thread::yield();
  EXPECT_EQ(on_loop([&] { return gateway->names(); })["web.shop.svc.cluster.local"], std::set<std::string>{vip});
  EXPECT_TRUE(on_loop([&] { return gateway->problems(); }).empty());
}

TEST_F(GatewayTest, PodsLeaveWithoutAFailedRequestAlsoWhenTheGatewayRestarts) {
  test::App &one = start_app("v1"), &two = start_app("v1");
  add_service("web", {pod(one), pod(two)});
  add_route();
  await_generation(1);
  Load load(port, {"--connections", "8"});
  on_loop([&] { gateway.reset(); });
  load.mark("away");
  load.after("away", 2000);
  start_gateway();
  await_generation(1);
  test::App& three = start_app("v2");
  set_endpoints("web", {pod(one, true, true), pod(two), pod(three)});
  drain(one);
  one.child.signal(SIGTERM);
  EXPECT_EQ(one.child.wait(), 0);
  set_endpoints("web", {pod(two), pod(three)});
  // The last ones leave before the replacement has been seen: they are kept until it has.
  std::promise<void> drained;
  loop.post([&] { gateway->drain({"shop", three.name, "uid-" + three.name, three.ip}, [&] { drained.set_value(); }); });
  drained.get_future().get();
  three.child.signal(SIGTERM);
  EXPECT_EQ(three.child.wait(), 0);
  load.mark("end");
  load.after("end", 1000);
  Value totals = load.stop();
  EXPECT_EQ(totals["failed"].as_int(), 0)
      << data::to_json(totals["errors"]) << data::to_json(totals["status"]) << totals["first_error"].as_string();
  // What the proxy logged while nobody listened has come as well.
  auto missing = [&] {
    traffic();
    auto text = metrics.text();
    return text.find("slipway_gateway_log_lines_missing 0\n") != std::string::npos;
  };
  while (!missing()) std::this_thread::yield();
}

TEST_F(GatewayTest, APodThatNeverServedIsDrainedAtOnce) {
  add_service("web", {});
  add_route();
  await_generation(1);
  std::promise<void> done;
  loop.post([&] { gateway->drain({"shop", "job", "uid-job", "127.20.0.99"}, [&] { done.set_value(); }); });
  done.get_future().get();
}

}  // namespace
}  // namespace slipway::gateway
