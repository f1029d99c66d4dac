#include "gateway/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "api/meta.h"
#include "client/cache.h"
#include "gateway/addresses.h"
#include "gateway/cluster_objects.h"
#include "gateway/combine.h"
#include "gateway/driver.h"
#include "gateway/gateway_status.h"
#include "gateway/log_receiver.h"
#include "gateway/model.h"
#include "gateway/route_status.h"
#include "gateway/status_writer.h"
#include "gateway/traffic_log.h"

namespace slipway::gateway {
namespace {

using control::Port;
using data::Value;
using RouteName = std::pair<std::string, std::string>;

constexpr auto kPatience = base::seconds(1);  // a route that is not applied for so long says why in its status

class FunctionPort final : public Port {
 public:
  using Answer = std::move_only_function<void(const Value&, Done)>;
  explicit FunctionPort(Answer answer) : answer_(std::move(answer)) {}
  void perform(const std::string&, const Value& what, Done done) override { answer_(what, std::move(done)); }

 private:
  Answer answer_;
};

RouteName route_of(const Value& question) {
  return {question["route"]["namespace"].str(), question["route"]["name"].str()};
}

}  // namespace

class Gateway::Impl {
 public:
  Impl(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, control::ProcessHost& host,
       runtime::Metrics& metrics, GatewayOptions options)
      : loop_(loop),
        host_(host),
        options_(std::move(options)),
        log_(metrics),
        reloads_(metrics.gauge("slipway_gateway_reloads", "Reloads of the proxy since this server started.").with({})),
        missing_(metrics
                     .gauge("slipway_gateway_log_lines_missing",
                            "Requests that the proxy has counted and whose log line has not come.")
                     .with({})),
        routes_(api, loop, random, api::kHttpRoutes, cache_options()),
        services_(api, loop, random, api::kServices, cache_options()),
        slices_(api, loop, random, api::kEndpointSlices, cache_options()),
        statuses_(api),
        driver_(loop, host, driver_options()),
        addresses_(loop, host, options_.network, [this] { refresh_soon(); }),
        traffic_port_([this](const Value& q, Port::Done done) { ask_traffic(q, std::move(done)); }),
        metrics_port_([this](const Value& q, Port::Done done) { ask_metrics(q, std::move(done)); }) {
    driver_.on_change([this] { follow_up(); });
    if (options_.cluster) cluster_ = std::make_unique<ClusterObjects>(api, loop, random, cache_options());
  }
  ~Impl() { alive_.reset(); }

  base::Result<void> start() {
    std::error_code ignored;
    std::filesystem::create_directories(options_.data_dir + "/run", ignored);
    auto receiver = LogReceiver::open(driver_.paths().log_socket, [this](std::string_view text) { receive(text); });
    if (!receiver) return base::fail(receiver.error());
    receiver_ = std::move(*receiver);
    host_.list([this, alive = std::weak_ptr(alive_)](base::Result<std::vector<control::ProcessState>> all) {
      if (alive.expired()) return;
      bool runs =
          all && std::any_of(all->begin(), all->end(), [](auto& p) { return p.id == "gateway-proxy" && p.running; });
      if (runs) addresses_.trust_bound();
      adopted_ = runs;
      start_caches();
    });
    return {};
  }

  bool ready() const { return ready_; }
  bool served() const { return !cluster_ || !cluster_->synced() || cluster_->served(); }
  void review() {
    if (desired_once_) follow_up();
  }
  std::vector<std::string> problems() const {
    std::vector<std::string> out = addresses_.problems();
    if (!driver_.problem().empty()) out.insert(out.begin(), driver_.problem());
    return out;
  }
  Port& traffic_port() { return traffic_port_; }
  Port& metrics_port() { return metrics_port_; }
  Driver& driver() { return driver_; }
  const Names& names() const { return names_; }
  void on_names(std::function<void()> listener) { names_listener_ = std::move(listener); }

 private:
  DriverOptions driver_options() const {
    return {.binary = options_.haproxy,
            .config_dir = options_.data_dir + "/gateway",
            .run_dir = options_.data_dir + "/run",
            .network = options_.network,
            .listen_address = options_.listen_address,
            .listen_port = options_.port,
            .threads = options_.threads};
  }

  client::CacheOptions cache_options() const {
    client::CacheOptions out = options_.cluster ? options_.cluster->caches : client::CacheOptions{};
    if (options_.cluster) out.keep = without_ballast;
    return out;
  }

  void start_caches() {
    if (cluster_) {
      cluster_->start([this] { refresh_soon(); },
                      [this] {
                        if (!desired_once_) refresh_soon();
                      });
    }
    for (client::Cache* cache : {&routes_, &services_, &slices_}) {
      cache->add_listener([this](const Value&, const Value&) { refresh_soon(); });
      cache->add_progress_listener([this] {
        if (!desired_once_) refresh_soon();
      });
      cache->start();
    }
  }

