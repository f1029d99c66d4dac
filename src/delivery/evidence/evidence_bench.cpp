// What it costs to show 10,000 Releases to Prometheus: the scrape, and a change of one of them.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "api/resource.h"
#include "data/json.h"
#include "delivery/evidence/release_metrics.h"
#include "runtime/sim/loop.h"

namespace slipway::delivery::evidence {
namespace {

using data::Value;

Value release(std::int64_t i, std::string_view phase) {
  return *data::parse_json(fmt::format(
      R"({{"metadata":{{"namespace":"team-{}","name":"service-{}","uid":"u{}"}},"spec":{{"target":{{"name":"web"}},
      "traffic":{{"route":"web","service":"web"}},"strategy":{{"canary":{{"steps":[{{"weight":5}}]}}}}}},
      "status":{{"phase":"{}","stable":{{"revision":7}},"replicas":{{"stable":4,"stableReady":4,"candidate":0,"candidateReady":0}},
      "history":[{{"result":"Released","hash":"h","startedAt":"2026-11-29T12:00:00Z","finishedAt":"2026-11-29T12:30:00Z"}}]}}}})",
      i % 100, i, i, phase));
}

struct Crowd {
  explicit Crowd(std::int64_t count) {
    shown.led(true);
    for (std::int64_t i = 0; i < count; ++i) shown.changed(api::kReleases, Value(), release(i, "Idle"));
  }
  runtime::sim::Loop loop;
  runtime::Metrics metrics;
  ReleaseMetrics shown{metrics, loop};
};

void evidence_scrape(benchmark::State& state) {
  const Crowd crowd(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) bytes = crowd.metrics.text().size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(evidence_scrape)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

void evidence_change(benchmark::State& state) {
  Crowd crowd(state.range(0));
  const Value idle = release(7, "Idle"), paused = release(7, "Paused");
  for (auto _ : state) {
    crowd.shown.changed(api::kReleases, idle, paused);
    crowd.shown.changed(api::kReleases, paused, idle);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(evidence_change)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace slipway::delivery::evidence
