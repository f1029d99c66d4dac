#include "rehearse/modelled_gateway.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "api/meta.h"
#include "control/pod.h"
#include "data/selector.h"

namespace slipway::rehearse {

using base::Code;
using control::Port;
using data::Value;

namespace {

constexpr std::size_t kHistory = 600;  // seconds
constexpr std::string_view kServiceName = "kubernetes.io/service-name";
constexpr base::Duration kAnswerDelay = base::milliseconds(5);

client::ObjectName name_of(const Value& o) { return {std::string(api::space_of(o)), std::string(api::name_of(o))}; }

// Backends of the first rule, with shares in hundredths of a percent that add up to the whole.
std::vector<ModelledGateway::Backend> backends_of(const Value& route) {
  std::vector<ModelledGateway::Backend> backends;
  std::int64_t total = 0;
  for (const Value& ref : route["spec"]["rules"].at(0)["backendRefs"].items()) {
    backends.push_back({.service = ref["name"].str(), .weight = ref["weight"].as_int(1)});
    total += backends.back().weight;
  }
  std::int64_t weight = 0, share = 0;
  for (auto& backend : backends) {
    weight += backend.weight;
    const std::int64_t upto = total > 0 ? weight * 10'000 / total : 0;
    backend.share = upto - share;
    share = upto;
  }
  return backends;
}

}  // namespace

MetricFaults MetricFaults::drawn(runtime::Random& random) {
  const auto chance = [&random] {
    constexpr double kChances[] = {0, 0, 0.05, 0.3};
    return kChances[random.below(4)];
  };
  return {.empty = chance(), .nan = chance(), .slow = chance() / 3, .wrong = chance() / 10, .failed = chance()};
}

ModelledGateway::ModelledGateway(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random,
                                 TrafficOptions options)
    : api_(api),
      loop_(loop),
      random_(random),
      options_(options),
      route_cache_(api, loop, random, api::kHttpRoutes),
      services_(api, loop, random, api::kServices),
      slices_(api, loop, random, api::kEndpointSlices),
      pods_(api, loop, random, api::kPods) {
  traffic_port_.answer = [this](const Value& q, Port::Done done) { answer_traffic(q, std::move(done)); };
  gateway_metrics_port_.answer = [this](const Value& q, Port::Done done) { answer_metric(q, std::move(done)); };
  prometheus_port_.answer = [this](const Value& q, Port::Done done) { answer_prometheus(q, std::move(done)); };
}

void ModelledGateway::start() {
  route_cache_.add_listener([this](const Value& before, const Value& after) {
    if (after.is_null())
      routes_.erase(name_of(before));
    else
      route_changed(after);
  });
  for (client::Cache* cache : {&route_cache_, &services_, &slices_, &pods_}) cache->start();
  tick_timer_ = loop_.after(base::seconds(1), [this] { tick(); });
}

// --- programming ------------------------------------------------------------------------------------------

void ModelledGateway::route_changed(const Value& after) {
  Route& route = routes_[name_of(after)];
  const std::int64_t generation = api::generation_of(after);
  if (generation == route.generation || generation == route.pending_generation) return;
  route.pending_generation = generation;
  const base::Duration delay = options_.apply_delay + base::milliseconds(random_.below(40));
  route.pending = loop_.after(delay, [this, name = name_of(after)] { program(name); });
}

void ModelledGateway::program(const RouteName& name) {
  const Value& object = route_cache_.find(name);
  if (object.is_null()) return;
  Route& route = routes_[name];
  std::map<std::string, std::int64_t> counted;
  for (const Backend& backend : route.backends) counted[backend.service] = backend.requests;
  route.backends = backends_of(object);
  for (Backend& backend : route.backends) backend.requests = counted[backend.service];
  route.generation = api::generation_of(object);
  report(object);
}

void ModelledGateway::report(const Value& route) {
  const std::int64_t generation = api::generation_of(route);
  Value conditions = Value::array();
  for (const char* type : {"Accepted", "ResolvedRefs", "Programmed"})
    conditions.push_back(Value::object({{"type", type},
                                        {"status", "True"},
                                        {"reason", type},
                                        {"message", ""},
                                        {"observedGeneration", generation},
                                        {"lastTransitionTime", base::format_time(loop_.now())}}));
  const Value parents = Value::array({Value::object({{"controllerName", "slipway.dev/gateway"},
                                                     {"parentRef", Value::object({{"name", "slipway"}})},
                                                     {"conditions", conditions}})});
  api_.call({.verb = client::Verb::Patch,
             .resource = api::kHttpRoutes,
             .space = std::string(api::space_of(route)),
             .name = std::string(api::name_of(route)),
             .subresource = "status",
             .body = Value::object({{"status", Value::object({{"parents", parents}})}})},
            [](client::Answer) {});
}

// --- traffic ----------------------------------------------------------------------------------------------

// Pods that the slices name as ready and that are. One that is stopping serves until it is gone.
std::vector<Value> ModelledGateway::ready_pods(const std::string& space, const std::string& service) const {
  std::vector<Value> ready;
  for (const Value& slice : slices_.in_space(space)) {
    if (api::label(slice, kServiceName) != service) continue;
    for (const Value& endpoint : slice["endpoints"].items()) {
      if (!endpoint["conditions"]["ready"].as_bool(true)) continue;
      const Value& pod = pods_.find({space, endpoint["targetRef"]["name"].str()});
      if (control::is_ready(pod) && api::uid_of(pod) == endpoint["targetRef"]["uid"].as_string()) ready.push_back(pod);
    }
  }
  return ready;
}

std::int64_t ModelledGateway::refused_by(std::int64_t requests, std::size_t servers) const {
  if (options_.pod_capacity <= 0) return 0;
  const auto most = static_cast<std::int64_t>(options_.pod_capacity * static_cast<double>(servers));
  return std::max<std::int64_t>(0, requests - most);
}

void ModelledGateway::tick() {
  for (auto& [name, route] : routes_) serve(name, route);
  tick_timer_ = loop_.after(base::seconds(1), [this] { tick(); });
}

void ModelledGateway::serve(const RouteName& name, Route& route) {
  bool somebody_could = false;
  std::vector<std::vector<Value>> pods;
  for (Backend& backend : route.backends) {
    pods.push_back(ready_pods(name.space, backend.service));
    backend.ready = static_cast<std::int64_t>(pods.back().size());
    somebody_could |= backend.ready > 0;
  }
  for (std::size_t i = 0; i < route.backends.size(); ++i) {
    Backend& backend = route.backends[i];
    const double expected = options_.requests_per_second * static_cast<double>(backend.share) / 10'000;
    Second second;
    second.requests = static_cast<std::int64_t>(expected + random_.unit());
    backend.requests += second.requests;
    requests_ += second.requests;
    if (pods[i].empty()) {
      second.unserved = second.requests;
      if (somebody_could) unserved_ += second.unserved;
    } else {
      const Behaviour behaviour = behaviour_of(pods[i].front());
      second.errors =
          static_cast<std::int64_t>(static_cast<double>(second.requests) * behaviour.error_rate + random_.unit());
      second.refused = refused_by(second.requests, pods[i].size());
      second.errors = std::min(second.errors, second.requests - second.refused);
      second.latency = behaviour.latency;
    }
    not_served_ += second.unserved + second.refused;
    auto& history = route.history[backend.service];
    history.push_back(second);
    if (history.size() > kHistory) history.pop_front();
  }
  // A service that gets nothing now still has seconds, empty ones.
  for (auto& [service, history] : route.history)
    if (std::ranges::none_of(route.backends, [&](const Backend& b) { return b.service == service; })) {
      history.push_back({});
      if (history.size() > kHistory) history.pop_front();
    }
}

// --- ports ------------------------------------------------------------------------------------------------

void ModelledGateway::answer_traffic(const Value& question, Port::Done done) {
  const RouteName name{question["route"]["namespace"].str(), question["route"]["name"].str()};
  const auto found = routes_.find(name);
  base::Result<Value> answer = base::fail(Code::NotFound, "the gateway has no route " + name.space + "/" + name.name);
  if (found != routes_.end()) {
    Value backends = Value::array();
    for (const Backend& b : found->second.backends)
      backends.push_back(
          Value::object({{"service", b.service},
                         {"weight", b.weight},
                         {"share", b.share},
                         {"servers", static_cast<std::int64_t>(ready_pods(name.space, b.service).size())},
                         {"sessions", b.share > 0 ? 1 : 0},
                         {"requests", b.requests}}));
    answer = Value::object(
        {{"generation", found->second.generation}, {"rules", Value::array({Value::object({{"backends", backends}})})}});
  }
  run_after(loop_, kAnswerDelay,
            [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

ModelledGateway::Measured ModelledGateway::measure(const RouteName& route, const std::string& service,
                                                   base::Duration window, std::string_view query) const {
  const auto found = routes_.find(route);
  if (found == routes_.end() || !found->second.history.contains(service)) return {};
  const auto& history = found->second.history.at(service);
  const std::size_t seconds = std::max<std::size_t>(1, static_cast<std::size_t>(window / base::seconds(1)));
  Second sum;
  base::Duration latency{};
  std::size_t counted = 0;
  for (auto it = history.rbegin(); it != history.rend() && counted < seconds; ++it, ++counted) {
    sum.requests += it->requests;
    sum.errors += it->errors + it->unserved + it->refused;
    latency = std::max(latency, it->latency);
  }
  Measured measured{.value = {}, .samples = sum.requests};
  if (query == "requests")
    measured.value = static_cast<double>(sum.requests);
  else if (query == "rate")
    measured.value = static_cast<double>(sum.requests) / static_cast<double>(seconds);
  else if (sum.requests == 0)
    return measured;
  else if (query == "error-rate")
    measured.value = static_cast<double>(sum.errors) / static_cast<double>(sum.requests);
  else
    measured.value = base::to_seconds(latency) * (query == "p99" ? 2.5 : query == "p95" ? 1.8 : 1.0);
  return measured;
}

void ModelledGateway::answer_metric(const Value& question, Port::Done done) {
  const RouteName route{question["route"]["namespace"].str(), question["route"]["name"].str()};
  const auto window = base::parse_duration(question["window"].as_string("10s")).value_or(base::seconds(10));
  const Subject subject{route, question["service"].str(), question["query"].str()};
  const Measured measured = measure(route, subject.service, window, subject.query);
  if (deliver(measured, std::move(done))) given_[subject].push_back({loop_.mono(), measured.samples});
}

std::int64_t ModelledGateway::real_answers(const Subject& subject, base::Duration span, std::int64_t samples) const {
  const auto found = given_.find(subject);
  if (found == given_.end()) return 0;
  return std::ranges::count_if(found->second, [&](const Given& g) {
    return loop_.mono() - g.when <= span && g.samples >= std::max<std::int64_t>(1, samples);
  });
}

void ModelledGateway::answer_prometheus(const Value& question, Port::Done done) {
  const std::string query = question["query"].str();
  const auto at = query.find("service=\"");
  if (at == std::string::npos) return void(deliver({}, std::move(done)));
  const std::size_t begin = at + 9;
  const std::string service = query.substr(begin, query.find('"', begin) - begin);
  Measured measured;
  for (const auto& [name, route] : routes_)
    if (route.history.contains(service))
      measured =
          measure(name, service, base::seconds(10), query.find("quantile") != std::string::npos ? "p99" : "error-rate");
  deliver(measured, std::move(done));
}

bool ModelledGateway::deliver(Measured measured, Port::Done done) {
  const auto happens = [this](double chance) { return chance > 0 && random_.unit() < chance; };
  base::Duration delay = kAnswerDelay;
  bool real = measured.value.has_value();
  base::Result<Value> answer =
      Value::object({{"value", measured.value ? Value(*measured.value) : Value()}, {"samples", measured.samples}});
  if (happens(metric_faults_.failed))
    answer = base::fail(Code::Unavailable, "the metrics provider is away"), real = false;
  else if (happens(metric_faults_.empty))
    answer = Value::object({{"value", nullptr}, {"samples", 0}}), real = false;
  else if (happens(metric_faults_.nan))
    answer->set("value", std::numeric_limits<double>::quiet_NaN()), real = false;
  else if (happens(metric_faults_.wrong))
    answer->set("value", random_.unit());
  if (happens(metric_faults_.slow)) delay = base::seconds(15), real = false;
  run_after(loop_, delay, [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  return real;
}

}  // namespace slipway::rehearse
