// `slipway controller`: all controllers in a process of their own, with the rights of their kubeconfig and no others.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <memory>

#include "client/find.h"
#include "client/https_client.h"
#include "control/lease_leadership.h"
#include "control/runner.h"
#include "controllers/controllers.h"
#include "runtime/real/loop.h"
#include "runtime/signals.h"
#include "server/ask.h"
#include "server/commands.h"

namespace slipway::server {

using base::Result;
using cli::ExitCode;

namespace {

std::string own_identity(runtime::Random& random) {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  return std::string(host) + "_" + runtime::make_uid(random);
}

// Everything of the process; taken apart backwards.
struct Remote {
  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  std::unique_ptr<client::HttpsClient> api;
  std::vector<std::unique_ptr<RemotePort>> ports;
  std::unique_ptr<control::LeaseLeadership> leadership;
  std::unique_ptr<control::Runner> runner;

  Result<void> connect(const cli::ControllerOptions& options);
  void begin(const std::string& identity);
};

Result<void> Remote::connect(const cli::ControllerOptions& options) {
  auto connection = client::find_connection({.kubeconfig = options.kubeconfig, .context = options.context});
  if (!connection) return base::fail(connection.error());
  connection->user_agent = "slipway-controller";
  auto made = client::HttpsClient::make(loop, *connection);
  if (!made) return base::fail(made.error());
  api = std::move(*made);
  return {};
}

void Remote::begin(const std::string& identity) {
  leadership =
      std::make_unique<control::LeaseLeadership>(*api, loop, random, control::LeaseOptions{.identity = identity});
  runner = std::make_unique<control::Runner>(*api, loop, random, *leadership);
  for (const std::string& name : controllers::port_names()) {
    ports.push_back(std::make_unique<RemotePort>(*api, name));
    runner->add_port(name, *ports.back());
  }
  controllers::add_to(*runner);
  leadership->start();
  runner->start();
}

}  // namespace

int controller(const cli::ControllerOptions& options) {
  Remote remote;
  if (auto connected = remote.connect(options); !connected) {
    fmt::print(stderr, "error: {}\n", connected.error().message);
    return cli::to_int(connected.error().code == base::Code::NotFound ? ExitCode::Usage : ExitCode::Failed);
  }
  const std::string identity = options.identity.empty() ? own_identity(remote.random) : options.identity;
  remote.begin(identity);
  fmt::print(stderr, "controllers of {} wait for the lease kube-system/slipway-controller\n", identity);
  // The lease is given back on the way out, so that the next holder need not wait for it to run out.
  runtime::Signals signals(remote.loop, {SIGTERM, SIGINT},
                           [&remote](int) { remote.leadership->release([&remote] { remote.loop.stop(); }); });
  remote.loop.run();
  return cli::to_int(ExitCode::Reached);
}

}  // namespace slipway::server
