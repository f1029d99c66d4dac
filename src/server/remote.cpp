// `slipway controller`: controllers in a process of their own, with the rights of their kubeconfig and no others.
#include <fmt/format.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "base/strings.h"
#include "client/clock_skew.h"
#include "client/find.h"
#include "client/https_client.h"
#include "control/lease_leadership.h"
#include "control/runner.h"
#include "controllers/controllers.h"
#include "data/json.h"
#include "gateway/process_query.h"
#include "gateway/prometheus_query.h"
#include "gateway/replicas.h"
#include "gateway/web_query.h"
#include "gateway/webhook.h"
#include "install/manifest.h"
#include "rehearse/modelled_gateway.h"
#include "runtime/child.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"
#include "runtime/signals.h"
#include "server/ask.h"
#include "server/commands.h"
#include "server/decision_lines.h"
#include "server/health.h"
#include "server/identity.h"
#include "server/trouble.h"

namespace slipway::server {

using base::Code;
using base::Result;
using cli::ExitCode;

namespace {

// Says what the API refuses for want of a right: the Release itself cannot when its status may not be written either.
// New words only, and not more often than a person can read.
class Complaints final : public control::RunnerObserver {
 public:
  explicit Complaints(runtime::Loop& loop) : loop_(loop) {}
  void finished(const control::Controller& controller, const control::ObjectName& name, base::Time,
                const control::Decision&, const base::Error* error) override {
    if (error == nullptr || error->code != Code::Forbidden || error->message == last_) return;
    if (loop_.mono() < again_) return;
    again_ = loop_.mono() + base::seconds(1);
    last_ = error->message;
    fmt::print(stderr, "{} {}/{}: {} (docs/rbac.md lists the rights; `slipway install` gives them)\n",
               controller.name(), name.space, name.name, last_);
  }

 private:
  runtime::Loop& loop_;
  std::string last_;
  base::MonoTime again_{};
};

// Everything of the process; taken apart backwards.
struct Remote {
  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  runtime::Metrics metrics;
  std::unique_ptr<client::HttpsClient> api;
  gateway::MetricPrograms programs;
  std::vector<std::unique_ptr<control::Port>> ports;
  std::unique_ptr<rehearse::ModelledGateway> modelled_gateway;
  std::unique_ptr<gateway::Replicas> replicas;  // of a gateway of ours in a cluster that others run
  std::unique_ptr<control::LeaseLeadership> leadership;
  Complaints complaints{loop};
  DecisionLines decisions;
  controllers::Evidence evidence{metrics, loop};
  std::unique_ptr<control::Runner> runner;
  std::unique_ptr<HealthServer> health;

