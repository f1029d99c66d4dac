// `slipway controller`: controllers in a process of their own, with the rights of their kubeconfig and no others.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <memory>

#include "base/strings.h"
#include "client/find.h"
#include "client/https_client.h"
#include "control/lease_leadership.h"
#include "control/runner.h"
#include "controllers/controllers.h"
#include "data/json.h"
#include "rehearse/modelled_gateway.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"
#include "runtime/signals.h"
#include "server/ask.h"
#include "server/commands.h"
#include "server/health.h"

namespace slipway::server {

using base::Code;
using base::Result;
using cli::ExitCode;

namespace {

std::string own_identity(runtime::Random& random) {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  return std::string(host) + "_" + runtime::make_uid(random);
}

// What a question meets in a cluster that has no such service.
class AbsentPort final : public control::Port {
 public:
  AbsentPort(runtime::Loop& loop, std::string name) : loop_(loop), name_(std::move(name)) {}
  void perform(const std::string&, const data::Value&, Done done) override {
    loop_.post([name = name_, done = std::move(done)]() mutable {
      done(base::fail(Code::Unavailable, "this cluster has no " + name + " that the controllers could ask"));
    });
  }

 private:
  runtime::Loop& loop_;
  std::string name_;
};

// Everything of the process; taken apart backwards.
struct Remote {
  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  runtime::Metrics metrics;
  std::unique_ptr<client::HttpsClient> api;
  std::vector<std::unique_ptr<control::Port>> ports;
  std::unique_ptr<rehearse::ModelledGateway> modelled_gateway;
  std::unique_ptr<control::LeaseLeadership> leadership;
  std::unique_ptr<control::Runner> runner;
  std::unique_ptr<HealthServer> health;

  Result<void> connect(const cli::ControllerOptions& options);
  Result<bool> is_ours();
  void begin(const cli::ControllerOptions& options, const std::string& identity, bool ours);
  void add_ports(bool modelled, bool ours);
};

Result<void> Remote::connect(const cli::ControllerOptions& options) {
  auto connection = client::find_connection({.kubeconfig = options.kubeconfig, .context = options.context});
  if (!connection) return base::fail(connection.error());
  connection->user_agent = "slipway-controller";
  auto made = client::HttpsClient::make(loop, *connection, &metrics);
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

// The server answers; in a cluster whose nodes are modelled, a model in this process; elsewhere nobody.
void Remote::add_ports(bool modelled, bool ours) {
  if (modelled) {
    modelled_gateway = std::make_unique<rehearse::ModelledGateway>(*api, loop, random);
    modelled_gateway->start();
    runner->add_port("traffic", modelled_gateway->traffic_port());
    runner->add_port("metrics/gateway", modelled_gateway->gateway_metrics_port());
    runner->add_port("metrics/prometheus", modelled_gateway->prometheus_port());
    return;
  }
  for (const std::string& name : controllers::port_names()) {
    if (ours)
      ports.push_back(std::make_unique<RemotePort>(*api, name));
    else
      ports.push_back(std::make_unique<AbsentPort>(loop, name));
    runner->add_port(name, *ports.back());
  }
}

void Remote::begin(const cli::ControllerOptions& options, const std::string& identity, bool ours) {
  leadership = std::make_unique<control::LeaseLeadership>(
      *api, loop, random, control::LeaseOptions{.space = options.lease_space, .identity = identity});
  runner = std::make_unique<control::Runner>(*api, loop, random, *leadership);
  add_ports(options.modelled_gateway, ours);
  if (ours && !options.releases_only)
    controllers::add_to(*runner);
  else
    controllers::add_releases_to(*runner);
  leadership->start();
  runner->start();
}

int failed(const base::Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  const bool usage = error.code == Code::NotFound || error.code == Code::Invalid;
  return cli::to_int(usage ? ExitCode::Usage : error.code == Code::Canceled ? ExitCode::Interrupted : ExitCode::Failed);
}

}  // namespace

int controller(const cli::ControllerOptions& options) {
  Remote remote;
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
