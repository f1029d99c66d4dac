// The API server without a network: writes per second, bytes per second of a long list, one change to many watchers.
#include <benchmark/benchmark.h>

#include <cstring>

#include "apiserver/local_client.h"
#include "apiserver/test_cluster.h"

namespace slipway::apiserver {
namespace {

using data::Value;
using testing::Cluster;

constexpr int kPodCount = 10'000;
constexpr int kWatchers = 1'000;

Value pod(const std::string& name) {
  Value labels = Value::object({{"app", "web"}, {"pod-template-hash", "7c5ddbdf54"}});
  Value port = Value::object({{"containerPort", 8080}, {"name", "http"}});
  Value probe =
      Value::object({{"httpGet", Value::object({{"path", "/healthz"}, {"port", 8080}})}, {"periodSeconds", 1}});
  Value container = Value::object({{"name", "main"},
                                   {"image", "shop/web:1.9.0"},
                                   {"ports", Value::array({port})},
                                   {"readinessProbe", probe},
                                   {"livenessProbe", probe}});
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Pod"},
                        {"metadata", Value::object({{"name", name}, {"labels", labels}})},
                        {"spec", Value::object({{"nodeName", "node-1"}, {"containers", Value::array({container})}})}});
}

void create_pods(Cluster& cluster, int count) {
  LocalClient client(cluster.server, cluster.loop, cluster.who);
  int made = 0;
  for (int i = 0; i < count; ++i)
    client.call({.verb = client::Verb::Create,
                 .resource = api::kPods,
                 .space = "default",
                 .body = pod("web-" + std::to_string(i))},
                [&](client::Answer answer) { made += answer.has_value(); });
  cluster.loop.run_ready();
  SLIPWAY_CHECK(made == count);
}

void create(benchmark::State& state) {
  Cluster cluster;
  LocalClient client(cluster.server, cluster.loop, cluster.who);
  std::int64_t i = 0;
  for (auto _ : state) {
    client.call({.verb = client::Verb::Create,
                 .resource = api::kPods,
                 .space = "default",
                 .body = pod("web-" + std::to_string(i++))},
                [](client::Answer answer) { SLIPWAY_CHECK(answer.has_value()); });
    cluster.loop.run_ready();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(create)->Name("apiserver/create_pod");

void patch_status(benchmark::State& state) {
  Cluster cluster;
  create_pods(cluster, 1);
  LocalClient client(cluster.server, cluster.loop, cluster.who);
  std::int64_t i = 0;
  for (auto _ : state) {
    Value body = Value::object({{"status", Value::object({{"phase", "Running"}, {"message", std::to_string(i++)}})}});
    client.call({.verb = client::Verb::Patch,
                 .resource = api::kPods,
                 .space = "default",
                 .name = "web-0",
                 .subresource = "status",
                 .body = body},
                [](client::Answer answer) { SLIPWAY_CHECK(answer.has_value()); });
    cluster.loop.run_ready();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(patch_status)->Name("apiserver/patch_pod_status");

void list(benchmark::State& state) {
  Cluster cluster;
  create_pods(cluster, kPodCount);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    Response response = cluster.raw(
        {.target = testing::kPods, .accept = state.range(0) ? testing::kTable : "application/json"}, cluster.who);
    bytes += static_cast<std::int64_t>(render(response, cluster.form, cluster.loop.now()).bytes->size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(list)->Name("apiserver/list_10000_pods")->ArgName("table")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// The same bytes, only copied: what a list is measured against.
void memcpy_of_list(benchmark::State& state) {
  Cluster cluster;
  create_pods(cluster, kPodCount);
  Response response = cluster.raw({.target = testing::kPods}, cluster.who);
  const Bytes bytes = render(response, cluster.form, cluster.loop.now()).bytes;
  std::string copy(bytes->size(), '\0');
  for (auto _ : state) {
    std::memcpy(copy.data(), bytes->data(), bytes->size());
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes->size()));
}
BENCHMARK(memcpy_of_list)->Name("apiserver/memcpy_of_list")->Unit(benchmark::kMillisecond);

// Counts how many different byte strings the watchers of one change were given: each is one serialisation.
class Counting final : public StreamSink {
 public:
  void frame(const FramePtr& frame, const Form& form) override {
    const Bytes& bytes = frame->bytes(form, {});
    ++frames;
    if (bytes == last) return;
    last = bytes;
    ++serialisations;
  }
  void data(std::string_view) override {}
  void ended() override {}
  Bytes last;
  std::int64_t frames = 0, serialisations = 0;
};

void fan_out(benchmark::State& state) {
  Cluster cluster;
  create_pods(cluster, 1);
  Counting sink;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < state.range(0); ++i) {
    Response response = cluster.raw({.target = std::string(testing::kPods) + "?watch=1"}, cluster.who);
    streams.push_back(std::move(std::get<std::unique_ptr<Stream>>(response.body)));
    streams.back()->start(sink);
  }
  cluster.loop.run_ready();
  sink.frames = sink.serialisations = 0;
  LocalClient client(cluster.server, cluster.loop, cluster.who);
  std::int64_t i = 0;
  for (auto _ : state) {
    Value body = Value::object({{"status", Value::object({{"message", std::to_string(i++)}})}});
    client.call({.verb = client::Verb::Patch,
                 .resource = api::kPods,
                 .space = "default",
                 .name = "web-0",
                 .subresource = "status",
                 .body = body},
                [](client::Answer) {});
    cluster.loop.run_ready();
  }
  SLIPWAY_CHECK(sink.frames == state.iterations() * state.range(0));
  state.counters["serialisations"] = static_cast<double>(sink.serialisations) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(sink.frames);
}
BENCHMARK(fan_out)->Name("apiserver/one_change_to_watchers")->Arg(1)->Arg(kWatchers)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace slipway::apiserver
