#include "server/preflight.h"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <thread>

#include "base/strings.h"
#include "data/json.h"
#include "node/shim_client.h"
#include "runtime/file.h"
#include "server/data_dir.h"
#include "server/local_port.h"

namespace slipway::server {

using base::Code;
using base::Result;
using data::Value;

namespace {

constexpr int kMostPort = 65535;
constexpr std::size_t kLongestFolder = 72;  // HAProxy's sockets are below it, and their paths may have 90 bytes
constexpr int kPortTries = 100;

// What an earlier run left running: pods and proxy outlive their server.
struct Standing {
  std::string gateway;  // "127.0.0.1:8080"
  std::string prometheus;
  std::string runtime;
};

std::optional<Standing> standing_in(const std::string& data_dir) {
  if (!node::shim_runs(data_dir)) return std::nullopt;
  const auto text = runtime::read_file(data_dir + "/endpoints.json");
  const auto endpoints = data::parse_json(text.value_or("{}"));
  if (!endpoints) return Standing{};
  return Standing{(*endpoints)["gateway"].str(), (*endpoints)["prometheus"].str(), (*endpoints)["runtime"].str()};
}

int port_of(const std::string& address) {
  return static_cast<int>(base::parse_int(address.substr(address.rfind(':') + 1)).value_or(0));
}

class Obstacles {
 public:
  explicit Obstacles(const cli::UpOptions& options) : options_(options), standing_(standing_in(options.data_dir)) {}

  std::vector<base::Cause> find() {
    look_at_folder();
    look_at_ports();
    if (standing_) look_at_what_stands();
    return std::move(found_);
  }

 private:
  void add(const char* option, std::string message) {
    found_.push_back({.reason = "Obstacle", .message = std::move(message), .field = option});
  }

  void look_at_folder() {
    const std::string& dir = options_.data_dir;
    if (dir.size() > kLongestFolder && !options_.modelled)
      add("--data-dir", dir + ": the path has " + std::to_string(dir.size()) + " bytes, and sockets below it allow " +
                            std::to_string(kLongestFolder) + ": choose a shorter one");
    for (std::string& fault : DataDir::faults(dir)) add("--data-dir", std::move(fault));
  }

  void look_at_ports() {
    look_at_port("--port", "the API", options_.listen, options_.port);
    if (options_.modelled) return;  // nobody else listens
    const std::string gateway = options_.listen + ":" + std::to_string(options_.gateway_port);
    const bool ours = standing_ && standing_->gateway == gateway;
    if (!ours) look_at_port("--gateway-port", "the gateway", options_.listen, options_.gateway_port);
    if (options_.prometheus) look_at_prometheus();
  }

  void look_at_prometheus() {
    const int port = prometheus_port(options_.port);
    if (port > kMostPort)
      return add("--port", "Prometheus would answer on port " + std::to_string(port) +
                               ", which does not exist: use a --port of " +
                               std::to_string(kMostPort - prometheus_port(0)) + " or less, or --no-prometheus");
    if (standing_ && port_of(standing_->prometheus) == port) return;
    look_at_port("--port", "Prometheus (2000 above the API)", "127.0.0.1", port);
  }

  void look_at_port(const char* option, const std::string& who, const std::string& address, int port) {
    if (!taken_.insert(port).second)
      return add(option, "port " + std::to_string(port) + " is asked for twice, also for " + who + ": choose another");
    if (auto trouble = why_not_listen(address, port); !trouble.empty())
      add(option, who + " cannot listen on " + address + ":" + std::to_string(port) + ": " + trouble +
                      "; free it, or choose another with " + option);
  }

  // Pods and proxy of an earlier run stay as they are; what contradicts them would not come true.
  void look_at_what_stands() {
    const std::string down = "; end that first: slipway down --data-dir " + options_.data_dir;
    const std::string wanted = options_.listen + ":" + std::to_string(options_.gateway_port);
    if (!standing_->gateway.empty() && standing_->gateway != wanted)
      add("--gateway-port",
          "the gateway still runs on " + standing_->gateway + " and would not move to " + wanted + down);
    if (options_.runtime != "auto" && !standing_->runtime.starts_with(options_.runtime))
      add("--runtime",
          "pods still run " + standing_->runtime + " here and would not become " + options_.runtime + down);
  }

  const cli::UpOptions& options_;
  std::optional<Standing> standing_;
  std::vector<base::Cause> found_;
  std::set<int> taken_;
};

// A port for the API such that Prometheus' is free as well.
Result<int> free_api_port(const cli::UpOptions& options) {
  for (int i = 0; i < kPortTries; ++i) {
    const auto port = free_port(options.listen);
    if (!port) return port;
    if (prometheus_port(*port) > kMostPort || prometheus_port(*port) == options.gateway_port) continue;
    if (!options.prometheus || why_not_listen("127.0.0.1", prometheus_port(*port)).empty()) return port;
  }
  return base::fail(Code::Unavailable, "no free port was found; choose one with --port");
}

}  // namespace

Result<cli::UpOptions> settle_options(cli::UpOptions options) {
  options.data_dir = DataDir::absolute(options.data_dir);
  if (options.modelled) options.prometheus = false;  // its answers are modelled, too
  if (!is_ipv4(options.listen))
    return base::fail(Code::Invalid, "--listen " + options.listen + ": not an IPv4 address like 127.0.0.1");
  const auto standing = standing_in(options.data_dir);
  if (options.gateway_port == 0 && standing)
    options.gateway_port = static_cast<std::uint16_t>(port_of(standing->gateway));
  if (options.gateway_port == 0) {
    const auto port = free_port(options.listen);
    if (!port) return base::fail(port.error());
    options.gateway_port = static_cast<std::uint16_t>(*port);
  }
  if (options.port == 0) {
    const auto port = free_api_port(options);
    if (!port) return base::fail(port.error());
    options.port = static_cast<std::uint16_t>(*port);
  }
  return options;
}

namespace {

// Who has the lock of a folder; 0: nobody. One that was killed a moment ago has it until the kernel is done with it.
pid_t holder_of(const std::string& dir) {
  constexpr int kLooks = 20;
  for (int look = 0; look < kLooks; ++look) {
    if (runtime::LockFile::holder(dir + "/lock") == 0) return 0;
    std::this_thread::sleep_for(base::milliseconds(50));
  }
  return runtime::LockFile::holder(dir + "/lock");
}

}  // namespace

Result<void> check_start(const cli::UpOptions& options) {
  const std::string& dir = options.data_dir;
  if (const pid_t pid = holder_of(dir); pid != 0)
    return base::fail(Code::AlreadyExists, "a server runs on " + dir + " already (process " + std::to_string(pid) +
                                               "): use it, stop it with slipway down --data-dir " + dir +
                                               ", or choose another folder with --data-dir");
  std::vector<base::Cause> causes = Obstacles(options).find();
  if (causes.empty()) return {};
  return base::fail({.code = Code::Unavailable,
                     .message = "the cluster cannot start, and nothing was changed:",
                     .causes = std::move(causes)});
}

}  // namespace slipway::server
