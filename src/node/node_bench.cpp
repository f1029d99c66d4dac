// Pod start latency per runtime: from the agent's request to the first TCP connection that is accepted, with real
// processes.
//
// Needs slipway-shim and slipway-listener beside this program or one folder up. What a machine does not allow is
// skipped.
#include <benchmark/benchmark.h>
#include <poll.h>
#include <signal.h>

#include <filesystem>
#include <optional>

#include "node/images/import.h"
#include "node/lifecycle/decide.h"
#include "node/posix.h"
#include "node/runtimes/process_runtime.h"
#include "node/shim_client.h"

namespace {
namespace fs = std::filesystem;
using namespace slipway;
using namespace slipway::node;

std::string program(const char* name) {
  const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
  return fs::exists(here / name) ? here / name : here.parent_path() / name;
}

struct Node {
  explicit Node(const char* kind)
      : options{.data_dir = folder(), .program = {program("slipway-shim")}, .runtime = kind} {
    const std::string image = options.data_dir + "/image";
    (void)make_folders(image, 0755);
    (void)make_folders(options.data_dir + "/pods", 0711);
    fs::copy_file(program("slipway-listener"), image + "/listener");
    usable = images::import_image(store, image, "web:1").has_value() && ensure_shim(options).has_value();
    if (!usable) return;
    shim.emplace(loop, options);
    runtime.emplace(loop, *shim, store, ProcessRuntimeOptions{.data_dir = options.data_dir});
    shim->start();
    report = *wait<RuntimeReport>([&](auto done) { runtime->report(std::move(done)); });
  }
  ~Node() {
    runtime.reset();
    shim.reset();
    (void)stop_shim(options.data_dir, base::seconds(0));
    (void)remove_tree(options.data_dir);
  }
  static std::string folder() {
    char text[] = "/tmp/slipway-bench-XXXXXX";
    const std::string path = mkdtemp(text);
    fs::permissions(path, fs::perms(0755));
    return path;
  }
  template <class T>
  base::Result<T> wait(std::function<void(std::move_only_function<void(base::Result<T>)>)> call) {
    std::optional<base::Result<T>> answer;
    call([&](base::Result<T> r) { answer = std::move(r); });
    while (!answer) loop.poll();
    return std::move(*answer);
  }
  // True when the pod has accepted a connection.
  bool start_pod(int n) {
    const std::string uid = "pod-" + std::to_string(n);
    const Sandbox s{.uid = uid,
                    .space = "b",
                    .name = uid,
                    .hostname = uid,
                    .ip = report.pod_range + "." + std::to_string(n / 250 + 1) + "." + std::to_string(n % 250 + 1)};
    if (!wait<bool>([&](auto done) { runtime->make_sandbox(s, std::move(done)); })) return false;
    ContainerSpec c{
        .key = {uid, "web", 0}, .sandbox = s, .image = *store.resolve("web:1"), .argv = {"/listener", s.ip, "8080"}};
    if (!wait<ContainerState>([&](auto done) { runtime->start(c, std::move(done)); })) return false;
    for (int i = 0; i < 10'000; ++i)
      if (wait<CheckResult>([&](auto done) {
            runtime->check_tcp(c.key, s.ip, 8080, base::seconds(1), std::move(done));
          })->ok)
        return true;
    return false;
  }
  void stop_pod(int n) {
    const ContainerKey key{"pod-" + std::to_string(n), "web", 0};
    (void)wait<bool>([&](auto done) { runtime->signal(key, SIGKILL, std::move(done)); });
    runtime->forget(key);
    (void)wait<bool>([&](auto done) { runtime->remove_sandbox(key.pod, std::move(done)); });
  }

  ShimOptions options;
  runtime::real::Loop loop;
  images::Store store{options.data_dir + "/images", false};
  std::optional<ShimClient> shim;
  std::optional<ProcessRuntime> runtime;
  RuntimeReport report;
  bool usable = false;
};

void BM_PodStart(benchmark::State& state, const char* kind) {
  Node node(kind);
  if (!node.usable) return state.SkipWithError("this machine does not allow it");
  int n = 0;
  for (auto _ : state) {
    if (!node.start_pod(++n)) return state.SkipWithError("a pod did not come up");
    state.PauseTiming();
    if (n > 50) node.stop_pod(n - 50);  // fifty stay, as on a busy node
    state.ResumeTiming();
  }
}
BENCHMARK_CAPTURE(BM_PodStart, isolated, "isolated")->Unit(benchmark::kMillisecond)->Iterations(200)->UseRealTime();
BENCHMARK_CAPTURE(BM_PodStart, loopback, "loopback")->Unit(benchmark::kMillisecond)->Iterations(200)->UseRealTime();

void BM_ShimStart(benchmark::State& state) {
  for (auto _ : state) {
    Node node("best");
    if (!node.usable) return state.SkipWithError("the shim did not start");
  }
}
BENCHMARK(BM_ShimStart)->Unit(benchmark::kMillisecond)->Iterations(20)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
