// Memory of a cache of 10,000 Pods, everything kept and only what the controllers of Releases look at: how the
// process grows, per pod. Each alone for exact numbers (--filter), because memory that was freed is used again.
#include <benchmark/benchmark.h>

#include <fstream>

#include "client/cache.h"
#include "data/footprint.h"
#include "delivery/kept.h"
#include "delivery/test_pod.h"
#include "runtime/sim/loop.h"

namespace {
using namespace slipway;
using data::Value;

constexpr int kPods = 10'000;

// Answers lists in pages, as from the wire: nothing is shared with the cache but what it keeps.
class Pods final : public client::ApiClient {
 public:
  explicit Pods(runtime::Loop& loop) : loop_(loop) {}
  void call(client::Request request, client::Completion done) override {
    const int from = request.continue_token.empty() ? 0 : std::stoi(request.continue_token);
    const int to = std::min<int>(kPods, from + static_cast<int>(request.limit));
    std::vector<Value> items;
    for (int i = from; i < to; ++i) items.push_back(delivery::typical_pod(i));
    Value metadata = Value::object({{"resourceVersion", "99"}});
    if (to < kPods) metadata.set("continue", std::to_string(to));
    loop_.post(
        [done = std::move(done), list = Value::object({{"metadata", std::move(metadata)},
                                                       {"items", Value::array_of(std::move(items))}})]() mutable {
          done(std::move(list));
        });
  }
  std::unique_ptr<client::WatchHandle> watch(client::WatchRequest, client::WatchSink&) override { return nullptr; }

 private:
  runtime::Loop& loop_;
};

// Resident memory, whichever allocator is linked.
double in_use() {
  double total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * 4096;
}

void cache_of_pods(benchmark::State& bench, client::Projection keep) {
  for (auto _ : bench) {
    runtime::sim::Loop loop;
    runtime::sim::SeededRandom random(1);
    Pods pods(loop);
    const double before = in_use();
    client::Cache cache(pods, loop, random, api::kPods, {.keep = keep});
    cache.start();
    loop.run_ready();
    SLIPWAY_CHECK(cache.all().size() == kPods);
    bench.counters["bytes_per_pod"] = (in_use() - before) / kPods;
    double counted = 0;
    for (const auto& [name, pod] : cache.all()) counted += static_cast<double>(data::heap_bytes(pod));
    bench.counters["counted_per_pod"] = counted / kPods;
  }
}

BENCHMARK_CAPTURE(cache_of_pods, kept, delivery::kept_of(api::kPods))->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cache_of_pods, everything, nullptr)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
