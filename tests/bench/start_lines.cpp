// Start to ready, memory and idle CPU.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "cluster.h"
#include "process.h"
#include "server_lines.h"

namespace slipway::bench {

using data::Value;

namespace {

constexpr int kStarts = 5;
constexpr int kIdleSeconds = 10;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Starts {
  std::vector<double> first, again;
  double memory_mb = 0, idle_cpu = 0;
  std::uint64_t idle_wakes = 0;
};

base::Result<void> watch_idle(const Cluster& cluster, Starts& out) {
  sleep(3);  // what follows a start has come to rest
  out.memory_mb = resident_mb(cluster.pid());
  const double before = cpu_seconds(cluster.pid());
  const std::uint64_t wakes = context_switches(cluster.pid());
  sleep(kIdleSeconds);
  out.idle_cpu = (cpu_seconds(cluster.pid()) - before) / kIdleSeconds * 100;
  out.idle_wakes = (context_switches(cluster.pid()) - wakes) / kIdleSeconds;
  return {};
}

base::Result<Starts> measure(const Place& place) {
  Starts out;
  for (int i = 0; i < kStarts; ++i) {
    const Folder folder(place.folder);
    for (std::vector<double>* times : {&out.first, &out.again}) {
      auto cluster = Cluster::start(place.program, folder.path() + "/data", true);
      if (!cluster) return base::fail(cluster.error());
      times->push_back((*cluster)->ready_ms());
      if (i + 1 == kStarts && times == &out.again)
        if (auto ok = watch_idle(**cluster, out); !ok) return base::fail(ok.error());
    }
  }
  return out;
}

Line start_line(std::string what, std::string target, const std::vector<double>& times) {
  const double best = *std::ranges::min_element(times);
  return {.what = std::move(what),
          .measured = fmt::format("{:.0f} ms (best {:.0f})", median(times), best),
          .target = std::move(target),
          .beside = fmt::format("median of {}", times.size()),
          .numbers = Value::object({{"median_ms", median(times)}, {"best_ms", best}})};
}

}  // namespace

void add_start_lines(Lines& lines, const Place& place) {
  const auto starts = measure(place);
  if (!starts) return lines.push_back(skipped("start to ready", starts.error().message));
  lines.push_back(start_line("existing data directory: exec to /readyz", "50 ms", starts->again));
  lines.push_back(start_line("first start, with its CA: exec to /readyz", "150 ms", starts->first));
  lines.push_back({.what = "memory of an empty cluster (RSS of the server)",
                   .measured = fmt::format("{:.0f} MB", starts->memory_mb),
                   .target = "30 MB",
                   .numbers = Value::object({{"rss_mb", starts->memory_mb}})});
  lines.push_back({.what = "idle CPU of an empty cluster",
                   .measured = fmt::format("{:.2f} %, {} wakes/s", starts->idle_cpu, starts->idle_wakes),
                   .target = "0",
                   .beside = fmt::format("over {} s", kIdleSeconds),
                   .numbers = Value::object({{"percent", starts->idle_cpu},
                                             {"wakes_per_second", static_cast<std::int64_t>(starts->idle_wakes)}})});
}

}  // namespace slipway::bench
