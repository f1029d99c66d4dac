// Very many Releases in one process, in virtual time, over the real API server in memory, with all controllers: what
// they cost at rest, what it costs to release all of them at once, and how long one waits for its first pod beside the
// others. And one hour of a world with faults. CPU time is real; "virtual" is what a cluster would have taken.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <memory>
#include <string>

#include "api/meta.h"
#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "control/runner.h"
#include "controllers/controllers.h"
#include "data/yaml.h"
#include "rehearse/modelled_node.h"
#include "rehearse/seed.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"

namespace slipway::rehearse {
namespace {

using client::Request;
using client::Verb;
using data::Value;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double resident_mb() {
  std::ifstream in("/proc/self/statm");
  long all = 0, resident = 0;
  in >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

class CountDecisions final : public control::RunnerObserver {
 public:
  void decided(const control::Controller& c, const control::ObjectName&, base::Time,
               const control::Decision&) override {
    count += c.name() == "release";
  }
  std::int64_t count = 0;
};

// `n` Deployments of one pod, each with a Release, a hundred in a namespace.
class Fleet {
 public:
  explicit Fleet(std::int64_t n) : n_(n) {
    server_.start();
    controllers::add_to(runner_);
    runner_.add_observer(decisions);
    node_.start();
    runner_.start();
    for (std::int64_t i = 0; i < n; i += kPerSpace)
      send({.verb = Verb::Create,
            .resource = api::kNamespaces,
            .body = *data::parse_yaml("{apiVersion: v1, kind: Namespace, metadata: {name: " + space_of(i) + "}}")});
    loop.run_for(base::seconds(1));
    for (std::int64_t i = 0; i < n; ++i) create(i);
    SLIPWAY_CHECK(loop.run_until([this] { return all_on("v1"); }, base::hours(2)));
    loop.run_for(base::minutes(90));  // Events of the beginning have gone by then
  }

  void ask_for(std::int64_t i, const std::string& tag) {
    send({.verb = Verb::Patch,
          .resource = api::kDeployments,
          .space = space_of(i),
          .name = name_of(i),
          .body = *data::parse_yaml("{spec: {template: {spec: {containers: [{name: web, image: \"shop/web:" + tag +
                                    "\"}]}}}}"),
          .patch_type = client::PatchType::Strategic});
  }
  void ask_all_for(const std::string& tag) {
    for (std::int64_t i = 0; i < n_; ++i) ask_for(i, tag);
    SLIPWAY_CHECK(loop.run_until([this, &tag] { return all_on(tag); }, base::hours(5)));
  }
  bool has_candidate(std::int64_t i) const { return get(i)["status"]["candidate"].is_object(); }
  bool is_on(std::int64_t i, const std::string& tag) const {
    const Value status = get(i)["status"];
    return status["phase"].as_string() == "Idle" && status["stable"]["images"].as_string().ends_with(":" + tag);
  }
  std::int64_t writes() const { return store_->published()->revision(); }

  runtime::sim::Loop loop;
  CountDecisions decisions;

 private:
  static constexpr std::int64_t kPerSpace = 100;
  static std::string space_of(std::int64_t i) { return "team-" + std::to_string(i / kPerSpace); }
  static std::string name_of(std::int64_t i) { return "app-" + std::to_string(i); }

  void send(Request request) {
    user_.call(std::move(request), [](client::Answer a) { SLIPWAY_CHECK(a.has_value()); });
  }

  void create(std::int64_t i) {
    const std::string at = "metadata: {name: " + name_of(i) + ", namespace: " + space_of(i) + "}";
    const std::string labels = "{app: " + name_of(i) + "}";
    put(api::kDeployments, "{apiVersion: apps/v1, kind: Deployment, " + at +
                               ", spec: {replicas: 1, selector: {matchLabels: " + labels +
                               "}, template: {metadata: {labels: " + labels +
                               "}, spec: {containers: [{name: web, image: \"shop/web:v1\"}]}}}}");
    put(api::kReleases, "{apiVersion: slipway.dev/v1alpha1, kind: Release, " + at + ", spec: {target: {name: " +
                            name_of(i) + "}, deadline: 1h, strategy: {rolling: {maxSurge: 1, maxUnavailable: 0}}}}");
  }
  void put(const api::Resource& resource, const std::string& yaml) {
    const Value object = *data::parse_yaml(yaml);
    send({.verb = Verb::Create, .resource = resource, .space = std::string(api::space_of(object)), .body = object});
  }

  Value get(std::int64_t i) const {
    const auto entry = store_->published()->find({api::kReleases.qualified(), space_of(i), name_of(i)});
    return entry ? entry->object : Value();
  }
  // Those before `settled_` are there already.
  bool all_on(const std::string& tag) {
    if (tag != tag_) tag_ = tag, settled_ = 0;
    while (settled_ < n_ && is_on(settled_, tag)) ++settled_;
    return settled_ == n_;
  }

  std::int64_t n_, settled_ = 0;
  std::string tag_;
  runtime::sim::SeededRandom random_{1};
  std::unique_ptr<store::Store> store_ = store::make_memory_store(loop);
  apiserver::ApiServer server_{*store_, loop, random_};
  apiserver::LocalClient user_{server_, loop, {.user = "admin", .groups = {"system:masters"}}};
  apiserver::LocalClient part_{server_, loop, apiserver::part_identity(apiserver::kControllerUser)};
  control::AlwaysLeader leader_;
  control::Runner runner_{part_, loop, random_, leader_};
  ModelledNode node_{user_, loop, random_, std::string("node-1")};
};

// What they cost while nothing happens: an hour, without the heartbeats of the node.
void releases_at_rest(benchmark::State& bench) {
  const double before = resident_mb();
  Fleet fleet(bench.range(0));
  const double held = resident_mb() - before;
  const std::int64_t decided = fleet.decisions.count, writes = fleet.writes();
  const double cpu = cpu_seconds();
  for (auto _ : bench) fleet.loop.run_for(base::hours(1));
  bench.counters["cpu_s_per_hour"] = (cpu_seconds() - cpu) / static_cast<double>(bench.iterations());
  bench.counters["decisions_per_hour"] =
      static_cast<double>(fleet.decisions.count - decided) / static_cast<double>(bench.iterations());
  bench.counters["writes_per_hour_with_node"] =
      static_cast<double>(fleet.writes() - writes) / static_cast<double>(bench.iterations());
  bench.counters["kB_each_with_workload"] = held * 1000 / static_cast<double>(bench.range(0));
}
BENCHMARK(releases_at_rest)->Arg(1)->Arg(1'000)->Arg(10'000)->Iterations(1)->Unit(benchmark::kMillisecond);

// All of them get a new version in the same moment.
void releases_at_once(benchmark::State& bench) {
  Fleet fleet(bench.range(0));
  const std::int64_t decided = fleet.decisions.count, writes = fleet.writes();
  const base::MonoTime begun = fleet.loop.mono();
  const double cpu = cpu_seconds();
  for (auto _ : bench) fleet.ask_all_for("v2");
  const auto n = static_cast<double>(bench.range(0));
  bench.counters["cpu_ms_each"] = (cpu_seconds() - cpu) * 1000 / n;
  bench.counters["virtual_s"] = base::to_seconds(fleet.loop.mono() - begun);
  bench.counters["decisions_each"] = static_cast<double>(fleet.decisions.count - decided) / n;
  bench.counters["writes_each"] = static_cast<double>(fleet.writes() - writes) / n;
}
BENCHMARK(releases_at_once)->Arg(1'000)->Iterations(1)->Unit(benchmark::kMillisecond);

// One begins while so many are at rest: real time from the user's write until its status says so.
void release_begins(benchmark::State& bench) {
  Fleet fleet(bench.range(0));
  int round = 1;
  for (auto _ : bench) {
    fleet.ask_for(0, "v" + std::to_string(++round));
    SLIPWAY_CHECK(fleet.loop.run_until([&] { return fleet.has_candidate(0); }, base::minutes(1)));
    bench.PauseTiming();
    SLIPWAY_CHECK(fleet.loop.run_until([&] { return fleet.is_on(0, "v" + std::to_string(round)); }, base::minutes(10)));
    bench.ResumeTiming();
  }
}
BENCHMARK(release_begins)->Arg(10)->Arg(10'000)->Iterations(20)->Unit(benchmark::kMicrosecond);

// Worlds with faults until an hour has gone by in them.
void rehearsed_hour(benchmark::State& bench) {
  for (auto _ : bench) {
    base::Duration lived{};
    for (std::uint64_t seed = 1; lived < base::hours(1); ++seed) lived += run_seed(seed).virtual_time;
    bench.counters["virtual_minutes"] = base::to_seconds(lived) / 60;
  }
}
BENCHMARK(rehearsed_hour)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace slipway::rehearse
