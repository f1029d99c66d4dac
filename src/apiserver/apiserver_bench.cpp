// The API server without a network: writes per second, bytes per second of a long list, one change to many watchers.
#include <benchmark/benchmark.h>

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

class Counting final : public StreamSink {
 public:
  void frame(const FramePtr& frame, const Form& form) override { bytes += frame->bytes(form, {})->size(); }
  void data(std::string_view) override {}
  void ended() override {}
  std::size_t bytes = 0;
};

void fan_out(benchmark::State& state) {
  Cluster cluster;
  create_pods(cluster, 1);
  Counting sink;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < kWatchers; ++i) {
    Response response = cluster.raw({.target = std::string(testing::kPods) + "?watch=1"}, cluster.who);
    streams.push_back(std::move(std::get<std::unique_ptr<Stream>>(response.body)));
    streams.back()->start(sink);
  }
  cluster.loop.run_ready();
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
  state.SetItemsProcessed(state.iterations() * kWatchers);
}
BENCHMARK(fan_out)->Name("apiserver/one_change_to_1000_watchers");

}  // namespace
}  // namespace slipway::apiserver
