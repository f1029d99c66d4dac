// Replicas and a controller that find and trust each other through the real API server, and talk over real TLS.
#include "gateway/replicas.h"

#include <gtest/gtest.h>

#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "gateway/combine.h"
#include "gateway/control_server.h"
#include "gateway/failures.h"
#include "gateway/heartbeat.h"
#include "gateway/test_objects.h"
#include "runtime/real/loop.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"

namespace slipway::gateway {
namespace {

using client::Verb;
using data::Value;
using test::json;

constexpr const char* kSpace = "slipway-system";

// Answers everything with the same.
class Fixed final : public control::Port {
 public:
  Fixed(runtime::Loop& loop, Value answer) : loop_(loop), answer_(std::move(answer)) {}
  void perform(const std::string&, const Value& what, Done done) override {
    asked = what;
    loop_.post([answer = answer_, done = std::move(done)]() mutable { done(std::move(answer)); });
  }
  Value asked;

 private:
  runtime::Loop& loop_;
  Value answer_;
};

Value traffic(std::int64_t requests) {
  return Value::object(
      {{"generation", 3},
       {"rules",
        Value::array({Value::object({{"backends", Value::array({Value::object({{"service", "canary"},
                                                                               {"weight", 1},
                                                                               {"share", 100},
                                                                               {"servers", 2},
                                                                               {"sessions", 1},
                                                                               {"requests", requests}})})}})})}});
}

const FailureKind kFailed{.method = "GET", .path = "/", .status = 500, .count = 3};

// A replica as it is in its process, without a proxy.
struct Replica {
  Fixed traffic_port, metrics_port;
  std::unique_ptr<ControlServer> server;
  std::unique_ptr<LiveReplicas> leases;
  std::unique_ptr<Heartbeat> heartbeat;

  Replica(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, const std::string& name, Value traffic,
          const WindowSum& sum)
      : traffic_port(loop, std::move(traffic)),
        metrics_port(loop, to_value(sum).with("failures", to_value({kFailed}))) {
    auto certificate = make_server_certificate(loop.now());
    const std::string published = certificate.published;
    server = ControlServer::open(loop, "127.0.0.1:0", std::move(certificate),
                                 {{"traffic", &traffic_port}, {"metrics/gateway", &metrics_port}})
                 .value();
    leases = std::make_unique<LiveReplicas>(api, loop, random, kSpace);
    leases->on_change([this] { EXPECT_TRUE(server->trust(leases->trusted()).has_value()); });
    leases->start();
    heartbeat = std::make_unique<Heartbeat>(
        api, loop, kSpace, ReplicaFacts{name, "127.0.0.1:" + std::to_string(server->port()), published}, nullptr);
    heartbeat->start();
  }
};

template <class LoopType>
struct Cluster {
  LoopType loop;
  std::unique_ptr<store::Store> store = store::make_memory_store(loop);
  apiserver::ApiServer server;
  apiserver::LocalClient api;

  template <class... Arguments>
  explicit Cluster(runtime::Random& random, Arguments... arguments)
      : loop(arguments...),
        server(*store, loop, random, {}),
        api(server, loop, {.user = "admin", .groups = {"system:masters"}}) {
    server.start();
    put({.verb = Verb::Create,
         .resource = api::kNamespaces,
         .body = json(R"({"metadata":{"name":"slipway-system"}})")});
  }
  void put(client::Request request) {
    api.call(std::move(request),
             [](client::Answer answer) { EXPECT_TRUE(answer.has_value()) << answer.error().message; });
  }
};

class ReplicasTest : public testing::Test {
 protected:
  // As the controller does that takes the lease.
  void lead(const OwnCertificate& certificate) {
    Value lease = json(
        R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"slipway-controller"},"spec":{"holderIdentity":"c"}})");
    lease.set({"metadata", "annotations", kClientCertificate}, certificate.published);
    cluster.put({.verb = leading_ ? Verb::Patch : Verb::Create,
                 .resource = api::kLeases,
                 .space = kSpace,
                 .name = leading_ ? kControllerLease : "",
                 .body = lease});
    leading_ = true;
  }
  void begin(const std::string& name, std::int64_t requests, const WindowSum& sum = {}) {
    replicas[name] = std::make_unique<Replica>(cluster.api, cluster.loop, random, name, traffic(requests), sum);
  }
  std::unique_ptr<Replicas> controller(const OwnCertificate& certificate) {
    auto out = std::make_unique<Replicas>(cluster.api, cluster.loop, random,
                                          ReplicasOptions{.space = kSpace, .certificate = certificate});
    out->start();
    return out;
  }
  base::Result<Value> ask(control::Port& port, const Value& question) {
    std::optional<base::Result<Value>> answer;
    port.perform("q", question, [&](base::Result<Value> a) { answer = std::move(a); });
    while (!answer) cluster.loop.run_one();
    return *answer;
  }
  base::Result<Value> ask_traffic(Replicas& r) {
    return ask(r.traffic_port(), json(R"({"route":{"namespace":"shop","name":"web"}})"));
  }
  // As a release does: again until the answer is as it will be.
  base::Result<Value> ask_until(Replicas& r, const std::function<bool(const base::Result<Value>&)>& good) {
    for (;;) {
      auto answer = ask_traffic(r);
      if (good(answer)) return answer;
    }
  }

  runtime::real::OsRandom random;
  Cluster<runtime::real::Loop> cluster{random};
  std::map<std::string, std::unique_ptr<Replica>> replicas;
  bool leading_ = false;
};

