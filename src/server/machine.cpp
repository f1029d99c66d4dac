#include "server/machine.h"

#include <optional>

#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"
#include "gateway/files.h"
#include "gateway/gateway.h"
#include "gateway/name_server.h"
#include "gateway/process_query.h"
#include "gateway/prometheus.h"
#include "gateway/web_query.h"
#include "gateway/webhook.h"
#include "node/agent.h"
#include "node/images/store.h"
#include "node/runtimes/process_runtime.h"
#include "node/shim_client.h"
#include "server/node_conditions.h"
#include "server/preflight.h"

namespace slipway::server {

using base::Code;
using base::Result;
using control::HostReport;
using control::NetworkSpace;
using data::Value;

namespace {

constexpr const char* kNodeName = "node-1";
constexpr const char* kNameServerAddress = "10.244.0.1";  // the bridge of the node's network
constexpr base::Duration kProbePatience = base::seconds(15);

node::ShimOptions shim_options(const MachineParts& parts) {
  return {.data_dir = parts.dir.path(), .runtime = parts.options.runtime == "auto" ? "best" : parts.options.runtime};
}

Value texts(const std::vector<std::string>& all) {
  Value out = Value::array();
  for (const std::string& text : all) out.push_back(text);
  return out;
}

std::string joined(const std::vector<std::string>& all) {
  std::string out;
  for (const std::string& text : all) out += (out.empty() ? "" : "; ") + text;
  return out;
}

std::string describe(const HostReport& report) {
  switch (report.rung) {
    case HostReport::Rung::Isolated:
      return "isolated";
    case HostReport::Rung::UserNamespace:
      return "isolated (user namespace)";
    case HostReport::Rung::Loopback:
      return "loopback";
  }
  return "";
}

}  // namespace

// In order of construction; taken apart backwards.
struct Machine::Impl {
  MachineParts parts;
  std::unique_ptr<node::ShimClient> shim = {};
  HostReport report = {};
  std::unique_ptr<apiserver::LocalClient> gateway_client = {}, node_client = {};
  std::unique_ptr<gateway::Gateway> gateway = {};
  std::unique_ptr<gateway::NameServer> names = {};
  std::unique_ptr<gateway::Prometheus> prometheus = {};
  std::unique_ptr<gateway::WebQuery> web = {};
  std::unique_ptr<gateway::Webhook> webhook = {};
  std::unique_ptr<gateway::ProcessQuery> programs = {};
  std::unique_ptr<node::images::Store> images = {};
  std::unique_ptr<node::ProcessRuntime> pods = {};
  std::unique_ptr<node::Agent> agent = {};
  std::unique_ptr<NodeConditions> health = {};