  Result<void> connect(const cli::ControllerOptions& options);
  Result<bool> is_ours();
  void begin(const cli::ControllerOptions& options, const std::string& identity, bool ours);
  void look_for_definitions();
  void add_ports(const cli::ControllerOptions& options, bool ours);
  void look_for_replicas();
  std::unique_ptr<control::Port> port_for(const std::string& name, bool loopback, bool ours);
};

void tell_clock(base::Duration skew) {
  fmt::print(stderr, "{}\n",
             skew == base::Duration{} ? "this machine's clock is right again" : "warning: " + client::skew_text(skew));
}

Result<void> Remote::connect(const cli::ControllerOptions& options) {
  auto connection = client::find_connection({.kubeconfig = options.kubeconfig, .context = options.context});
  if (!connection) return base::fail(connection.error());
  connection->user_agent = "slipway-controller";
  auto made = client::HttpsClient::make(loop, *connection, &metrics, {.clock_is_wrong = tell_clock});
  if (!made) return base::fail(made.error());
  api = std::move(*made);
  return {};
}

// Is the API server one of ours, which has no controllers but these, and services to ask? Waits until it answers: a
// control plane that is starting, or away for a while, is no reason to end.
Result<bool> Remote::is_ours() {
  constexpr base::Duration kAgain = base::seconds(2);
  std::optional<Result<std::string>> answer;
  runtime::Timer again;
  const std::function<void()> ask = [&] {
    api->raw("/version", "", [&](Result<std::string> got) {
      const bool passing = !got && base::retry_of(got.error().code) == base::Retry::Backoff;
      if (!passing) return answer = std::move(got), loop.stop();
      fmt::print(stderr, "{}; trying again\n", got.error().message);
      again = loop.after(kAgain, ask);
    });
  };
  bool interrupted = false;
  runtime::Signals signals(loop, {SIGTERM, SIGINT}, [&](int) { interrupted = true, loop.stop(); });
  ask();
  loop.run();
  if (interrupted) return base::fail(Code::Canceled, "interrupted");
  if (!*answer) return base::fail(answer->error());
  const auto version = data::parse_json(**answer);
  return version && (*version)["gitVersion"].as_string().contains("+slipway-");
}

// The server answers; elsewhere our gateway where there is one, and a Prometheus where a template says that it is.
std::unique_ptr<control::Port> Remote::port_for(const std::string& name, bool loopback, bool ours) {
  if (name == "metrics/process" && (!ours || !programs.empty()))
    return std::make_unique<gateway::ProcessQuery>(loop, programs);
  if (ours) return std::make_unique<RemotePort>(*api, name);
  if (name == "notify")
    return std::make_unique<gateway::Webhook>(
        loop, gateway::WebhookOptions{.allow_loopback = loopback, .secrets = api.get()});
  if (name == "metrics/web")
    return std::make_unique<gateway::WebQuery>(
        loop, gateway::WebQueryOptions{.allow_loopback = loopback, .secrets = api.get()});
  return std::make_unique<gateway::PrometheusQuery>(
      loop, gateway::PrometheusQueryOptions{
                .allow_loopback = loopback,
                .secrets = api.get(),
                .no_own = "this cluster has no built-in Prometheus: set provider.prometheus.address"});
}

// In a cluster whose nodes are modelled, a model in this process answers.
void Remote::add_ports(const cli::ControllerOptions& options, bool ours) {
  if (options.modelled_gateway) {
    modelled_gateway = std::make_unique<rehearse::ModelledGateway>(*api, loop, random);
    modelled_gateway->start();
    runner->add_port("traffic", modelled_gateway->traffic_port());
    runner->add_port("metrics/gateway", modelled_gateway->gateway_metrics_port());
    runner->add_port("metrics/prometheus", modelled_gateway->prometheus_port());
    runner->add_port("metrics/web", modelled_gateway->web_port());
    runner->add_port("metrics/process", modelled_gateway->process_port());
    ports.push_back(port_for("notify", options.allow_loopback_metrics, ours));
    runner->add_port("notify", *ports.back());
    return;
  }
  for (const std::string& name : controllers::port_names()) {
    if (replicas && name == "traffic") {
      runner->add_port(name, replicas->traffic_port());
      continue;
    }
    if (replicas && name == "metrics/gateway") {
      runner->add_port(name, replicas->gateway_metrics_port());
      continue;
    }
    ports.push_back(port_for(name, options.allow_loopback_metrics, ours));
    runner->add_port(name, *ports.back());
  }
}

// A release that was refused for want of our gateway is looked at again when there is one.
void Remote::look_for_replicas() {
  replicas->on_change([this] {
    fmt::print(stderr, "{}\n", replicas->any() ? "a gateway of ours is there" : "no gateway of ours is left");
    for (const auto& [name, _] : runner->world().cache(api::kReleases).all()) runner->nudge("release", name);
  });
  replicas->start();
}

// Without them there is nothing to do, or not all of it after an upgrade of the controllers alone; they are noticed
// when they come.
void Remote::look_for_definitions() {
  api->raw("/apis/slipway.dev/v1alpha1", "", [](const Result<std::string>& answer) {
    if (!answer && answer.error().code != Code::NotFound) return;
    const auto known = data::parse_json(answer ? *answer : "null");
    const auto missing = known ? install::missing_kinds(*known) : std::vector<std::string>();
    if (!missing.empty())
      fmt::print(stderr, "this cluster does not know {}: `slipway install` brings the definitions\n",
                 base::join(missing, ", "));
  });
}

std::set<std::string> names_of(const gateway::MetricPrograms& programs) {
  std::set<std::string> names;
  for (const auto& [name, _] : programs) names.insert(name);
  return names;
}

void Remote::begin(const cli::ControllerOptions& options, const std::string& identity, bool ours) {
  control::LeaseOptions lease{.space = options.lease_space, .identity = identity};
  if (!ours && !options.modelled_gateway) {
    auto certificate = gateway::make_client_certificate(identity, loop.now());
    lease.annotations = {{std::string(gateway::kClientCertificate), certificate.published}};
    replicas = std::make_unique<gateway::Replicas>(
        *api, loop, random,
        gateway::ReplicasOptions{.space = options.lease_space,
                                 .certificate = std::move(certificate),
                                 .caches = {.metrics = &metrics, .troubled = tell_trouble}});
  }
  leadership = std::make_unique<control::LeaseLeadership>(*api, loop, random, std::move(lease));
  const bool everything = ours && !options.releases_only;
  control::RunnerOptions running{.caches = {.spaces = options.spaces, .metrics = &metrics, .troubled = tell_trouble},
                                 .keep = everything ? nullptr : controllers::kept_by_releases};
  runner = std::make_unique<control::Runner>(*api, loop, random, *leadership, std::move(running));
  runner->add_observer(complaints);
  if (options.log_decisions) runner->add_observer(decisions);
  evidence.watch(*runner);
  look_for_definitions();
  add_ports(options, ours);
  const bool answered = ours || options.modelled_gateway;
  std::optional<std::set<std::string>> named;  // where another process knows, nobody does here
  if (!answered || !programs.empty()) named = names_of(programs);
  if (everything)
    controllers::add_to(*runner);
  else
    controllers::add_releases_to(*runner, [this, answered, named] {
      return delivery::MetricSources{
          .gateway = answered || (replicas && replicas->any()), .own_prometheus = answered, .programs = named};
    });
  leadership->start([this] { runner->start(); });
  if (replicas) look_for_replicas();
}

int failed(const base::Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  const bool usage = error.code == Code::NotFound || error.code == Code::Invalid;
  return cli::to_int(usage ? ExitCode::Usage : error.code == Code::Canceled ? ExitCode::Interrupted : ExitCode::Failed);
}

// A process of its own, which gives the lease back when it is told to end.
class Standby {
 public:
  explicit Standby(runtime::Child child) : child_(std::move(child)) {}
  ~Standby() {
    child_.signal(SIGTERM);
    child_.wait();
  }
  Standby(const Standby&) = delete;

