// What the API machinery costs per object: the steps that a write goes through, on a Deployment and a Pod.
#include <benchmark/benchmark.h>

#include "api/kinds/family.h"
#include "api/scheme.h"
#include "data/json.h"
#include "data/yaml.h"

namespace slipway::api {
namespace {

using data::Value;

const Kind& deployments() { return *Scheme::builtin()->find("apps", "v1", "deployments"); }

Value sample() {
  return *data::parse_yaml(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: shop/web:1.0
        ports: [{containerPort: 8080, name: http}]
        env: [{name: A, value: "1"}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
        readinessProbe: {httpGet: {port: http, path: /ready}}
        livenessProbe: {httpGet: {port: http}}
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
        volumeMounts: [{name: config, mountPath: /etc/web}]
      volumes: [{name: config, configMap: {name: web}}]
)");
}

Value conformed(const Value& object) {
  std::vector<std::string> unknown;
  std::vector<base::Cause> problems;
  return conform(deployments(), object, unknown, problems);
}

Value stored() { return prepare_create(deployments(), with_defaults(deployments(), conformed(sample()))); }

void LoadBuiltinTables(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(kinds::load(
        {kinds::meta(), kinds::volumes(), kinds::containers(), kinds::pod(), kinds::core(), kinds::apps()}));
}
BENCHMARK(LoadBuiltinTables)->Unit(benchmark::kMicrosecond);

void Conform(benchmark::State& state) {
  const Value object = sample();
  for (auto _ : state) benchmark::DoNotOptimize(conformed(object));
}
BENCHMARK(Conform)->Unit(benchmark::kMicrosecond);

void Defaults(benchmark::State& state) {
  const Value object = conformed(sample());
  for (auto _ : state) benchmark::DoNotOptimize(with_defaults(deployments(), object));
}
BENCHMARK(Defaults)->Unit(benchmark::kMicrosecond);

void Validate(benchmark::State& state) {
  const Value object = stored();
  for (auto _ : state) benchmark::DoNotOptimize(validate(deployments(), object, {}));
}
BENCHMARK(Validate)->Unit(benchmark::kMicrosecond);

void TrackCreate(benchmark::State& state) {
  const Value object = stored();
  for (auto _ : state) benchmark::DoNotOptimize(track_update(deployments(), {}, object, "bench", "", base::Time()));
}
BENCHMARK(TrackCreate)->Unit(benchmark::kMicrosecond);

void TrackStatusUpdate(benchmark::State& state) {
  const Value before = track_update(deployments(), {}, stored(), "bench", "", base::Time());
  Value after = before;
  after.set({"status", "readyReplicas"}, 3);
  for (auto _ : state)
    benchmark::DoNotOptimize(track_update(deployments(), before, after, "controller", "status", base::Time()));
}
BENCHMARK(TrackStatusUpdate)->Unit(benchmark::kMicrosecond);

void ApplyUnchanged(benchmark::State& state) {
  const ApplyOptions options{.manager = "bench"};
  const Value applied = conformed(sample());
  const Value live = with_defaults(deployments(), *server_side_apply(deployments(), {}, applied, options));
  for (auto _ : state) benchmark::DoNotOptimize(server_side_apply(deployments(), live, applied, options));
}
BENCHMARK(ApplyUnchanged)->Unit(benchmark::kMicrosecond);

void TableRow(benchmark::State& state) {
  const std::vector<Value> objects(100, stored());
  for (auto _ : state)
    benchmark::DoNotOptimize(make_table(deployments(), objects, {}, IncludeObject::Metadata, base::Time()));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 100);
}
BENCHMARK(TableRow)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace slipway::api
