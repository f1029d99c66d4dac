#include "server/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "data/json.h"
#include "data/yaml.h"
#include "node/images/import.h"
#include "node/images/store.h"
#include "node/shim_client.h"
#include "runtime/file.h"
#include "server/launch.h"
#include "server/preflight.h"
#include "server/server.h"

namespace slipway::server {

using cli::ExitCode;
using cli::to_int;

namespace {

constexpr base::Duration kServerPatience = base::seconds(20);
constexpr base::Duration kPodGrace = base::seconds(10);
constexpr const char* kDetachedVariable = "SLIPWAY_DETACHED";  // set for the child that a parent listens to

int failed(const base::Error& error) {
  fmt::print(stderr, "error: {}\n", describe(error));
  return to_int(error.code == base::Code::Invalid ? ExitCode::Usage : ExitCode::Failed);
}

void say_ready(const data::Value& endpoints, const std::string& data_dir) {
  fmt::print(" ✔ API         {}   ready after {:.0f} ms\n", endpoints["api"].as_string(),
             endpoints["readyMs"].as_double());
  if (endpoints.has("gateway")) fmt::print("   gateway     http://{}\n", endpoints["gateway"].as_string());
  if (endpoints.has("prometheus")) fmt::print("   prometheus  {}\n", endpoints["prometheus"].as_string());
  fmt::print("   pods run    {}\n", endpoints["runtime"].as_string());
  for (const data::Value& note : endpoints["notes"].items()) fmt::print("               - {}\n", note.as_string());
  for (const data::Value& problem : endpoints["problems"].items()) fmt::print(" ! {}\n", problem.as_string());
  fmt::print("   export KUBECONFIG={}\n", endpoints["kubeconfig"].as_string());
  fmt::print("   look: slipway status      stop: slipway down --data-dir {}\n", data_dir);
  std::fflush(stdout);
}

// The arguments for the child of `up --detach`: the same without --detach.
std::vector<std::string> child_arguments(const cli::UpOptions& o) {
  std::vector<std::string> argv{std::filesystem::read_symlink("/proc/self/exe").string(),
                                "up",
                                "--data-dir",
                                o.data_dir,
                                "--port",
                                std::to_string(o.port),
                                "--gateway-port",
                                std::to_string(o.gateway_port),
                                "--listen",
                                o.listen,
                                "--runtime",
                                o.runtime};
  if (o.allow_host_image) argv.emplace_back("--allow-host-image");
  if (o.allow_loopback_metrics) argv.emplace_back("--allow-loopback-metrics");
  for (const std::string& named : o.metric_processes) argv.insert(argv.end(), {"--metric-process", named});
  if (!o.prometheus) argv.emplace_back("--no-prometheus");
  if (!o.controllers) argv.emplace_back("--no-controllers");
  if (o.log_decisions) argv.emplace_back("--log-decisions");
  if (o.modelled) argv.emplace_back("--modelled");
  return argv;
}

int up_detached(const cli::UpOptions& options) {
  setenv(kDetachedVariable, "1", 1);
  auto ready =
      start_detached(child_arguments(options), [](const std::string& step) { fmt::print(stderr, " · {}\n", step); });
  if (!ready) {
    fmt::print(stderr, "error: {}\n", describe(ready.error()));
    return to_int(ExitCode::Failed);
  }
  say_ready(*ready, options.data_dir);
  return to_int(ExitCode::Reached);
}

}  // namespace

int up(const cli::UpOptions& typed) {
  const auto settled = settle_options(typed);
  if (!settled) return failed(settled.error());
  const cli::UpOptions& options = *settled;
  if (options.detach) return up_detached(options);
  const bool detached = getenv(kDetachedVariable) != nullptr;
  unsetenv(kDetachedVariable);
  Notifier notifier(detached);
  const auto give_up = [&notifier](const base::Error& error) {
    notifier.failed(error);
    return to_int(ExitCode::Failed);
  };
  if (auto free = check_start(options); !free) return give_up(free.error());
  auto dir = DataDir::open(options.data_dir);
  if (!dir) return give_up(dir.error());
  auto server = Server::start(options, *dir);
  if (!server) return give_up(server.error());
  const data::Value& endpoints = (*server)->endpoints();
  if (auto written = runtime::write_file(dir->endpoints(), data::to_pretty_json(endpoints) + "\n", 0600); !written)
    return give_up(written.error());
  if (!detached) say_ready(endpoints, options.data_dir);
  notifier.ready(endpoints, dir->server_log());
  (*server)->run();
  return to_int(ExitCode::Reached);
}

int down(const cli::DownOptions& options) {
  auto dir = DataDir::existing(options.data_dir);
  if (!dir) return failed(dir.error());
  auto stopped = stop_server(*dir, kServerPatience);
  if (!stopped) return failed(stopped.error());
  if (auto quiet = node::stop_shim(dir->path(), kPodGrace); !quiet) return failed(quiet.error());
  fmt::print(" ✔ {}, pods and gateway stopped\n", *stopped ? "server" : "no server was running");
  if (options.purge) {
    std::error_code trouble;
    std::filesystem::remove_all(dir->path(), trouble);
    if (trouble) return failed({.code = base::Code::Unavailable, .message = dir->path() + ": " + trouble.message()});
    fmt::print(" ✔ {} deleted\n", dir->path());
  }
  return to_int(ExitCode::Reached);
}

int image_import(const cli::ImageImportOptions& options) {
  auto dir = DataDir::open(options.data_dir);
  if (!dir) return failed(dir.error());
  node::images::ImportOptions import{.env = options.environment};
  if (!options.entrypoint.empty()) import.entrypoint = options.entrypoint;
  const node::images::Store store(dir->images(), false);
  auto entry = node::images::import_image(store, options.source, options.name, import);
  if (!entry) return failed(entry.error());
  fmt::print("{}  {}  {:.1f} MB, {} files\n", entry->reference, entry->digest, static_cast<double>(entry->size) / 1e6,
             entry->files);
  return to_int(ExitCode::Reached);
}

int image_list(const cli::ImageListOptions& options) {
  auto dir = DataDir::existing(options.data_dir);
  if (!dir) return failed(dir.error());
  const auto entries = node::images::Store(dir->images(), false).list();
  if (!options.output.empty()) {
    data::Value all = data::Value::array();
    for (const auto& e : entries)
      all.push_back(data::Value::object({{"name", e.reference},
                                         {"digest", e.digest},
                                         {"size", static_cast<std::int64_t>(e.size)},
                                         {"files", static_cast<std::int64_t>(e.files)},
                                         {"imported", base::format_time(e.imported)}}));
    fmt::print("{}\n", options.output == "yaml" ? data::to_yaml(all) : data::to_pretty_json(all));
    return to_int(ExitCode::Reached);
  }
  fmt::print("{:<40} {:<20} {:>10}  {}\n", "NAME", "DIGEST", "SIZE", "FILES");
  for (const auto& e : entries)
    fmt::print("{:<40} {:<20} {:>7.1f} MB  {}\n", e.reference, e.digest.substr(0, 19),
               static_cast<double>(e.size) / 1e6, e.files);
  return to_int(ExitCode::Reached);
}

}  // namespace slipway::server
