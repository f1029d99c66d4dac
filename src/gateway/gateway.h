// The gateway: watches HTTPRoutes, Services and EndpointSlices, and makes HAProxy follow them. Of the embedded cluster,
// or (GatewayOptions::cluster) one replica of the GatewayClass of a cluster that others run, where it serves what the
// Gateways there ask for and nothing else (attachment.h).
//
//   Gateway gateway(api, loop, random, host, metrics, {.data_dir = D, .port = 8080, .network = NetworkSpace::Node});
//   runner.add_port("traffic", gateway.traffic_port());
//   runner.add_port("metrics/gateway", gateway.gateway_metrics_port());
//   node agent: `gateway` is its control::DrainGate
//   gateway.start();
//
// Writes HTTPRoute status.parents[] with controllerName slipway.dev/gateway: Accepted and ResolvedRefs follow the
// Gateway API; Programmed is True, with the route's generation, once every worker of the proxy has shown that it does
// what the route says. Ports (questions and answers are JSON):
//   traffic           {"route":{"namespace","name"}} -> {"generation" (of the route, as applied and read back just
//   now),
//                     "rules":[{"backends":[{"service","weight","share" (0..10000, as read back),"servers","sessions"
//                     (all workers), "requests"}],"held" (why it is not applied yet; absent when it is)}]}. NotFound
//                     without such a route.
//   metrics/gateway   {"route","service","window":"10s","query":"error-rate|requests|rate|p50|p90|p95|p99"} ->
//                     {"value": number|null,"samples"}; durations in seconds; null without data. With "sum": true
//                     instead of a query -> counts that can be added (combine.h).
// Lives on the control loop. The proxy is started through the host of processes, which says how long it lives; one that
// runs already is adopted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/api_client.h"
#include "client/cache.h"
#include "control/ports.h"
#include "gateway/service.h"
#include "runtime/loop.h"
#include "runtime/metrics.h"

namespace slipway::gateway {

struct OnCluster {
  std::vector<std::string> addresses = {};  // that Gateways show in their status; empty: those of the Service
  std::string service_space, service;       // the Service before the replicas; empty: none
  std::function<bool()> leads = {};         // only then statuses are written
  client::CacheOptions caches = {};
};

struct GatewayOptions {
  std::string data_dir;                      // uses <data_dir>/gateway and <data_dir>/run
  std::string listen_address = "127.0.0.1";  // in the host's network
  int port = 0;                              // 0: no listener, Services' virtual addresses only
  control::NetworkSpace network =
      control::NetworkSpace::Host;  // where pods and virtual addresses are: Node when isolated
  std::string haproxy = "haproxy";
  int threads = 2;
  // Then `listen_address` is where the ports of Gateways are bound, and `port` has no meaning.
  std::optional<OnCluster> cluster = {};
};

class Gateway final : public control::DrainGate {
 public:
  Gateway(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, control::ProcessHost& host,
          runtime::Metrics& metrics, GatewayOptions options);
  ~Gateway() override;  // leaves the proxy running
  Gateway(const Gateway&) = delete;

  // Unavailable when the access log cannot be received; everything later is reported by `problems`.
  base::Result<void> start();
  // Has the proxy shown all that is wanted, at least once?
  bool ready() const;
  // False: the cluster does not know the Gateway API. It goes on when that comes.
  bool served() const;
  // Statuses are looked at again, as after leadership was gained.
  void review();
  // What does not work, for people: a missing package, an address that cannot be bound. Empty when all is well.
  std::vector<std::string> problems() const;

  control::Port& traffic_port();
  control::Port& gateway_metrics_port();
  void drain(const Pod& pod, std::move_only_function<void()> done) override;
  // For the name server (Services::names).
  Names names() const;
  void on_names(std::function<void()> listener);  // after they changed

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::gateway
