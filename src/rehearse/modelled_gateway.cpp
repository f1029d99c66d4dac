#include "rehearse/modelled_gateway.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "api/meta.h"
#include "base/strings.h"
#include "control/pod.h"
#include "control/pod_template.h"
#include "data/json.h"
#include "data/selector.h"
#include "gateway/web_query.h"

namespace slipway::rehearse {

using base::Code;
using control::Port;
using data::Value;

namespace {

constexpr std::size_t kHistory = 600;  // seconds
constexpr std::string_view kServiceName = "kubernetes.io/service-name";
constexpr base::Duration kAnswerDelay = base::milliseconds(5);
constexpr base::Duration kDocumentWindow = base::seconds(10);

// `name="x"` of a query; empty when it has no such label.
std::string label_in(const std::string& query, std::string_view name) {
  const auto at = query.find(std::string(name).append("=\""));
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 2;
  return query.substr(begin, query.find('"', begin) - begin);
}

Value no_answer(bool tells_samples) {
  Value answer = Value::object({{"value", nullptr}});
  if (tells_samples) answer.set("samples", 0);
  return answer;
}

// The last three parts of a URL's path.
struct DocumentName {
  std::string space, service, query;
};
DocumentName document_of(std::string_view url) {
  const auto parts = base::split(url.substr(0, url.find_first_of("?#")), '/');
  if (parts.size() < 3) return {};
  const auto part = [&](std::size_t from_behind) { return std::string(parts[parts.size() - from_behind]); };
  return {part(3), part(2), part(1)};
}

std::string_view kind_of_query(const std::string& query) {
  return query.contains("quantile") ? "p99" : query.starts_with("requests") ? "requests" : "error-rate";
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
      in_force_(api, loop, random, options.router, options.apply_delay),
      services_(api, loop, random, api::kServices),
      slices_(api, loop, random, api::kEndpointSlices),
      pods_(api, loop, random, api::kPods) {
  traffic_port_.answer = [this](const Value& q, Port::Done done) { answer_traffic(q, std::move(done)); };
  gateway_metrics_port_.answer = [this](const Value& q, Port::Done done) { answer_metric(q, std::move(done)); };
  prometheus_port_.answer = [this](const Value& q, Port::Done done) { answer_prometheus(q, std::move(done)); };
  process_port_.answer = [this](const Value& q, Port::Done done) { answer_process(q, std::move(done)); };
  web_port_.answer = [this](const Value& q, Port::Done done) { answer_web(q, std::move(done)); };
}

void ModelledGateway::start() {
  in_force_.start([this](const RouteName& name, const Value& object, RoutedRules rules) {
    program(name, object, std::move(rules));
  });
  for (client::Cache* cache : {&services_, &slices_, &pods_}) cache->start();
  tick_timer_ = loop_.after(base::seconds(1), [this] { tick(); });
}

// --- programming ------------------------------------------------------------------------------------------

void ModelledGateway::program(const RouteName& name, const Value& object, RoutedRules rules) {
  if (object.is_null()) return void(routes_.erase(name));
  Route& route = routes_[name];
  std::map<Series, std::int64_t> counted;
  for (const Backend& backend : route.backends) counted[backend.series()] = backend.requests;
  route.backends.clear();
  for (Routed& part : together(rules)) {
    Backend& backend = route.backends.emplace_back(std::move(part));
    backend.requests = counted[backend.series()];
  }
  route.rules = std::move(rules);
  route.generation = api::generation_of(object);
  if (routed_) routed_(name, route);
  if (writes_status(options_.router)) report(object);
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
std::vector<Value> ModelledGateway::ready_pods(const std::string& space, const Routed& part) const {
  std::vector<Value> ready;
  if (!part.known) return ready;
  const auto subset = data::LabelSelector::of(part.labels);
  for (const Value& slice : slices_.in_space(space)) {
    if (api::label(slice, kServiceName) != part.service) continue;
    for (const Value& endpoint : slice["endpoints"].items()) {
      if (!endpoint["conditions"]["ready"].as_bool(true)) continue;
      const Value& pod = pods_.find({space, endpoint["targetRef"]["name"].str()});
      if (control::is_ready(pod) && api::uid_of(pod) == endpoint["targetRef"]["uid"].as_string() &&
          (part.subset.empty() || subset.matches(api::labels_of(pod))))
        ready.push_back(pod);
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
    pods.push_back(ready_pods(name.space, backend.part));
    backend.ready = static_cast<std::int64_t>(pods.back().size());
    somebody_could |= backend.ready > 0;
  }
  if (needs_all_endpoints(options_.router) && std::ranges::any_of(pods, &std::vector<Value>::empty))
    for (std::vector<Value>& of_backend : pods) of_backend.clear();
  for (std::size_t i = 0; i < route.backends.size(); ++i) {
    Backend& backend = route.backends[i];
    const double expected = options_.requests_per_second * static_cast<double>(backend.part.share) / 10'000;
    Second second{.version = version_behind({name.space, backend.part.service})};
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
    auto& history = route.history[backend.series()];
    history.push_back(second);
    if (history.size() > kHistory) history.pop_front();
  }
  // A service that gets nothing now still has seconds, empty ones.
  for (auto& [series, history] : route.history)
    if (std::ranges::none_of(route.backends, [&](const Backend& b) { return b.series() == series; })) {
      history.push_back({});
      if (history.size() > kHistory) history.pop_front();
    }
}

// --- ports ------------------------------------------------------------------------------------------------

namespace {

// A Service that stands in a rule more than once is told as one.
RoutedRule each_once(const RoutedRule& rule) {
  RoutedRule out;
  for (const Routed& part : rule) {
    const auto known = std::ranges::find_if(out, [&](const Routed& o) { return o.is_same(part); });
    if (known == out.end()) {
      out.push_back(part);
      continue;
    }
    known->share += part.share;
    known->weight += part.weight;
  }
  return out;
}

}  // namespace

std::int64_t ModelledGateway::requests_of(const Route& route, const Routed& part) {
  const auto found = std::ranges::find_if(route.backends, [&](const Backend& b) { return b.part.is_same(part); });
  return found == route.backends.end() ? 0 : found->requests;
}

void ModelledGateway::answer_traffic(const Value& question, Port::Done done) {
  const RouteName name{question["route"]["namespace"].str(), question["route"]["name"].str()};
  base::Result<Value> answer = base::fail(Code::NotFound, "the gateway has no route " + name.space + "/" + name.name);
  if (in_force_.knows(name)) {
    const auto found = routes_.find(name);
    static const Route kNotYet;
    const Route& route = found == routes_.end() ? kNotYet : found->second;
    Value rules = Value::array();
    for (const RoutedRule& rule : route.rules) {
      Value backends = Value::array();
      for (const Routed& part : each_once(rule))
        backends.push_back(Value::object({{"service", part.service},
                                          {"weight", part.weight},
                                          {"share", part.share},
                                          {"servers", static_cast<std::int64_t>(ready_pods(name.space, part).size())},
                                          {"sessions", part.share > 0 ? 1 : 0},
                                          {"requests", requests_of(route, part)}}));
      rules.push_back(Value::object({{"backends", backends}}));
    }
    answer = Value::object({{"generation", route.generation}, {"rules", rules}});
  }
  run_after(loop_, kAnswerDelay,
            [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

std::string ModelledGateway::version_behind(const client::ObjectName& service) const {
  return services_.find(service)["spec"]["selector"][control::kTemplateHashLabel].str();
}

ModelledGateway::Measured ModelledGateway::measure(const RouteName& route, const Series& series, base::Duration window,
                                                   std::string_view query,
                                                   const std::optional<std::string>& version) const {
  const auto found = routes_.find(route);
  if (found == routes_.end() || !found->second.history.contains(series)) return {};
  const auto& history = found->second.history.at(series);
  const auto seconds = static_cast<std::size_t>(window / base::seconds(1));
  Second sum;
  base::Duration latency{};
  std::size_t counted = 0;
  for (auto it = history.rbegin(); it != history.rend() && counted < seconds; ++it, ++counted) {
    if (version && it->version != *version) continue;
    sum.requests += it->requests;
    sum.errors += it->errors + it->unserved + it->refused;
    latency = std::max(latency, it->latency);
  }
  Measured measured{.value = {}, .samples = sum.requests};
  if (query == "requests")
    measured.value = static_cast<double>(sum.requests);
  else if (query == "rate")
    measured.value = static_cast<double>(sum.requests) / std::max(1e-3, base::to_seconds(window));
  else if (sum.requests == 0)
    return measured;
  else if (query == "error-rate")
    measured.value = static_cast<double>(sum.errors) / static_cast<double>(sum.requests);
  else
    measured.value = base::to_seconds(latency) * (query == "p99" ? 2.5 : query == "p95" ? 1.8 : 1.0);
  return measured;
}

Value ModelledGateway::failures(const RouteName& route, const std::string& service, base::Duration window) const {
  const auto found = routes_.find(route);
  if (found == routes_.end() || !found->second.history.contains({service})) return Value::array();
  const std::string version = version_behind({route.space, service});
  std::int64_t answered = 0, unserved = 0;
  base::Time first_answered{}, first_unserved{};
  const auto& history = found->second.history.at({service});
  const auto seconds = std::min(history.size(), static_cast<std::size_t>(window / base::seconds(1)));
  for (std::size_t ago = 0; ago < seconds; ++ago) {
    const Second& s = history[history.size() - 1 - ago];
    if (s.version != version) continue;
    const base::Time then = loop_.now() - base::seconds(1) * static_cast<std::int64_t>(ago);
    if (s.errors > 0) answered += s.errors, first_answered = then;
    if (s.unserved + s.refused > 0) unserved += s.unserved + s.refused, first_unserved = then;
  }
  Value out = Value::array();
  const auto add = [&](int status, std::int64_t count, base::Time first) {
    if (count > 0)
      out.push_back(Value::object({{"method", "GET"},
                                   {"path", "/"},
                                   {"status", status},
                                   {"count", count},
                                   {"firstAt", base::format_micro_time(first)}}));
  };
  add(500, answered, first_answered);
  add(503, unserved, first_unserved);
  return out;
}

void ModelledGateway::answer_metric(const Value& question, Port::Done done) {
  const RouteName route{question["route"]["namespace"].str(), question["route"]["name"].str()};
  const auto window = base::parse_duration(question["window"].as_string("10s")).value_or(base::seconds(10));
  const Subject subject{route, question["service"].str(), question["query"].str()};
  const Measured measured = measure(route, {subject.service}, window, subject.query,
                                    version_behind({question["route"]["namespace"].str(), subject.service}));
  const Value failed = question["failures"].as_bool() ? failures(route, subject.service, window) : Value();
  if (deliver(measured, true, std::move(done), failed)) given_[subject].push_back({loop_.mono(), measured.samples});
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
  const Series series{label_in(query, "service"), label_in(query, "version")};
  Measured measured;
  for (const auto& [name, route] : routes_)
    if (route.history.contains(series)) measured = measure(name, series, base::seconds(10), kind_of_query(query));
  if (deliver(measured, false, std::move(done)))
    given_[{.route = {}, .service = {}, .query = query}].push_back({loop_.mono(), measured.samples});
}

// The document goes the way of a real one.
void ModelledGateway::answer_web(const Value& question, Port::Done done) {
  const auto [space, service, query] = document_of(question["url"].as_string());
  Measured measured;
  for (const auto& [name, route] : routes_)
    if (name.space == space && route.history.contains({service}))
      measured = measure(name, {service}, kDocumentWindow, query);
  const Value document = Value::object({{"service", service},
                                        {"query", query},
                                        {"value", measured.value ? Value(*measured.value) : Value()},
                                        {"requests", measured.samples}});
  const bool away = metric_faults_.failed > 0 && random_.unit() < metric_faults_.failed;
  auto answer = gateway::read_web_answer(question, away ? 503 : 200, data::to_json(document));
  if (answer && measured.value)
    given_[{.route = {}, .service = {}, .query = question["url"].str()}].push_back({loop_.mono(), measured.samples});
  run_after(loop_, kAnswerDelay,
            [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

void ModelledGateway::answer_process(const Value& question, Port::Done done) {
  const Value& subject = question["subject"];
  const RouteName route{subject["namespace"].str(), subject["route"].str()};
  const std::string service = subject["service"].str(), query = question["args"]["query"].str();
  const Measured measured = measure(route, {service}, kDocumentWindow, query);
  base::Result<Value> answer =
      Value::object({{"value", measured.value ? Value(*measured.value) : Value()}, {"samples", measured.samples}});
  if (question["program"].as_string() != "modelled")
    answer = base::fail(Code::NotFound, "metric process " + question["program"].str() + " is not known here");
  else if (measured.value)
    given_[{route, service, "process " + query}].push_back({loop_.mono(), measured.samples});
  run_after(loop_, kAnswerDelay,
            [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

bool ModelledGateway::deliver(Measured measured, bool tells_samples, Port::Done done, const Value& failed) {
  const auto happens = [this](double chance) { return chance > 0 && random_.unit() < chance; };
  base::Duration delay = kAnswerDelay;
  bool real = measured.value.has_value();
  base::Result<Value> answer = Value::object({{"value", measured.value ? Value(*measured.value) : Value()}});
  if (tells_samples) answer->set("samples", measured.samples);
  if (!failed.is_null()) answer->set("failures", failed);
  if (happens(metric_faults_.failed))
    answer = base::fail(Code::Unavailable, "the metrics provider is away"), real = false;
  else if (happens(metric_faults_.empty))
    answer = no_answer(tells_samples), real = false;
  else if (happens(metric_faults_.nan))
    answer->set("value", std::numeric_limits<double>::quiet_NaN()), real = false;
  else if (happens(metric_faults_.wrong))
    answer->set("value", random_.unit());
  if (happens(metric_faults_.slow)) delay = base::seconds(15), real = false;
  run_after(loop_, delay, [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  return real;
}

}  // namespace slipway::rehearse
