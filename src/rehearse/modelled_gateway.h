// A gateway with modelled traffic: routes take effect after a delay, requests fall on versions by their shares, and
// answers are good or bad as the versions' pods behave (behaviour.h).
//
// A service's servers are the ready endpoints of its EndpointSlices, as for the real gateway: what the controllers have
// not put there gets no request. A server carries `pod_capacity` requests per second; what is beyond is refused.
//
// Offers the same ports as the real gateway: `traffic`, `metrics/gateway`, `metrics/prometheus` (which understands
// queries that name a service as `service="x"`: quantiles are latencies, everything else is an error rate).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/cache.h"
#include "control/ports.h"
#include "rehearse/behaviour.h"
#include "rehearse/faults.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

struct TrafficOptions {
  double requests_per_second = 200;                     // per route
  base::Duration apply_delay = base::milliseconds(60);  // from a change of a route to its being programmed
  double pod_capacity = 0;                              // requests per second and pod; 0: any number
};

// What metric answers go through: chances of an empty, undefined, late or wrong one.
struct MetricFaults {
  double empty = 0, nan = 0, slow = 0, wrong = 0, failed = 0;
  static MetricFaults drawn(runtime::Random& random);
};

// What happened to requests within one second of virtual time, per route and service.
struct Second {
  std::int64_t requests = 0;
  std::int64_t errors = 0;    // answered 500 by the version
  std::int64_t unserved = 0;  // no ready pod behind the service
  std::int64_t refused = 0;   // more than its pods can carry
  base::Duration latency{};   // median
};

class ModelledGateway {
 public:
  using RouteName = client::ObjectName;
  struct Backend {
    std::string service;
    std::int64_t weight = 0;    // as in the route
    std::int64_t share = 0;     // 0..10000, as programmed
    std::int64_t ready = 0;     // pods
    std::int64_t requests = 0;  // in all
  };
  struct Route {
    std::int64_t generation = 0;  // programmed
    std::vector<Backend> backends;
    std::map<std::string, std::deque<Second>> history;  // newest last, by service
    runtime::Timer pending;
    std::int64_t pending_generation = 0;
  };

  ModelledGateway(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, TrafficOptions options = {});
  void start();
  void set_metric_faults(MetricFaults faults) { metric_faults_ = faults; }

  control::Port& traffic_port() { return traffic_port_; }
  control::Port& gateway_metrics_port() { return gateway_metrics_port_; }
  control::Port& prometheus_port() { return prometheus_port_; }
  const std::map<RouteName, Route>& routes() const { return routes_; }
  // Requests that fell on a service without a ready pod while another backend of the route had one.
  std::int64_t unserved_while_others_could() const { return unserved_; }
  // Requests that no pod could take: none was ready, or all were busy.
  std::int64_t not_served() const { return not_served_; }
  std::int64_t requests() const { return requests_; }

  // What a metric was asked about.
  struct Subject {
    RouteName route;
    std::string service;
    std::string query;
    auto operator<=>(const Subject&) const = default;
  };
  // Answers with a number from at least `samples` requests that were given in time within the last `span`.
  std::int64_t real_answers(const Subject& subject, base::Duration span, std::int64_t samples) const;

 private:
  struct CallPort final : control::Port {
    std::function<void(const data::Value&, Done)> answer;
    void perform(const std::string&, const data::Value& what, Done done) override { answer(what, std::move(done)); }
  };
  struct Measured {
    std::optional<double> value;
    std::int64_t samples = 0;
  };

  void route_changed(const data::Value& after);
  void program(const RouteName& name);
  void report(const data::Value& route);
  void tick();
  void serve(const RouteName& name, Route& route);
  std::vector<data::Value> ready_pods(const std::string& space, const std::string& service) const;
  void answer_traffic(const data::Value& question, control::Port::Done done);
  void answer_metric(const data::Value& question, control::Port::Done done);
  void answer_prometheus(const data::Value& question, control::Port::Done done);
  bool deliver(Measured measured, control::Port::Done done);  // true: the caller gets what was measured
  std::int64_t refused_by(std::int64_t requests, std::size_t servers) const;
  Measured measure(const RouteName& route, const std::string& service, base::Duration window,
                   std::string_view query) const;

  client::ApiClient& api_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  TrafficOptions options_;
  MetricFaults metric_faults_;
  client::Cache route_cache_, services_, slices_, pods_;
  std::map<RouteName, Route> routes_;
  CallPort traffic_port_, gateway_metrics_port_, prometheus_port_;
  runtime::Timer tick_timer_;
  std::int64_t unserved_ = 0, not_served_ = 0, requests_ = 0;
  struct Given {
    base::MonoTime when;
    std::int64_t samples;
  };
  std::map<Subject, std::deque<Given>> given_;  // newest last
};

}  // namespace slipway::rehearse
