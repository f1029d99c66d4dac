// A router's proxies with modelled traffic: routes take effect after a delay (routes_in_force.h), requests fall on
// versions by their shares, and answers are good or bad as the versions' pods behave (behaviour.h). Our own gateway, or
// any other router (routed.h).
//
// A service's servers are the ready endpoints of its EndpointSlices, as for the real gateway: what the controllers have
// not put there gets no request. A server carries `pod_capacity` requests per second; what is beyond is refused.
//
// Offers the same ports as the real gateway: `traffic`, `metrics/gateway`, `metrics/prometheus` (which understands
// queries that name a service as `service="x"`, and a subset of it by its pods' hash as `version="y"`: quantiles are
// latencies, "requests" is their number, everything else is an error rate), and `metrics/web`: a server of documents,
// of which http://ANY/NAMESPACE/SERVICE/QUERY is {"service", "query", "value", "requests"} with the queries of the
// gateway. `metrics/process` knows one program, "modelled", which answers the argument `query` in the same way.
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
#include "rehearse/routes_in_force.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

struct TrafficOptions {
  Router router = Router::HttpRoute;
  double requests_per_second = 200;                     // per route
  base::Duration apply_delay = base::milliseconds(60);  // from a change of a route to its being programmed
  double pod_capacity = 0;                              // requests per second and pod; 0: any number
};

// What metric answers go through: chances of an empty, undefined, late or wrong one.
struct MetricFaults {
  double empty = 0, nan = 0, slow = 0, wrong = 0, failed = 0;
  static MetricFaults drawn(runtime::Random& random);
};

// What happened to requests within one second of virtual time, per route and backend.
struct Second {
  std::int64_t requests = 0;
  std::int64_t errors = 0;    // answered 500 by the version
  std::int64_t unserved = 0;  // no ready pod behind the service
  std::int64_t refused = 0;   // more than its pods can carry
  base::Duration latency{};   // median
  std::string version = {};   // the pod-template-hash that the Service selected
};

class ModelledGateway {
 public:
  using RouteName = client::ObjectName;
  // By which metrics tell versions apart.
  struct Series {
    std::string service;
    std::string version = {};  // of a subset
    auto operator<=>(const Series&) const = default;
  };
  struct Backend {
    Routed part;                // of all rules together, as programmed
    std::int64_t ready = 0;     // pods
    std::int64_t requests = 0;  // in all
    Series series() const { return {part.service, hash_of(part, {})}; }
  };
  struct Route {
    std::int64_t generation = 0;  // programmed
    RoutedRules rules;            // as programmed
    std::vector<Backend> backends;
    std::map<Series, std::deque<Second>> history;  // newest last
  };

  ModelledGateway(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, TrafficOptions options = {});
  using Listener = std::function<void(const RouteName&, const Route&)>;
  void on_routed(Listener listener) { routed_ = std::move(listener); }  // after each change of what a route routes
  void start();
  void set_metric_faults(MetricFaults faults) { metric_faults_ = faults; }

  control::Port& traffic_port() { return traffic_port_; }
  control::Port& gateway_metrics_port() { return gateway_metrics_port_; }
  control::Port& prometheus_port() { return prometheus_port_; }
  control::Port& web_port() { return web_port_; }
  control::Port& process_port() { return process_port_; }
  Router router() const { return options_.router; }
  const std::map<RouteName, Route>& routes() const { return routes_; }
  // Requests that fell on a service without a ready pod while another backend of the route had one.
  std::int64_t unserved_while_others_could() const { return unserved_; }
  // Requests that no pod could take: none was ready, or all were busy.
  std::int64_t not_served() const { return not_served_; }
  std::int64_t requests() const { return requests_; }

  // What a metric was asked about; Prometheus: by its query alone, web: by its address.
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

  void program(const RouteName& name, const data::Value& object, RoutedRules rules);
  void report(const data::Value& route);
  void tick();
  void serve(const RouteName& name, Route& route);
  std::vector<data::Value> ready_pods(const std::string& space, const Routed& part) const;
  static std::int64_t requests_of(const Route& route, const Routed& part);
  void answer_traffic(const data::Value& question, control::Port::Done done);
  void answer_metric(const data::Value& question, control::Port::Done done);
  void answer_prometheus(const data::Value& question, control::Port::Done done);
  void answer_process(const data::Value& question, control::Port::Done done);
  void answer_web(const data::Value& question, control::Port::Done done);
  // True: the caller gets what was measured.
  bool deliver(Measured measured, bool tells_samples, control::Port::Done done, const data::Value& failed = {});
  std::int64_t refused_by(std::int64_t requests, std::size_t servers) const;
  // What the failures of these seconds were, as the built-in gateway tells.
  data::Value failures(const RouteName& route, const std::string& service, base::Duration window) const;
  std::string version_behind(const client::ObjectName& service) const;
  // With `version`: its seconds alone, as the built-in gateway counts.
  Measured measure(const RouteName& route, const Series& series, base::Duration window, std::string_view query,
                   const std::optional<std::string>& version = {}) const;

  client::ApiClient& api_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  TrafficOptions options_;
  MetricFaults metric_faults_;
  Listener routed_;
  RoutesInForce in_force_;
  client::Cache services_, slices_, pods_;
  std::map<RouteName, Route> routes_;
  CallPort traffic_port_, gateway_metrics_port_, prometheus_port_, web_port_, process_port_;
  runtime::Timer tick_timer_;
  std::int64_t unserved_ = 0, not_served_ = 0, requests_ = 0;
  struct Given {
    base::MonoTime when;
    std::int64_t samples;
  };
  std::map<Subject, std::deque<Given>> given_;  // newest last
};

}  // namespace slipway::rehearse