  bool loopback() const { return report.rung == HostReport::Rung::Loopback; }
  Result<void> begin_gateway(apiserver::ApiServer& api);
  Result<void> begin_prometheus(std::uint16_t api_port);
  void begin_names();
  void begin_node(apiserver::ApiServer& api);
  void begin_health();
  std::vector<std::string> missing_programs() const;
  std::string gateway_address() const {
    return parts.options.listen + ":" + std::to_string(parts.options.gateway_port);
  }
};

Machine::Machine(MachineParts parts) : impl_(new Impl{.parts = parts}) {}
Machine::~Machine() = default;

Result<void> Machine::probe() {
  Impl& m = *impl_;
  if (auto running = node::ensure_shim(shim_options(m.parts)); !running) return running;
  m.shim = std::make_unique<node::ShimClient>(m.parts.loop, shim_options(m.parts));
  m.shim->start();
  std::optional<Result<HostReport>> answer;
  m.shim->report([&answer](Result<HostReport> report) { answer = std::move(report); });
  bool late = false;
  const runtime::Timer patience = m.parts.loop.after(kProbePatience, [&late] { late = true; });
  while (!answer && !late) m.parts.loop.run_one();
  if (!answer) return base::fail(Code::Timeout, "the shim does not answer; see " + m.parts.dir.run() + "/shim.log");
  if (!*answer) return base::fail(answer->error());
  m.report = **answer;
  return {};
}

std::string Machine::service_range() const { return impl_->loopback() ? "127.30.0.0/16" : "10.96.0.0/16"; }

Result<void> Machine::start(apiserver::ApiServer& api, std::uint16_t api_port) {
  Impl& m = *impl_;
  if (auto begun = m.begin_gateway(api); !begun) return begun;
  if (!m.loopback()) m.begin_names();
  if (m.parts.options.prometheus)
    if (auto begun = m.begin_prometheus(api_port); !begun) return begun;
  m.begin_node(api);
  m.begin_health();
  return {};
}

Result<void> Machine::Impl::begin_gateway(apiserver::ApiServer& api) {
  gateway_client =
      std::make_unique<apiserver::LocalClient>(api, parts.loop, apiserver::part_identity(apiserver::kGatewayUser));
  gateway = std::make_unique<gateway::Gateway>(
      *gateway_client, parts.loop, parts.random, *shim, parts.metrics,
      gateway::GatewayOptions{.data_dir = parts.dir.path(),
                              .listen_address = parts.options.listen,
                              .port = parts.options.gateway_port,
                              .network = loopback() ? NetworkSpace::Host : NetworkSpace::Node});
  web = std::make_unique<gateway::WebQuery>(
      parts.loop, gateway::WebQueryOptions{.allow_loopback = parts.options.allow_loopback_metrics,
                                           .secrets = gateway_client.get()});
  webhook = std::make_unique<gateway::Webhook>(
      parts.loop,
      gateway::WebhookOptions{.allow_loopback = parts.options.allow_loopback_metrics, .secrets = gateway_client.get()});
  auto named = gateway::read_metric_programs(parts.options.metric_processes);
  if (!named) return base::fail(named.error());
  programs = std::make_unique<gateway::ProcessQuery>(parts.loop, std::move(*named));
  return gateway->start();
}

void Machine::Impl::begin_names() {
  names = std::make_unique<gateway::NameServer>(
      parts.loop, *shim, gateway::NameServerOptions{.config_dir = parts.dir.gateway(), .address = kNameServerAddress});
  gateway->on_names([this] { names->publish(gateway->names()); });
  names->start();
}

Result<void> Machine::Impl::begin_prometheus(std::uint16_t api_port) {
  prometheus = std::make_unique<gateway::Prometheus>(
      parts.loop, *shim,
      gateway::PrometheusOptions{
          .data_dir = parts.dir.path(),
          .port = prometheus_port(api_port),
          .scrape = "127.0.0.1:" + std::to_string(api_port),
          .ca = parts.certificates.ca,
          .scraper = parts.certificates.metrics,
          .query = {.allow_loopback = parts.options.allow_loopback_metrics, .secrets = gateway_client.get()}});
  return prometheus->start();
}

void Machine::Impl::begin_node(apiserver::ApiServer& api) {
  node_client =
      std::make_unique<apiserver::LocalClient>(api, parts.loop, apiserver::part_identity(apiserver::kNodeUser));
  images = std::make_unique<node::images::Store>(parts.dir.images(), parts.options.allow_host_image);
  pods = std::make_unique<node::ProcessRuntime>(
      parts.loop, *shim, *images,
      node::ProcessRuntimeOptions{.data_dir = parts.dir.path(), .dns_address = loopback() ? "" : kNameServerAddress});
  agent = std::make_unique<node::Agent>(*node_client, parts.loop, parts.random, *pods, *gateway,
                                        node::AgentOptions{.name = kNodeName, .machine = node::this_machine()});
  agent->start();
}

void Machine::Impl::begin_health() {
  health = std::make_unique<NodeConditions>(*node_client, parts.loop, kNodeName);
  health->watch({.type = "slipway.dev/Gateway",
                 .working = "HAProxy serves on http://" + gateway_address(),
                 .works = [this] { return gateway->ready(); },
                 .problem = [this] { return joined(gateway->problems()); }});
  if (prometheus)
    health->watch({.type = "slipway.dev/Prometheus",
                   .working = "Prometheus runs on " + prometheus->address(),
                   .works = [this] { return prometheus->running(); },
                   .problem = [this] { return prometheus->problem(); }});
  if (names)
    health->watch({.type = "slipway.dev/Names",
                   .working = std::string("dnsmasq answers pods on ") + kNameServerAddress,
                   .works = [this] { return names->running(); },
                   .problem = [this] { return names->problem(); }});
  health->start();
}

// What is missing can be told at once; everything else shows on the node.
std::vector<std::string> Machine::Impl::missing_programs() const {
  std::vector<base::Result<std::string>> wanted{gateway::require_program("haproxy", "HAProxy", "haproxy")};
  if (prometheus) wanted.push_back(gateway::require_program("prometheus", "Prometheus", "prometheus"));
  if (names) wanted.push_back(gateway::require_program("dnsmasq", "dnsmasq", "dnsmasq-base"));
  std::vector<std::string> missing;
  for (const auto& program : wanted)
    if (!program) missing.push_back(program.error().message);
  return missing;
}

std::map<std::string, control::Port*> Machine::ports() {
  std::map<std::string, control::Port*> ports{{"traffic", &impl_->gateway->traffic_port()},
                                              {"metrics/gateway", &impl_->gateway->gateway_metrics_port()}};
  ports["metrics/web"] = impl_->web.get();
  ports["metrics/process"] = impl_->programs.get();
  ports["notify"] = impl_->webhook.get();
  if (impl_->prometheus) ports["metrics/prometheus"] = &impl_->prometheus->port();
  return ports;
}

Value Machine::endpoints() const {
  const Impl& m = *impl_;
  Value out = Value::object({{"gateway", m.gateway_address()},
                             {"runtime", describe(m.report)},
                             {"notes", texts(m.report.notes)},
                             {"problems", texts(m.missing_programs())}});
  if (m.prometheus) out.set("prometheus", m.prometheus->address());
  return out;
}

}  // namespace slipway::server