  // --- what is wanted ---------------------------------------------------------------------------------------

  void refresh_soon() {
    if (refresh_posted_) return;
    refresh_posted_ = true;
    loop_.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) refresh();
    });
  }

  void refresh() {
    refresh_posted_ = false;
    if (!routes_.synced() || !services_.synced() || !slices_.synced()) return;
    if (cluster_ && !cluster_->synced()) return;
    desired_once_ = true;
    Services services;
    for (const auto& [_, object] : services_.all()) services.add_service(object);
    for (const auto& [_, object] : slices_.all()) services.add_slice(object);
    std::vector<Route> routes;
    for (const auto& [_, object] : routes_.all()) routes.push_back(parse_route(object));
    cluster_ ? desire_of_gateways(routes, services) : desire_of_ours(routes, services);
    for (const auto& [id, target] : desired_.targets) log_.name_rule(id, target.space, target.route, target.audience);
    name_versions(services);
    publish_names(services);
    drop_unusable_binds();
    driver_.want(desired_.structure, desired_.targets);
  }

  void desire_of_ours(const std::vector<Route>& routes, const Services& services) {
    desired_ = desire(routes, services, {.gateway_binds = gateway_binds(), .gateway_port = options_.port});
  }

  void desire_of_gateways(const std::vector<Route>& routes, const Services& services) {
    const GatewayObjects objects = cluster_->objects();
    attachments_ = attach(routes, objects);
    const Grants grants(objects.grants);
    desired_ = desire(routes, services,
                      {.attachments = &attachments_,
                       .grants = &grants,
                       .listen_address = options_.listen_address,
                       .idle_bind = "unix@" + options_.data_dir + "/run/idle.sock"});
  }

  // A Service of another namespace goes by both names.
  void name_versions(const Services& services) {
    for (const auto& [_, service] : services.all()) log_.name_version(service.space, service.name, service.hash);
    for (const auto& [_, target] : desired_.targets) {
      for (const BackendTarget& b : target.backends) {
        const auto slash = b.service.find('/');
        if (slash == std::string::npos) continue;
        const Service* service = services.find(b.service.substr(0, slash), b.service.substr(slash + 1));
        if (service) log_.name_version(target.space, b.service, service->hash);
      }
    }
  }

  std::vector<std::string> gateway_binds() const {
    return options_.port == 0 ? std::vector<std::string>{} : std::vector<std::string>{"fd@3"};
  }

  void drop_unusable_binds() {
    std::set<std::string> wanted;
    auto& frontends = desired_.structure.frontends;
    std::erase_if(frontends, [&](const Frontend& f) {
      if (f.id == "gateway" || f.id == "idle") return false;
      wanted.insert(f.binds.begin(), f.binds.end());
      return !std::all_of(f.binds.begin(), f.binds.end(), [&](const std::string& b) { return addresses_.usable(b); });
    });
    addresses_.keep_only(wanted);
  }

  void publish_names(const Services& services) {
    Names names = services.names();
    if (names == names_) return;
    names_ = std::move(names);
    if (names_listener_) names_listener_();
  }

  // --- what is so -------------------------------------------------------------------------------------------

  bool is_applied(const RouteState& state) const {
    return !state.accepted && std::all_of(state.rules.begin(), state.rules.end(),
                                          [&](const std::string& id) { return driver_.is_applied(id); });
  }

  std::string held(const RouteState& state) const {
    if (!driver_.problem().empty()) return driver_.problem();
    for (const std::string& id : state.rules) {
      if (auto why = driver_.held(id); !why.empty()) return why;
    }
    return "the proxy has not shown it yet";
  }

  // After every settled pass of the driver.
  void follow_up() {
    bool all = true;
    for (const RouteState& state : desired_.routes) {
      RouteName name{state.space, state.name};
      bool applied = is_applied(state);
      all = all && (applied || state.accepted);
      if (applied) applied_[name] = state.generation;
      auto since = unapplied_since_.try_emplace(name, loop_.mono()).first;
      if (applied) since->second = loop_.mono();
      bool say = applied || state.accepted || loop_.mono() - since->second >= kPatience;
      if (say) write_status(state, {applied, applied ? "" : held(state)});
    }
    write_cluster_statuses();
    ready_ = ready_ || (desired_once_ && all && driver_.problem().empty());
    reloads_.set(driver_.reloads());
    count_missing_lines();
  }

  bool may_write() const { return !options_.cluster || !options_.cluster->leads || options_.cluster->leads(); }

  void write_status(const RouteState& state, const Progress& progress) {
    const Value& route = routes_.find({state.space, state.name});
    if (route.is_null() || state.parents.empty() || !may_write()) return;
    statuses_.write(api::kHttpRoutes, route, "parents", parents_status(route, state, progress, loop_.now()));
  }

  void write_cluster_statuses() {
    if (!cluster_ || !desired_once_ || !may_write()) return;
    for (const ClassState& state : attachments_.classes) {
      const Value& object = cluster_->gateway_class(state.name);
      statuses_.write(kGatewayClasses, object, "", class_status(object, state, loop_.now()));
    }
    const ListeningProgress progress = listening();
    for (const GatewayState& state : attachments_.gateways) {
      const Value& object = cluster_->gateway(state.space, state.name);
      statuses_.write(kGateways, object, "", gateway_status(object, state, progress, loop_.now()));
    }
    for (const auto& [name, route] : routes_.all()) {
      if (!attachments_.routes.contains({name.space, name.name})) forget_parents(route);
    }
  }

  // Of a route that names no Gateway of ours any more.
  void forget_parents(const Value& route) {
    const auto ours = [](const Value& p) { return p["controllerName"].as_string() == kControllerName; };
    const auto parents = route["status"]["parents"].items();
    if (std::none_of(parents.begin(), parents.end(), ours)) return;
    statuses_.write(api::kHttpRoutes, route, "parents", parents_status(route, {}, {}, loop_.now()));
  }

  ListeningProgress listening() {
    ListeningProgress out{.addresses = own_addresses(), .unserved = {}};
    for (int port : attachments_.ports) {
      const std::string bind = options_.listen_address + ":" + std::to_string(port);
      const std::string why = addresses_.why_not(bind);
      if (!why.empty())
        out.unserved[port] = "cannot listen on " + bind + ": " + why;
      else if (!driver_.problem().empty())
        out.unserved[port] = driver_.problem();
      else if (!driver_.is_loaded())
        out.unserved[port] = "the proxy has not loaded it yet";
    }
    return out;
  }

  // Where clients find it: as told, else what the cluster gave to its Service.
  std::vector<std::string> own_addresses() const {
    const OnCluster& c = *options_.cluster;
    if (!c.addresses.empty() || c.service.empty()) return c.addresses;
    const Value& service = services_.find({c.service_space, c.service});
    std::vector<std::string> out;
    for (const Value& i : service["status"]["loadBalancer"]["ingress"].items())
      out.push_back(i["ip"].is_null() ? i["hostname"].str() : i["ip"].str());
    const std::string_view own = service["spec"]["clusterIP"].as_string();
    const bool waits = service["spec"]["type"].as_string() == "LoadBalancer";
    if (out.empty() && !waits && is_ipv4(own)) out.emplace_back(own);
    return out;
  }

  void count_missing_lines() {
    double missing = 0;
    for (const Worker& w : driver_.observed().workers) {
      bool known = first_requests_.contains(w.pid);
      std::int64_t requests = 0;
      for (const auto& [section, c] : w.sections) {
        bool tcp = std::any_of(desired_.structure.tcp_rules.begin(), desired_.structure.tcp_rules.end(),
                               [&](const std::string& id) { return section == slot_name(id, 0); });
        if (!tcp) requests += c.requests - c.sessions;
      }
      // Lines that an earlier server took from an adopted worker are not ours to miss.
      if (!known) first_requests_[w.pid] = adopted_ ? requests : 0;
      auto expected = requests - first_requests_[w.pid];
      missing += std::max(0.0, static_cast<double>(expected) - static_cast<double>(log_.lines_of(w.pid)));
    }
    adopted_ = false;
    missing_.set(missing);
  }

  // --- evidence ---------------------------------------------------------------------------------------------

  // On the receiver's thread.
  void receive(std::string_view text) {
    auto line = parse_log_line(text);
    if (!line) return;
    // The proxy tells the wall clock's time; windows go by the steady one.
    auto wall = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
    auto age = std::clamp(wall - line->at, base::Duration(0), base::Duration(base::hours(1)));
    base::MonoTime now(std::chrono::steady_clock::now().time_since_epoch());
    log_.add(*line, now - age);
  }

  // --- ports ------------------------------------------------------------------------------------------------

  void ask_traffic(const Value& question, Port::Done done) {
    driver_.settle([this, name = route_of(question), done = std::move(done)]() mutable { done(traffic_of(name)); });
  }

  base::Result<Value> traffic_of(const RouteName& name) {
    auto found = std::find_if(desired_.routes.begin(), desired_.routes.end(),
                              [&](const RouteState& s) { return s.space == name.first && s.name == name.second; });
    if (found == desired_.routes.end()) {
      return base::fail(base::Code::NotFound, "the gateway has no route " + name.first + "/" + name.second);
    }
    if (!driver_.problem().empty()) return base::fail(base::Code::Unavailable, driver_.problem());
    if (found->accepted) return base::fail(base::Code::Invalid, found->accepted->message);
    Value rules = Value::array();
    for (const std::string& id : found->rules) rules.push_back(traffic_of_rule(name, id));
    bool applied = is_applied(*found);
    return Value::object(
        {{"generation", applied ? found->generation : last_applied(name, found->generation)}, {"rules", rules}});
  }

  // What was applied before, but never the generation that is not.
  std::int64_t last_applied(const RouteName& name, std::int64_t not_this) const {
    auto before = applied_.find(name);
    if (before == applied_.end()) return 0;
    return before->second == not_this ? not_this - 1 : before->second;
  }

  Value traffic_of_rule(const RouteName& name, const std::string& id) {
    const RuleTarget& target = desired_.targets.at(id);
    std::map<std::string, ServiceFacts> facts;
    for (const Worker& w : driver_.observed().workers) {
      for (const auto& [service, f] : facts_of(w, id)) {
        if (!w.old) facts[service].share = f.share, facts[service].servers = f.servers;
        facts[service].sessions += f.sessions;
      }
    }
    for (const BackendTarget& b : target.backends) facts[b.service];  // wanted, even if nothing is there yet
    Value backends = Value::array();
    for (const auto& [service, f] : facts) {
      auto wanted =
          std::find_if(target.backends.begin(), target.backends.end(), [&](auto& b) { return b.service == service; });
      backends.push_back(
          Value::object({{"service", service},
                         {"weight", wanted == target.backends.end() ? 0 : wanted->weight},
                         {"share", f.share},
                         {"servers", f.servers},
                         {"sessions", f.sessions},
                         {"requests", static_cast<std::int64_t>(log_.total(name.first, name.second, service))}}));
    }
    Value rule = Value::object({{"backends", backends}});
    if (auto why = driver_.held(id); !why.empty()) rule.set("held", why);
    return rule;
  }

  void ask_metrics(const Value& q, Port::Done done) {
    loop_.post([done = std::move(done), result = measured(q)]() mutable { done(std::move(result)); });
  }

  base::Result<Value> measured(const Value& q) const {
    const auto window = base::parse_duration(q["window"].as_string("10s"));
    const auto [space, name] = route_of(q);
    const std::string service = q["service"].str(), audience = q["audience"].str();
    if (!window) return base::fail(base::Code::Invalid, kBadMetric);
    Value out = Value::object();
    if (q["sum"].as_bool()) {
      out = to_value(log_.sum(space, name, service, audience, *window, loop_.mono()));
    } else {
      const auto answer = log_.ask(space, name, service, audience, q["query"].as_string(), *window, loop_.mono());
      if (!answer) return base::fail(base::Code::Invalid, kBadMetric);
      out = to_value(*answer);
    }
    if (q["failures"].as_bool())
      out.set("failures", to_value(log_.failures(space, name, service, audience, *window, loop_.mono())));
    return out;
  }

  runtime::Loop& loop_;
  control::ProcessHost& host_;
  GatewayOptions options_;
  TrafficLog log_;
  runtime::Gauge& reloads_;
  runtime::Gauge& missing_;
  client::Cache routes_, services_, slices_;
  std::unique_ptr<ClusterObjects> cluster_;  // null: embedded
  StatusWriter statuses_;
  Attachments attachments_;
  Driver driver_;
  Addresses addresses_;
  FunctionPort traffic_port_, metrics_port_;
  std::unique_ptr<LogReceiver> receiver_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Desired desired_;
  bool refresh_posted_ = false, desired_once_ = false, ready_ = false, adopted_ = false;
  std::map<RouteName, std::int64_t> applied_;
  std::map<RouteName, base::MonoTime> unapplied_since_;
  std::map<int, std::int64_t> first_requests_;  // by worker
  Names names_;
  std::function<void()> names_listener_;
};

Gateway::Gateway(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, control::ProcessHost& host,
                 runtime::Metrics& metrics, GatewayOptions options)
    : impl_(std::make_unique<Impl>(api, loop, random, host, metrics, std::move(options))) {}
Gateway::~Gateway() = default;
base::Result<void> Gateway::start() { return impl_->start(); }
bool Gateway::ready() const { return impl_->ready(); }
bool Gateway::served() const { return impl_->served(); }
void Gateway::review() { impl_->review(); }
std::vector<std::string> Gateway::problems() const { return impl_->problems(); }
Port& Gateway::traffic_port() { return impl_->traffic_port(); }
Port& Gateway::gateway_metrics_port() { return impl_->metrics_port(); }
void Gateway::drain(const Pod& pod, std::move_only_function<void()> done) {
  impl_->driver().drain(pod, std::move(done));
}
Names Gateway::names() const { return impl_->names(); }
void Gateway::on_names(std::function<void()> listener) { impl_->on_names(std::move(listener)); }

}  // namespace slipway::gateway