 private:
  runtime::Child child_;
};

}  // namespace

std::shared_ptr<void> standby(const cli::ControllerOptions& options) {
  std::vector<std::string> argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "controller",
                                   "--releases-only", "--lease-namespace", options.lease_space};
  const auto add = [&argv](const char* option, const std::string& value) {
    if (!value.empty()) argv.insert(argv.end(), {option, value});
  };
  add("--kubeconfig", options.kubeconfig);
  add("--context", options.context);
  add("--namespaces", base::join(options.spaces, ","));
  // setpriv (util-linux): it ends with us, whatever ends us.
  std::vector<std::string> bound = {"setpriv", "--pdeathsig", "TERM"};
  bound.insert(bound.end(), argv.begin(), argv.end());
  auto child = runtime::Child::start(bound, {.output_path = "/dev/null"});
  if (!child) child = runtime::Child::start(argv, {.output_path = "/dev/null"});
  return child ? std::make_shared<Standby>(std::move(*child)) : nullptr;
}

int controller(const cli::ControllerOptions& options) {
  Remote remote;
  auto programs = gateway::read_metric_programs(options.metric_processes);
  if (!programs) return failed(programs.error());
  remote.programs = std::move(*programs);
  if (auto connected = remote.connect(options); !connected) return failed(connected.error());
  auto ours = remote.is_ours();
  if (!ours) return failed(ours.error());
  const std::string identity = options.identity.empty() ? own_identity(remote.random) : options.identity;
  remote.begin(options, identity, *ours);
  if (!options.metrics_listen.empty()) {
    auto health = HealthServer::start(options.metrics_listen, remote.loop, remote.metrics,
                                      [&remote] { return remote.runner->synced(); });
    if (!health) return failed(health.error());
    remote.health = std::move(*health);
    fmt::print(stderr, "metrics at http://{}/metrics\n", remote.health->address());
  }
  fmt::print(stderr, "controllers of {} wait for the lease {}/slipway-controller\n", identity, options.lease_space);
  // The lease is given back on the way out, so that the next holder need not wait for it to run out.
  runtime::Signals signals(remote.loop, {SIGTERM, SIGINT},
                           [&remote](int) { remote.leadership->release([&remote] { remote.loop.stop(); }); });
  remote.loop.run();
  return cli::to_int(ExitCode::Reached);
}

}  // namespace slipway::server
