// `slipway node --modelled`: a stand-in for the nodes of a cluster, so that a control plane alone is enough to try releases on.
#include <fmt/format.h>
#include <signal.h>

#include <memory>

#include "client/find.h"
#include "client/https_client.h"
#include "control/runner.h"
#include "rehearse/modelled_node.h"
#include "runtime/real/loop.h"
#include "runtime/signals.h"
#include "server/commands.h"
#include "workload/scheduler/controller.h"

namespace slipway::server {
namespace {

std::vector<std::string> names_of(const cli::NodeOptions& options) {
  if (options.count == 1) return {options.name};
  std::vector<std::string> names;
  for (int i = 1; i <= options.count; ++i) names.push_back(options.name + "-" + std::to_string(i));
  return names;
}

// Everything of the process; taken apart backwards.
struct Modelled {
  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  std::unique_ptr<client::HttpsClient> api;
  std::unique_ptr<rehearse::ModelledNode> nodes;
  control::AlwaysLeader alone;
  std::unique_ptr<control::Runner> scheduler;

  base::Result<void> connect(const cli::NodeOptions& options) {
    auto connection = client::find_connection({.kubeconfig = options.kubeconfig, .context = options.context});
    if (!connection) return base::fail(connection.error());
    connection->user_agent = "slipway-node";
    auto made = client::HttpsClient::make(loop, *connection);
    if (!made) return base::fail(made.error());
    api = std::move(*made);
    return {};
  }

  void begin(const cli::NodeOptions& options) {
    nodes = std::make_unique<rehearse::ModelledNode>(*api, loop, random, names_of(options));
    nodes->start();
    if (!options.schedule) return;
    scheduler = std::make_unique<control::Runner>(*api, loop, random, alone);
    scheduler->add(std::make_unique<workload::scheduler::SchedulerController>());
    scheduler->start();
  }
};

}  // namespace

int node(const cli::NodeOptions& options) {
  Modelled modelled;
  if (auto connected = modelled.connect(options); !connected) {
    fmt::print(stderr, "error: {}\n", connected.error().message);
    return cli::to_int(connected.error().code == base::Code::NotFound ? cli::ExitCode::Usage : cli::ExitCode::Failed);
  }
  modelled.begin(options);
  fmt::print(stderr, "{} modelled node{}{}\n", options.count, options.count == 1 ? "" : "s",
             options.schedule ? ", and a scheduler" : "");
  runtime::Signals signals(modelled.loop, {SIGTERM, SIGINT}, [&modelled](int) { modelled.loop.stop(); });
  modelled.loop.run();
  return cli::to_int(cli::ExitCode::Reached);
}

}  // namespace slipway::server
