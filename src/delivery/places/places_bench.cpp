// What a decision about places costs when there are many Releases.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "data/json.h"
#include "delivery/places/places.h"

namespace slipway::delivery::places {
namespace {

using data::Value;

// Of so many Releases, 10 are under way and 90 wait.
void decide_places(benchmark::State& state) {
  Value policy = *data::parse_json(R"({"metadata":{"name":"cluster","generation":1},"spec":{"maxConcurrent":10}})");
  std::vector<Value> releases;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const char* status = i < 10    ? R"({"candidate":{"revision":2},"ticket":{"number":1}})"
                         : i < 100 ? R"({"phase":"Waiting","waiting":{"reason":"Place"},"ticket":{"number":1}})"
                                   : R"({"phase":"Idle"})";
    releases.push_back(*data::parse_json(fmt::format(
        R"({{"metadata":{{"namespace":"n{}","name":"r{}","uid":"u{}"}},"status":{}}})", i % 100, i, i, status)));
  }
  policy.set("status", decide(policy, releases).status);
  for (auto _ : state) benchmark::DoNotOptimize(decide(policy, releases));
}
BENCHMARK(decide_places)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace slipway::delivery::places
