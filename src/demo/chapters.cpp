#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "api/meta.h"
#include "base/strings.h"
#include "demo/stage.h"
#include "runtime/child.h"

namespace slipway::demo {

using base::Code;
using data::Value;

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr base::Duration kPatience = base::seconds(90);

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double resident_mb(std::int64_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:"))
      return base::parse_double(base::trim(base::replace_all(line.substr(6), "kB", ""))).value_or(0) / 1024;
  return 0;
}

// Imports the example app as an image whose settings are arguments of its entry point.
base::Result<void> import_version(Stage& stage, const std::string& tag, const std::vector<std::string>& settings) {
  const fs::path folder = fs::path(stage.options.data_dir).parent_path() / "shop-image";
  fs::create_directories(folder);
  fs::copy_file(stage.options.programs + "/slipway-shop", folder / "shop", fs::copy_options::overwrite_existing);
  std::vector<std::string> args{
      "image",        "import", "shop/web:" + tag, folder.string(), "--data-dir", stage.options.data_dir,
      "--entrypoint", "/shop",  "--entrypoint",    "VERSION=" + tag};
  for (const std::string& setting : settings) args.insert(args.end(), {"--entrypoint", setting});
  auto imported = stage.slipway(args);
  return imported ? base::Result<void>() : base::fail(imported.error());
}

bool rolled_out(const Value& deployment) {
  const std::int64_t replicas = deployment["spec"]["replicas"].as_int();
  const Value& status = deployment["status"];
  return status["observedGeneration"].as_int() >= api::generation_of(deployment) &&
         status["updatedReplicas"].as_int() == replicas && status["replicas"].as_int() == replicas &&
         status["availableReplicas"].as_int() == replicas;
}

base::Result<void> wait_rolled_out(Stage& stage) {
  auto rolled = stage.cluster->wait(api::kDeployments, kSpace, kApp, "all replicas available", kPatience,
                                    [&stage](const Value& deployment) {
                                      stage.show();
                                      return rolled_out(deployment);
                                    });
  return rolled ? base::Result<void>() : base::fail(rolled.error());
}

// The proxy knows the route, and one request has come back good.
base::Result<void> wait_served(Stage& stage) {
  auto served = stage.cluster->wait(
      api::kHttpRoutes, kSpace, kApp, "the route to be programmed", kPatience, [](const Value& route) {
        for (const Value& parent : route["status"]["parents"].items())
          for (const Value& condition : parent["conditions"].items())
            if (condition["type"].as_string() == "Programmed" && condition["status"].as_string() == "True" &&
                condition["observedGeneration"].as_int() == api::generation_of(route))
              return true;
        return false;
      });
  return served ? base::Result<void>() : base::fail(served.error());
}

}  // namespace

// --- start ------------------------------------------------------------------------------------------------

base::Result<void> chapter_start(Stage& stage) {
  const auto begin = Clock::now();
  stage.narrator.chapter("A cluster on this machine");
  if (auto up = stage.up(); !up) return up;
  stage.report.runtime = stage.endpoints["runtime"].str();
  stage.report.ready_ms = stage.endpoints["readyMs"].as_double();
  stage.report.rss_mb = resident_mb(stage.endpoints["pid"].as_int());
  stage.narrator.good(fmt::format("API ready after {:.0f} ms, {:.0f} MB; pods run {}", stage.report.ready_ms,
                                  stage.report.rss_mb, stage.report.runtime));
  for (const Value& note : stage.endpoints["notes"].items()) stage.narrator.line("- " + note.str());
  for (const auto& [tag, settings] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"v1", {}}, {"v1.1", {}}, {"v2", {}}, {"v3", {"ERROR_RATE=0.2", "LATENCY_MS=80"}}, {"v4", {}}})
    if (auto imported = import_version(stage, tag, settings); !imported) return imported;
  stage.narrator.good("five versions of the example app imported as images");
  if (auto applied = stage.apply("app.yaml"); !applied) return applied;
  if (auto available = wait_rolled_out(stage); !available) return available;
  if (auto served = wait_served(stage); !served) return served;
  auto load = Load::start({.program = stage.options.programs + "/slipway-load",
                           .target = stage.endpoints["gateway"].str(),
                           .host = "web.shop.example"});
  if (!load) return base::fail(load.error());
  stage.load = std::move(*load);
  stage.narrator.good(fmt::format("app with 4 replicas behind the gateway at http://{}, under load  {:.1f} s",
                                  stage.endpoints["gateway"].as_string(), seconds_since(begin)));
  return {};
}

// --- rolling ----------------------------------------------------------------------------------------------

base::Result<void> chapter_rolling(Stage& stage) {
  const auto begin = Clock::now();
  stage.narrator.chapter("1  Rolling update  v1 → v1.1");
  std::this_thread::sleep_for(std::chrono::seconds(1));  // some requests on v1 first
  if (auto reset = stage.load->reset(); !reset) return reset;
  if (auto set = stage.set_image("v1.1"); !set) return set;
  if (auto rolled = wait_rolled_out(stage); !rolled) return rolled;
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  auto totals = stage.load->totals();
  if (!totals) return base::fail(totals.error());
  stage.report.rolling = counted(*totals);
  stage.narrator.good(fmt::format("4 of 4 replaced in {:.1f} s; {} requests, {} failed", seconds_since(begin),
                                  stage.report.rolling.requests, stage.report.rolling.failed));
  return {};
}

}  // namespace slipway::demo