std::int64_t requests_of(const base::Result<Value>& answer) {
  return answer ? (*answer)["rules"].at(0)["backends"].at(0)["requests"].as_int() : -1;
}

TEST_F(ReplicasTest, AllThatLiveAreAskedAndTheirAnswersCombined) {
  const auto own = make_client_certificate("c", cluster.loop.now());
  lead(own);
  WindowSum fast{.requests = 99, .errors = 0, .durations = {}}, slow{.requests = 1, .errors = 1, .durations = {}};
  for (int i = 0; i < 99; ++i) fast.durations.add(base::milliseconds(1));
  slow.durations.add(base::seconds(1));
  begin("a", 17, fast);
  begin("b", 25, slow);
  const auto c = controller(own);
  const auto answer = ask_until(*c, [](auto& a) { return requests_of(a) == 42; });
  EXPECT_EQ((*answer)["generation"], Value(3));
  EXPECT_TRUE(c->any());
  const auto metric =
      ask(c->gateway_metrics_port(), json(R"({"service":"canary","window":"10s","query":"error-rate"})"));
  ASSERT_TRUE(metric.has_value()) << metric.error().message;
  EXPECT_EQ(*metric, json(R"({"samples":100,"value":0.01})"));
  EXPECT_EQ(replicas["a"]->metrics_port.asked["sum"], Value(true));
  const auto told = ask(c->gateway_metrics_port(),
                        json(R"({"service":"canary","window":"10s","query":"error-rate","failures":true})"));
  ASSERT_TRUE(told.has_value()) << told.error().message;
  EXPECT_EQ((*told)["failures"].at(0)["count"], Value(6));
  EXPECT_FALSE(ask(c->gateway_metrics_port(), json(R"({"window":"10s","query":"nonsense"})")).has_value());
}

TEST_F(ReplicasTest, ALiveOneThatDoesNotAnswerIsNamed) {
  const auto own = make_client_certificate("c", cluster.loop.now());
  lead(own);
  begin("a", 17);
  begin("b", 25);
  const auto c = controller(own);
  ask_until(*c, [](auto& a) { return requests_of(a) == 42; });
  replicas["b"]->server.reset();
  replicas["b"]->leases.reset();
  const auto answer = ask_traffic(*c);
  ASSERT_FALSE(answer.has_value());
  EXPECT_TRUE(answer.error().message.starts_with("gateway replica b at 127.0.0.1:")) << answer.error().message;
  // It has ended, and said so.
  replicas["b"]->heartbeat->end([] {});
  EXPECT_EQ(requests_of(ask_until(*c, [](auto& a) { return a.has_value(); })), 17);
}

TEST_F(ReplicasTest, OnlyTheControllerThatLeadsIsAnswered) {
  const auto first = make_client_certificate("c", cluster.loop.now()),
             second = make_client_certificate("c", cluster.loop.now());
  lead(first);
  begin("a", 17);
  const auto c1 = controller(first), c2 = controller(second);
  ask_until(*c1, [](auto& a) { return requests_of(a) == 17; });
  ask_until(*c2, [&](auto&) { return c2->any(); });
  EXPECT_EQ(requests_of(ask_traffic(*c2)), -1);
  lead(second);
  ask_until(*c2, [](auto& a) { return requests_of(a) == 17; });
  EXPECT_EQ(requests_of(ask_traffic(*c1)), -1);
}

TEST_F(ReplicasTest, WithoutAnyTheAnswerSaysWhatToUse) {
  const auto c = controller(make_client_certificate("c", cluster.loop.now()));
  EXPECT_EQ(ask_traffic(*c).error().code, base::Code::Unavailable);
  EXPECT_NE(ask(c->gateway_metrics_port(), json("{}")).error().message.find("provider.prometheus"), std::string::npos);
}

TEST(LiveReplicasTest, OneIsDeadWhenItsLeaseHasNotChangedForItsDuration) {
  runtime::sim::SeededRandom random(7);
  Cluster<runtime::sim::Loop> cluster(random);
  runtime::sim::Loop& loop = cluster.loop;
  LiveReplicas replicas(cluster.api, loop, random, kSpace);
  int changes = 0;
  replicas.on_change([&] { ++changes; });
  replicas.start();
  auto heartbeat =
      std::make_unique<Heartbeat>(cluster.api, loop, kSpace, ReplicaFacts{"pod-1", "10.0.0.1:1", "PEM"}, nullptr);
  heartbeat->start();
  loop.run_for(base::minutes(5));
  ASSERT_EQ(replicas.live(), (std::vector<ReplicaFacts>{{"pod-1", "10.0.0.1:1", "PEM"}}));
  heartbeat.reset();  // killed
  loop.run_for(base::seconds(9));
  EXPECT_EQ(replicas.live().size(), 1u);
  const int before = changes;
  loop.run_for(base::seconds(7));
  EXPECT_TRUE(replicas.live().empty());
  EXPECT_GT(changes, before);  // whoever waits is told
  EXPECT_TRUE(replicas.dead_for(base::minutes(1)).empty());
  loop.run_for(base::minutes(1));
  EXPECT_EQ(replicas.dead_for(base::minutes(1)), std::vector<std::string>{"slipway-gateway-pod-1"});
}

TEST(ReplicaLease, NamesAreNamesOfObjects) {
  EXPECT_EQ(replica_lease_name("slipway-gateway-7d9-x2"), "slipway-gateway-7d9-x2");
  EXPECT_EQ(replica_lease_name("Host_1"), "slipway-gateway-host-1");
}

}  // namespace
}  // namespace slipway::gateway
