// `slipway gateway`: one replica of the data plane of a cluster that others run (docs/gateway-on-clusters.md).
#include "gateway/gateway.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "client/find.h"
#include "client/https_client.h"
#include "control/lease_leadership.h"
#include "gateway/child_processes.h"
#include "gateway/control_server.h"
#include "gateway/files.h"
#include "gateway/heartbeat.h"
#include "gateway/live_replicas.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"
#include "runtime/signals.h"
#include "server/commands.h"
#include "server/health.h"
#include "server/identity.h"
#include "server/trouble.h"

namespace slipway::server {
namespace {

using base::Result;
using cli::ExitCode;

constexpr const char* kProxy = "gateway-proxy";         // gateway::DriverOptions::process_id
constexpr base::Duration kRemember = base::minutes(1);  // Leases of dead replicas
constexpr base::Duration kLook = base::seconds(1);      // at what there is to say
constexpr base::Duration kLookForSessions = base::milliseconds(50);

// A folder of our own that goes with us.
class Folder {
 public:
  static Result<std::unique_ptr<Folder>> make(const std::string& named) {
    std::string path =
        named.empty() ? (std::filesystem::temp_directory_path() / "slipway-gateway-XXXXXX").string() : named;
    std::error_code failed;
    if (named.empty() && ::mkdtemp(path.data()) == nullptr)
      return base::fail(base::Code::Unavailable, "no folder for the proxy's files: " + path);
    std::filesystem::create_directories(path, failed);
    if (failed) return base::fail(base::Code::Unavailable, path + ": " + failed.message());
    return std::make_unique<Folder>(path, named.empty());
  }
  Folder(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}
  ~Folder() {
    std::error_code ignored;
    if (temporary_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool temporary_;
};

// Everything of the process; taken apart backwards.
class Replica {
 public:
  Result<void> begin(const cli::GatewayOptions& options);
  int run();

 private:
  Result<void> connect();
  Result<void> begin_gateway();
  Result<void> begin_control();
  void begin_statuses();
  void follow_leases();
  void tidy_leases();
  void say_what_is_new();
  void end();
  void stop_taking();
  void await_sessions(base::MonoTime until);
  void leave();
  void say(const std::string& text) const { fmt::print(stderr, "{}\n", text); }

  cli::GatewayOptions options_;
  std::string identity_;
  std::unique_ptr<Folder> folder_;
  runtime::real::Loop loop_;
  runtime::real::OsRandom random_;
  runtime::Metrics metrics_;
  std::unique_ptr<client::HttpsClient> api_;
  std::unique_ptr<control::LeaseLeadership> leadership_;
  std::unique_ptr<gateway::ChildProcesses> processes_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<gateway::LiveReplicas> leases_;
  std::unique_ptr<gateway::ControlServer> control_;
  std::unique_ptr<gateway::Heartbeat> heartbeat_;
  std::unique_ptr<HealthServer> health_;
  std::string said_;
  bool ending_ = false;
  runtime::Timer timer_, looking_;
};

Result<void> Replica::connect() {
  auto connection = client::find_connection({.kubeconfig = options_.kubeconfig, .context = options_.context});
  if (!connection) return base::fail(connection.error());
  connection->user_agent = "slipway-gateway";
  auto made = client::HttpsClient::make(loop_, *connection, &metrics_);
  if (!made) return base::fail(made.error());
  api_ = std::move(*made);
  return {};
}

Result<void> Replica::begin(const cli::GatewayOptions& options) {
  options_ = options;
  identity_ = options.identity.empty() ? own_identity(random_) : options.identity;
  if (auto found = gateway::require_program(options.haproxy, "HAProxy", "haproxy"); !found)
    return base::fail(found.error());
  if (auto connected = connect(); !connected) return connected;
  auto folder = Folder::make(options.data_dir);
  if (!folder) return base::fail(folder.error());
  folder_ = std::move(*folder);
  leadership_ = std::make_unique<control::LeaseLeadership>(
      *api_, loop_, random_,
      control::LeaseOptions{.space = options.lease_space, .name = gateway::kLeaderLease, .identity = identity_});
  if (auto begun = begin_gateway(); !begun) return begun;
  begin_statuses();
  if (auto begun = begin_control(); !begun) return begun;
  if (options.metrics_listen.empty()) return {};
  auto health =
      HealthServer::start(options.metrics_listen, loop_, metrics_, [this] { return gateway_->ready() && !ending_; });
  if (!health) return base::fail(health.error());
  health_ = std::move(*health);
  return {};
}

Result<void> Replica::begin_gateway() {
  const auto slash = options_.service.find('/');
  gateway::OnCluster cluster{.addresses = options_.addresses,
                             .leads = [this] { return leadership_->leads(); },
                             .caches = {.metrics = &metrics_, .troubled = tell_trouble}};
  if (!options_.service.empty()) {
    if (slash == std::string::npos)
      return base::fail(base::Code::Invalid, "--service " + options_.service + " is not NAMESPACE/NAME");
    cluster.service_space = options_.service.substr(0, slash);
    cluster.service = options_.service.substr(slash + 1);
  } else if (cluster.addresses.empty() && options_.listen != "0.0.0.0") {
    cluster.addresses = {options_.listen};
  }
  processes_ = std::make_unique<gateway::ChildProcesses>(loop_);
  gateway_ = std::make_unique<gateway::Gateway>(*api_, loop_, random_, *processes_, metrics_,
                                                gateway::GatewayOptions{.data_dir = folder_->path(),
                                                                        .listen_address = options_.listen,
                                                                        .haproxy = options_.haproxy,
                                                                        .threads = options_.threads,
                                                                        .cluster = std::move(cluster)});
  return gateway_->start();
}

// Only the leader writes them.
void Replica::begin_statuses() {
  leadership_->on_change([this] {
    say(leadership_->leads() ? "this replica writes statuses" : "another replica writes statuses");
    gateway_->review();
  });
  leadership_->start();
}

Result<void> Replica::begin_control() {
  auto certificate = gateway::make_server_certificate(loop_.now());
  const std::string published = certificate.published;
  auto control = gateway::ControlServer::open(
      loop_, options_.control_listen, std::move(certificate),
      {{"traffic", &gateway_->traffic_port()}, {"metrics/gateway", &gateway_->gateway_metrics_port()}});
  if (!control) return base::fail(control.error());
  control_ = std::move(*control);
  const std::string host = options_.control_host.empty()
                               ? options_.control_listen.substr(0, options_.control_listen.rfind(':'))
                               : options_.control_host;
  const std::string address = host + ":" + std::to_string(control_->port());
  heartbeat_ = std::make_unique<gateway::Heartbeat>(
      *api_, loop_, options_.lease_space,
      gateway::ReplicaFacts{.identity = identity_, .address = address, .certificate = published},
      [this](const std::string& problem) {
        say(problem.empty() ? "the controllers can find this replica"
                            : "the controllers cannot find this replica: " + problem);
      });
  heartbeat_->start();
  follow_leases();
  return {};
}

void Replica::follow_leases() {
  leases_ =
      std::make_unique<gateway::LiveReplicas>(*api_, loop_, random_, options_.lease_space,
                                              client::CacheOptions{.metrics = &metrics_, .troubled = tell_trouble});
  leases_->on_change([this] {
    if (auto done = control_->trust(leases_->trusted()); !done) say("the control port: " + done.error().message);
    tidy_leases();
  });
  leases_->start();
}

// A pod that was replaced does not come back under its name.
void Replica::tidy_leases() {
  if (!leadership_->leads()) return;
  for (const std::string& name : leases_->dead_for(kRemember)) {
    client::Request remove{
        .verb = client::Verb::Delete, .resource = api::kLeases, .space = options_.lease_space, .name = name};
    api_->call(std::move(remove), [](const client::Answer&) {});
  }
}

void Replica::say_what_is_new() {
  std::string now = gateway_->served() ? ""
                                       : "this cluster has no Gateway API (gateway.networking.k8s.io/v1): install its "
                                         "standard channel; this goes on when it comes";
  for (const std::string& problem : gateway_->problems()) now += (now.empty() ? "" : "\n") + problem;
  if (now != said_ && !now.empty()) say(now);
  said_ = std::move(now);
  looking_ = loop_.after(kLook, [this] { say_what_is_new(); });
}

// --- the end ------------------------------------------------------------------------------------------------

// Not ready any more; but until everybody knows, requests still come.
void Replica::end() {
  if (ending_) return loop_.stop();  // told twice: at once
  ending_ = true;
  say("ending: requests are still taken for " + std::to_string(options_.grace_seconds) + " s");
  leadership_->release([] {});
  timer_ = loop_.after(base::seconds(options_.grace_seconds), [this] { stop_taking(); });
}

// HAProxy's soft stop (Management Guide 4): no new connection, and the end with the last session.
void Replica::stop_taking() {
  processes_->close();
  processes_->signal(kProxy, SIGUSR1, [](const Result<bool>&) {});
  await_sessions(loop_.mono() + base::seconds(options_.drain_seconds));
}

void Replica::await_sessions(base::MonoTime until) {
  if (!processes_->is_running(kProxy) || loop_.mono() >= until) return leave();
  timer_ = loop_.after(kLookForSessions, [this, until] { await_sessions(until); });
}

void Replica::leave() {
  timer_ = loop_.after(base::seconds(2), [this] { loop_.stop(); });  // an API that does not answer
  heartbeat_->end([this] { loop_.stop(); });
}

int Replica::run() {
  say("gateway replica " + identity_ + ": control port " + std::to_string(control_->port()) +
      (health_ ? ", metrics at http://" + health_->address() + "/metrics" : ""));
  say_what_is_new();
  runtime::Signals signals(loop_, {SIGTERM, SIGINT}, [this](int) { end(); });
  loop_.run();
  return cli::to_int(ExitCode::Reached);
}

}  // namespace

int gateway(const cli::GatewayOptions& options) {
  Replica replica;
  if (auto begun = replica.begin(options); !begun) {
    fmt::print(stderr, "error: {}\n", begun.error().message);
    const bool usage = begun.error().code == base::Code::NotFound || begun.error().code == base::Code::Invalid;
    return cli::to_int(usage ? ExitCode::Usage : ExitCode::Failed);
  }
  return replica.run();
}

}  // namespace slipway::server
