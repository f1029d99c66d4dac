#include "server/server.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "apiserver/bootstrap.h"
#include "apiserver/http_front.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "base/strings.h"
#include "control/lease_leadership.h"
#include "control/runner.h"
#include "controllers/controllers.h"
#include "http/tls.h"
#include "runtime/file.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"
#include "runtime/signals.h"
#include "server/ask.h"
#include "server/certificates.h"
#include "server/decision_lines.h"
#include "server/machine.h"
#include "server/modelled_surroundings.h"
#include "server/pod_logs.h"
#include "store/sqlite_store.h"

namespace slipway::server {

using base::Result;
using data::Value;

namespace {

// Milliseconds since this process was started, from the kernel's own record.
double milliseconds_alive() {
  std::string stat = runtime::read_file("/proc/self/stat").value_or("");
  const auto fields = base::split(std::string_view(stat).substr(std::min(stat.rfind(')') + 2, stat.size())), ' ');
  if (fields.size() < 20) return 0;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double started = base::parse_double(fields[19]).value_or(0) / ticks;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 - started) * 1000;
}

}  // namespace

// In order of construction; taken apart backwards.
struct Server::Impl {
  cli::UpOptions options;
  DataDir dir;
  std::unique_ptr<runtime::LockFile> lock;
  Certificates certificates;
  runtime::real::Loop loop;
  runtime::real::OsRandom random;
  runtime::Metrics metrics;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<PodLogs> logs;
  std::unique_ptr<apiserver::ApiServer> api;
  std::unique_ptr<apiserver::HttpFront> front;
  std::unique_ptr<Surroundings> around;
  std::unique_ptr<apiserver::LocalClient> controller_client;
  std::unique_ptr<control::LeaseLeadership> leadership;
  std::unique_ptr<controllers::Evidence> evidence;
  DecisionLines decisions;
  std::unique_ptr<control::Runner> runner;
  std::unique_ptr<runtime::Signals> signals;
  Value endpoints = Value::object();

  Impl(const cli::UpOptions& o, DataDir d) : options(o), dir(std::move(d)) {}
  Result<void> open();
  Result<void> serve();
  Result<void> probe_surroundings();
  std::optional<std::set<std::string>> metric_programs() const;
  void begin_controllers();
  void publish_metrics();
};

Result<void> Server::Impl::open() {
  auto locked = runtime::LockFile::acquire(dir.lock());
  if (!locked) return base::fail(locked.error());
  lock = std::move(*locked);
  auto opened = store::open_sqlite_store(loop, dir.store());
  if (!opened) return base::fail(opened.error());
  store = std::move(*opened);
  auto made = ensure_certificates(dir, options.port, runtime::real::wall_clock());
  if (!made) return base::fail(made.error());
  certificates = std::move(*made);
  return {};
}

Result<void> Server::Impl::serve() {
  apiserver::Settings settings;
  settings.wall_clock = runtime::real::wall_clock;
  settings.service_range = around->service_range();
  logs = std::make_unique<PodLogs>(loop, dir.path(), *store);
  settings.logs = logs.get();
  api = std::make_unique<apiserver::ApiServer>(*store, loop, random, settings);
  api->start();
  // Roles and namespaces of a first start are durable before anybody asks: who came earlier would be refused.
  while (store->published()->revision() < store->head()->revision()) loop.run_one();
  publish_metrics();
  auto tls = http::TlsContext::make(http::TlsContext::Server{
      .certificate = certificates.server.certificate, .key = certificates.server.key, .client_ca = certificates.ca});
  if (!tls) return base::fail(tls.error());
  auto started = apiserver::HttpFront::start(
      *api, loop, {.listeners = {{.address = options.listen, .port = options.port, .tls = *tls}}});
  if (!started) return base::fail(started.error());
  front = std::move(*started);
  return {};
}

void Server::Impl::publish_metrics() {
  api->add_raw("/metrics", [this](apiserver::PathRequest, apiserver::Responder respond) {
    respond(apiserver::Response::text(metrics.text(), std::string(runtime::kMetricsContentType)));
  });
}

Result<void> Server::Impl::probe_surroundings() {
  if (options.modelled) {
    around = std::make_unique<ModelledSurroundings>(loop, random, options.allow_loopback_metrics);
    return around->probe();
  }
  around = std::make_unique<Machine>(MachineParts{.options = options,
                                                  .dir = dir,
                                                  .certificates = certificates,
                                                  .loop = loop,
                                                  .random = random,
                                                  .metrics = metrics});
  return around->probe();
}

// Those of --metric-process; a model knows its own.
std::optional<std::set<std::string>> Server::Impl::metric_programs() const {
  if (options.modelled) return std::nullopt;
  std::set<std::string> names;
  for (const std::string& text : options.metric_processes) names.insert(text.substr(0, text.find('=')));
  return names;
}

void Server::Impl::begin_controllers() {
  serve_ports(*api, around->ports());
  if (!options.controllers) return;
  controller_client =
      std::make_unique<apiserver::LocalClient>(*api, loop, apiserver::part_identity(apiserver::kControllerUser));
  // The same identity at every start: the next server takes its own lease over at once, while a separate controller has
  // to wait.
  leadership = std::make_unique<control::LeaseLeadership>(*controller_client, loop, random,
                                                          control::LeaseOptions{.identity = "embedded"});
  runner = std::make_unique<control::Runner>(*controller_client, loop, random, *leadership);
  evidence = std::make_unique<controllers::Evidence>(metrics, loop);
  evidence->watch(*runner);
  if (options.log_decisions) runner->add_observer(decisions);
  for (const auto& [name, port] : around->ports()) runner->add_port(name, *port);
  const auto programs = metric_programs();
  controllers::add_to(*runner, [programs] { return delivery::MetricSources{.programs = programs}; });
  leadership->start([this] { runner->start(); });
}

Result<std::unique_ptr<Server>> Server::start(const cli::UpOptions& options, const DataDir& dir) {
  auto impl = std::make_unique<Impl>(options, dir);
  if (auto opened = impl->open(); !opened) return base::fail(opened.error());
  if (auto probed = impl->probe_surroundings(); !probed) return base::fail(probed.error());
  if (auto serving = impl->serve(); !serving) return base::fail(serving.error());
  if (auto begun = impl->around->start(*impl->api, impl->front->ports().front()); !begun)
    return base::fail(begun.error());
  impl->begin_controllers();
  impl->signals = std::make_unique<runtime::Signals>(impl->loop, std::vector<int>{SIGTERM, SIGINT},
                                                     [loop = &impl->loop](int) { loop->stop(); });
  const std::string api = options.listen + ":" + std::to_string(impl->front->ports().front());
  impl->endpoints = impl->around->endpoints();
  impl->endpoints.set("api", "https://" + api);
  impl->endpoints.set("metrics", "https://" + api + "/metrics");
  impl->endpoints.set("kubeconfig", dir.kubeconfig());
  impl->endpoints.set("pid", static_cast<std::int64_t>(getpid()));
  impl->endpoints.set("readyMs", milliseconds_alive());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

void Server::run() { impl_->loop.run(); }

const Value& Server::endpoints() const { return impl_->endpoints; }

}  // namespace slipway::server
