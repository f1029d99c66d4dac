#include "gateway/name_server.h"

#include <signal.h>

#include <filesystem>

#include "gateway/files.h"

namespace slipway::gateway {

NameServer::NameServer(runtime::Loop& loop, control::ProcessHost& host, NameServerOptions options)
    : options_(std::move(options)),
      keeper_(loop, host, "name-server", options_.config_dir + "/names.log", [this] { return spec(); }) {}

base::Result<control::ProcessSpec> NameServer::spec() const {
  auto binary = require_program(options_.dnsmasq, "pods have no names: dnsmasq", "dnsmasq-base");
  if (!binary) return base::fail(binary.error());
  // Knows the cluster's names only; everything below cluster.local that is not there does not exist.
  return control::ProcessSpec{
      .id = "name-server",
      .argv = {*binary, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
               "--bind-interfaces", "--user=", "--group=", "--pid-file=", "--local=/cluster.local/", "--local-ttl=5",
               "--log-facility=-", "--listen-address=" + options_.address, "--port=" + std::to_string(options_.port),
               "--addn-hosts=" + options_.config_dir + "/names"},
      .env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}},
      .network = options_.network,
      .stdout_path = options_.config_dir + "/names.log"};
}

void NameServer::write_names(const std::string& text) {
  std::error_code ignored;
  std::filesystem::create_directories(options_.config_dir, ignored);
  auto written = write_file(options_.config_dir + "/names", text, 0644);
  problem_ = written ? "" : written.error().message;
}

void NameServer::start() {
  if (started_) return;
  started_ = true;
  if (!std::filesystem::exists(options_.config_dir + "/names")) write_names("");
  keeper_.start();
}

void NameServer::publish(const Names& names) {
  std::string text;
  for (const auto& [name, addresses] : names)
    for (const std::string& address : addresses) text += address + " " + name + "\n";
  write_names(text);
  start();
  keeper_.signal(SIGHUP);  // reads the names again
}

std::string resolv_conf(const std::string& name_server, const std::string& space) {
  return "nameserver " + name_server + "\nsearch " + space +
         ".svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n";
}

}  // namespace slipway::gateway
