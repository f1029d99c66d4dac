// The store by itself: durable writes at several depths, reads, watchers, and the start on an existing file.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "data/json.h"
#include "runtime/real/loop.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"
#include "store/sqlite_store.h"

namespace {
using namespace slipway;
using namespace slipway::store;
using data::Value;

// About 2.5 KB of JSON, shaped like a Pod.
Value pod(int i) {
  Value env = Value::array();
  for (int k = 0; k < 25; ++k)
    env.push_back(
        Value::object({{"name", "SETTING_" + std::to_string(k)}, {"value", "value " + std::to_string(k * 7919 + i)}}));
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata", Value::object({{"name", "pod-" + std::to_string(i)},
                                   {"namespace", "shop"},
                                   {"uid", "0f1c24ce-9d2b-4b50-9f0a-d0a6f5b0c1aa"},
                                   {"labels", Value::object({{"app", "web"}, {"pod-template-hash", "5d4f8c7b9"}})}})},
       {"spec", Value::object({{"containers", Value::array({Value::object(
                                                  {{"name", "web"}, {"image", "shop/web:1.9.0"}, {"env", env}})})},
                               {"nodeName", "node-1"}})},
       {"status",
        Value::object({{"phase", "Running"}, {"podIP", "10.244.0.17"}, {"startTime", "2026-11-23T07:05:14Z"}})}});
}
Key key(int i) { return {"pods", "shop", "pod-" + std::to_string(i)}; }

struct Folder {
  Folder() { SLIPWAY_CHECK(::mkdtemp(path.data())); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path + "/store.db"; }
  std::string path = std::filesystem::temp_directory_path().string() + "/slipway-bench-XXXXXX";
};

// Creates objects one after another in each of `depth` lanes, as that many clients would.
void durable_creates(benchmark::State& bench) {
  const Folder folder;
  runtime::real::Loop loop;
  auto store = *open_sqlite_store(loop, folder.file());
  const Value object = pod(1);
  int made = 0, done = 0;
  std::function<void()> create = [&] {
    (void)*store->put(key(made++), object, 0, [&] {
      ++done;
      create();
    });
  };
  for (int lane = 0; lane < bench.range(0); ++lane) create();
  int seen = 0;
  for (auto _ : bench) {
    while (done == seen) loop.run_one();
    ++seen;
  }
  bench.SetItemsProcessed(seen);
}
BENCHMARK(durable_creates)->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime()->MinTime(1.5);

void memory_updates(benchmark::State& bench) {
  runtime::sim::Loop loop;
  const auto store = make_memory_store(loop);
  const int objects = static_cast<int>(bench.range(0));
  const Value object = pod(1);
  for (int i = 0; i < objects; ++i) (void)*store->put(key(i), object, 0, {});
  loop.run_ready();
  int i = 0;
  for (auto _ : bench) {
    (void)*store->put(key(i++ % objects), object, std::nullopt, {});
    if (i % 64 == 0) loop.run_ready();
  }
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK(memory_updates)->Arg(100)->Arg(10'000)->Arg(100'000);

void scan_10k(benchmark::State& bench) {
  runtime::sim::Loop loop;
  const auto store = make_memory_store(loop);
  for (int i = 0; i < 10'000; ++i) (void)*store->put(key(i), Value(i), 0, {});
  const auto snapshot = store->head();
  for (auto _ : bench) {
    std::int64_t sum = 0;
    snapshot->scan("pods", "", nullptr, [&](const EntryPtr& e) {
      sum += e->object.as_int();
      return true;
    });
    benchmark::DoNotOptimize(sum);
  }
  bench.SetItemsProcessed(bench.iterations() * 10'000);
}
BENCHMARK(scan_10k);

void change_to_1000_watchers(benchmark::State& bench) {
  struct Counter final : Watcher {
    std::uint64_t seen = 0;
    void changed(const Change&) override { ++seen; }
  } counter;
  runtime::sim::Loop loop;
  const auto store = make_memory_store(loop);
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  for (int i = 0; i < 1000; ++i) subscriptions.push_back(*store->watch("pods", 0, counter));
  for (auto _ : bench) {
    (void)*store->put(key(1), Value(1), std::nullopt, {});
    loop.run_ready();
  }
  bench.SetItemsProcessed(static_cast<std::int64_t>(counter.seen));
}
BENCHMARK(change_to_1000_watchers);

// 4,000 objects of 2.5 KB: a file of 10 MB.
void start_10mb(benchmark::State& bench) {
  const Folder folder;
  {
    runtime::real::Loop loop;
    auto store = *open_sqlite_store(loop, folder.file());
    for (int i = 0; i < 4000; ++i) (void)*store->put(key(i), pod(i), 0, {});
  }
  for (auto _ : bench) {
    runtime::real::Loop loop;
    auto store = *open_sqlite_store(loop, folder.file());
    benchmark::DoNotOptimize(store->head()->count("pods"));
    bench.PauseTiming();
    store.reset();
    bench.ResumeTiming();
  }
  bench.counters["file_MB"] = static_cast<double>(std::filesystem::file_size(folder.file())) / 1e6;
}
BENCHMARK(start_10mb)->Unit(benchmark::kMillisecond);

}  // namespace
