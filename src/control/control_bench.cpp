// Decisions per second of one runner over 1,000 objects, with the real API server in memory: deciding alone, and deciding with one
// write each. The controller's own rule costs next to nothing, so that what is measured is the machinery around it.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "api/meta.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "control/runner.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"

namespace {
using namespace slipway;
using client::Verb;
using data::Value;

constexpr int kObjects = 1'000;

// Copies data.wanted into data.done when it writes; otherwise only looks.
class Copier final : public control::Controller {
 public:
  explicit Copier(bool writes) : writes_(writes) {}
  std::string_view name() const override { return "copier"; }
  const api::Resource& resource() const override { return api::kConfigMaps; }
  std::vector<control::Watch> watches() const override { return {}; }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time) const override {
    const Value& object = world.find(api::kConfigMaps, name);
    control::Decision out;
    if (!writes_ || object["data"]["wanted"] == object["data"]["done"]) return out;
    out.effects.push_back(control::Patch{.resource = api::kConfigMaps,
                                         .space = name.space,
                                         .name = name.name,
                                         .uid = std::string(api::uid_of(object)),
                                         .version = std::string(api::version_of(object)),
                                         .body = Value::object({{"data", Value::object({{"done", object["data"]["wanted"]}})}})});
    return out;
  }

 private:
  bool writes_;
};

struct World {
  explicit World(bool writes) {
    server.start();
    runner.add(std::make_unique<Copier>(writes));
    for (int i = 0; i < kObjects; ++i) create("object-" + std::to_string(i));
    runner.start();
    settle();
  }
  void create(const std::string& name) {
    Value object = Value::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", Value::object({{"name", name}})}});
    client.call({.verb = Verb::Create, .resource = api::kConfigMaps, .space = "default", .body = object},
                [](client::Answer answer) { SLIPWAY_CHECK(answer.has_value()); });
  }
  // A change of each object by somebody else.
  void touch_all(int round) {
    const Value body = Value::object({{"data", Value::object({{"wanted", std::to_string(round)}})}});
    for (int i = 0; i < kObjects; ++i)
      client.call({.verb = Verb::Patch,
                   .resource = api::kConfigMaps,
                   .space = "default",
                   .name = "object-" + std::to_string(i),
                   .body = body},
                  [](client::Answer answer) { SLIPWAY_CHECK(answer.has_value()); });
    loop.run_ready();
  }
  void settle() {
    loop.run_ready();
    SLIPWAY_CHECK(runner.synced() && runner.idle());
  }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{1};
  std::unique_ptr<store::Store> store = store::make_memory_store(loop);
  apiserver::ApiServer server{*store, loop, random};
  apiserver::LocalClient client{server, loop, {.user = "admin", .groups = {"system:masters"}}};
  control::AlwaysLeader leader;
  control::Runner runner{client, loop, random, leader};
};

void idle(benchmark::State& bench) {
  World world(false);
  const auto before = world.runner.stats().decisions;
  for (auto _ : bench) {
    for (int i = 0; i < kObjects; ++i) world.runner.nudge("copier", {"default", "object-" + std::to_string(i)});
    world.settle();
  }
  bench.SetItemsProcessed(static_cast<std::int64_t>(world.runner.stats().decisions - before));
}
BENCHMARK(idle)->Name("decisions/idle")->Unit(benchmark::kMillisecond);

// Each round: one write by somebody else, the decision, its write, and the decision that finds nothing left to do.
void writing(benchmark::State& bench) {
  World world(true);
  const auto before = world.runner.stats().decisions;
  int round = 0;
  for (auto _ : bench) {
    world.touch_all(++round);
    world.settle();
  }
  bench.SetItemsProcessed(static_cast<std::int64_t>(world.runner.stats().decisions - before));
}
BENCHMARK(writing)->Name("decisions/writing")->Unit(benchmark::kMillisecond);

}  // namespace
