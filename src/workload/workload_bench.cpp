// A rolling update of many modelled pods through the real API server in memory, in virtual time: controllers,
// scheduler, garbage collection and endpoints run as in the product. Counters: decisions and API writes per second of
// real time.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "api/meta.h"
#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "control/runner.h"
#include "data/yaml.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"
#include "workload/controllers.h"

namespace {
using namespace slipway;
using client::Request;
using client::Verb;
using data::Value;

// A pod is ready two seconds after it was bound and gone one second after it was deleted.
class ModelledPods {
 public:
  ModelledPods(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random)
      : api_(api), loop_(loop), pods_(api, loop, random, api::kPods) {
    pods_.add_listener([this](const Value& before, const Value& pod) {
      if (pod.is_null())
        timers_.erase(std::string(api::uid_of(before)));
      else
        changed(pod);
    });
    pods_.start();
  }

 private:
  void changed(const Value& pod) {
    if (pod["spec"]["nodeName"].is_empty()) return;
    const std::string uid(api::uid_of(pod));
    const client::ObjectName name{std::string(api::space_of(pod)), std::string(api::name_of(pod))};
    auto& [timer, removing] = timers_[uid];
    if (api::is_deleting(pod) && !removing) {
      removing = true;
      timer = loop_.after(base::seconds(1), [this, name, uid] { remove(name, uid); });
    } else if (!timer) {
      timer = loop_.after(base::seconds(2), [this, name, uid] { run(name, uid); });
    }
  }
  void run(const client::ObjectName& name, const std::string& uid) {
    Value status = Value::object({{"phase", "Running"}, {"podIP", "10.244.0.1"}});
    api::set_condition(status, "PodScheduled", "True", "", "", loop_.now());
    api::set_condition(status, "Ready", "True", "", "", loop_.now());
    Value body = Value::object({{"metadata", Value::object({{"uid", uid}})}, {"status", status}});
    api_.call({.verb = Verb::Patch,
               .resource = api::kPods,
               .space = name.space,
               .name = name.name,
               .subresource = "status",
               .body = body},
              [](client::Answer) {});
  }
  void remove(const client::ObjectName& name, const std::string& uid) {
    Value options = Value::object({{"gracePeriodSeconds", 0}, {"preconditions", Value::object({{"uid", uid}})}});
    api_.call({.verb = Verb::Delete, .resource = api::kPods, .space = name.space, .name = name.name, .body = options},
              [](client::Answer) {});
  }

  client::ApiClient& api_;
  runtime::Loop& loop_;
  client::Cache pods_;
  std::map<std::string, std::pair<runtime::Timer, bool>> timers_;
};

struct World {
  explicit World(int nodes) {
    server.start();
    for (auto& controller : workload::make_controllers(workload::builtin_kinds())) runner.add(std::move(controller));
    for (auto& invariant : workload::make_invariants()) runner.add_invariant(std::move(invariant));
    for (int i = 0; i < nodes; ++i) add_node("node-" + std::to_string(i));
    runner.start();
  }
  void add_node(const std::string& name) {
    call({.verb = Verb::Create,
          .resource = api::kNodes,
          .body =
              Value::object({{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", Value::object({{"name", name}})}})});
    const Value resources = Value::object({{"cpu", "100000"}, {"memory", "100Ti"}, {"pods", "100000"}});
    call(
        {.verb = Verb::Patch,
         .resource = api::kNodes,
         .name = name,
         .subresource = "status",
         .body = Value::object(
             {{"status", Value::object({{"allocatable", resources},
                                        {"conditions",
                                         Value::array({Value::object({{"type", "Ready"}, {"status", "True"}})})}})}})});
  }
  Value call(Request request) {
    std::optional<client::Answer> answer;
    user.call(std::move(request), [&answer](client::Answer a) { answer = std::move(a); });
    loop.run_until([&] { return answer.has_value(); }, base::seconds(5));
    SLIPWAY_CHECK(answer && answer->has_value());
    return **answer;
  }
  void create(const api::Resource& resource, const std::string& yaml) {
    Value object = *data::parse_yaml(yaml);
    call({.verb = Verb::Create, .resource = resource, .space = std::string(api::space_of(object)), .body = object});
  }
  void deploy(const std::string& image) {
    call(
        {.verb = Verb::Patch,
         .resource = api::kDeployments,
         .space = "default",
         .name = "web",
         .body = *data::parse_yaml("{spec: {template: {spec: {containers: [{name: web, image: \"" + image + "\"}]}}}}"),
         .patch_type = client::PatchType::Strategic});
  }
  bool rolled_out(std::int64_t replicas) const {
    const auto entry = store->published()->find({"deployments.apps", "default", "web"});
    const Value& web = entry->object;
    const Value& status = web["status"];
    return status["observedGeneration"] == web["metadata"]["generation"] &&
           status["updatedReplicas"].as_int() == replicas && status["replicas"].as_int() == replicas &&
           status["availableReplicas"].as_int() == replicas;
  }
  void roll(std::int64_t replicas) {
    SLIPWAY_CHECK(loop.run_until([&] { return rolled_out(replicas); }, base::hours(2)));
  }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{1};
  std::unique_ptr<store::Store> store = store::make_memory_store(loop);
  apiserver::ApiServer server{*store, loop, random};
  apiserver::LocalClient user{server, loop, {.user = "admin", .groups = {"system:masters"}}};
  apiserver::LocalClient part{server, loop, apiserver::part_identity(apiserver::kControllerUser)};
  control::AlwaysLeader leader;
  control::Runner runner{part, loop, random, leader};
  ModelledPods pods{user, loop, random};
};

// `range(0)` pods on `range(1)` nodes; with a Service when `range(2)`.
void rolling_update(benchmark::State& bench) {
  const std::int64_t replicas = bench.range(0);
  World world(static_cast<int>(bench.range(1)));
  if (bench.range(2) != 0)
    world.create(api::kServices,
                 "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: default}, spec: {selector: {app: "
                 "web}, ports: [{port: 80}]}}");
  world.create(api::kDeployments,
               "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: default}, spec: {replicas: " +
                   std::to_string(replicas) +
                   ", selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: "
                   "{containers: [{name: web, image: \"web:0\"}]}}}}");
  world.roll(replicas);
  const auto before = world.runner.stats();
  const auto revision = world.store->published()->revision();
  int version = 0;
  for (auto _ : bench) {
    world.deploy("web:" + std::to_string(++version));
    world.roll(replicas);
  }
  const auto after = world.runner.stats();
  auto rate = [&](double count) { return benchmark::Counter(count, benchmark::Counter::kIsRate); };
  bench.counters["decisions/s"] = rate(static_cast<double>(after.decisions - before.decisions));
  bench.counters["writes/s"] = rate(static_cast<double>(world.store->published()->revision() - revision));
  bench.counters["failures"] = static_cast<double>(after.failures - before.failures);
}
BENCHMARK(rolling_update)
    ->Args({100, 1, 1})
    ->Args({1000, 3, 1})
    ->Args({10000, 10, 0})
    ->Args({10000, 10, 1})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->MeasureProcessCPUTime();

}  // namespace
