// What a decision about a Notification costs when its namespace has many Releases that have told all they had to tell.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "data/json.h"
#include "delivery/notify/decide.h"

namespace slipway::delivery::notify {
namespace {

using data::Value;

Value release(std::int64_t i, std::int64_t events) {
  Value list = Value::array();
  for (std::int64_t n = 1; n <= events; ++n)
    list.push_back(Value::object({{"number", n}, {"type", "Released"}, {"time", "2026-11-29T12:00:00.000000Z"}}));
  Value out =
      *data::parse_json(fmt::format(R"({{"metadata":{{"namespace":"shop","name":"r{:05}","uid":"u{}"}}}})", i, i));
  out.set({"status", "events"}, std::move(list));
  return out;
}

void notify_nothing_new(benchmark::State& state) {
  Observation o{
      .notification = *data::parse_json(
          R"({"metadata":{"namespace":"shop","name":"n","uid":"n"},"spec":{"webhook":{"url":"https://a/"}}})")};
  for (std::int64_t i = 0; i < state.range(0); ++i) o.releases.push_back(release(i, 20));
  const base::Time now = *base::parse_time("2026-11-29T12:00:00Z");
  for (int i = 0; i < 2; ++i) o.notification.set("status", decide(o, now).status);
  for (auto _ : state) {
    benchmark::DoNotOptimize(questions_of(o.notification, o.releases));
    benchmark::DoNotOptimize(decide(o, now));
  }
}
BENCHMARK(notify_nothing_new)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace slipway::delivery::notify
