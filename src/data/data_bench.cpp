// Reading, printing and copying of documents of the usual sizes: a 10 KB Pod, a list of a thousand, 3,000 lines of
// YAML; beside the libraries that a C++ program would otherwise take, when they are installed (`./dev setup bench`).
#include <benchmark/benchmark.h>

#include <algorithm>

#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#endif
#if __has_include(<simdjson.h>)
#include <simdjson.h>
#endif
#if __has_include(<yaml-cpp/yaml.h>)
#include <yaml-cpp/yaml.h>
#endif

#include "base/error.h"
#include "data/json.h"
#include "data/patch.h"
#include "data/yaml.h"

namespace {
using namespace slipway::data;

Value container(int i) {
  const std::string name = "app-" + std::to_string(i);
  Value env = Value::array();
  for (int k = 0; k < 12; ++k)
    env.push_back(Value::object(
        {{"name", "SETTING_" + std::to_string(k)}, {"value", "some value of setting " + std::to_string(k)}}));
  return Value::object(
      {{"name", name},
       {"image", "registry.example.com/shop/" + name + ":1.2.3"},
       {"env", env},
       {"imagePullPolicy", "IfNotPresent"},
       {"ports", Value::array({Value::object({{"containerPort", 8080 + i}, {"protocol", "TCP"}})})},
       {"resources", Value::object({{"limits", Value::object({{"cpu", "500m"}, {"memory", "256Mi"}})}})},
       {"readinessProbe",
        Value::object({{"httpGet", Value::object({{"path", "/ready?verbose=1&full=1"}, {"port", 8080}})},
                       {"periodSeconds", 5}})}});
}

Value pod(int i) {
  Value containers = Value::array();
  for (int k = 0; k < 8; ++k) containers.push_back(container(k));
  const std::string name = "web-5d59d67564-" + std::to_string(i);
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata", Value::object({{"name", name},
                                   {"namespace", "shop"},
                                   {"uid", "0b5c1a4e-7d7e-4bb3-9a3c-2f6a1c1f0000"},
                                   {"resourceVersion", std::to_string(i)},
                                   {"labels", Value::object({{"app", "web"}, {"pod-template-hash", "5d59d67564"}})}})},
       {"spec", Value::object({{"containers", containers}, {"nodeName", "node-1"}, {"restartPolicy", "Always"}})},
       {"status",
        Value::object({{"phase", "Running"}, {"podIP", "10.244.0.17"}, {"startTime", "2026-11-23T07:05:14Z"}})}});
}

void set_bytes(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * size));
  state.counters["size"] = static_cast<double>(size);
}

void parse_pod(benchmark::State& state) {
  const std::string text = to_json(pod(1));
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(text));
  set_bytes(state, text.size());
}
BENCHMARK(parse_pod)->Name("parse_pod/slipway");

void print_pod(benchmark::State& state) {
  const Value value = pod(1);
  for (auto _ : state) benchmark::DoNotOptimize(to_json(value));
  set_bytes(state, to_json(value).size());
}
BENCHMARK(print_pod)->Name("print_pod/slipway");

void parse_list(benchmark::State& state) {
  Value items = Value::array();
  for (int i = 0; i < 1000; ++i) items.push_back(pod(i));
  const std::string text = to_json(Value::object({{"items", items}}));
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(text));
  set_bytes(state, text.size());
}
BENCHMARK(parse_list);

void copy_and_change_pod(benchmark::State& state) {
  const Value value = pod(1);
  for (auto _ : state) {
    Value copy = value;
    copy.set({"status", "phase"}, "Failed");
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(copy_and_change_pod);

void compare_equal_pods(benchmark::State& state) {
  const Value a = pod(1), b = pod(1);
  for (auto _ : state) benchmark::DoNotOptimize(a == b);
}
BENCHMARK(compare_equal_pods);

std::string manifest_of_3000_lines() {
  std::string text;
  for (int lines = 0; lines < 3000;) {
    const std::string document = to_yaml(pod(lines));
    lines += static_cast<int>(std::count(document.begin(), document.end(), '\n')) + 1;
    text += "---\n" + document;
  }
  return text;
}

void parse_yaml_3000_lines(benchmark::State& state) {
  const std::string text = manifest_of_3000_lines();
  for (auto _ : state) {
    auto documents = parse_yaml_stream(text);
    SLIPWAY_CHECK(documents.has_value());
    benchmark::DoNotOptimize(documents);
  }
  set_bytes(state, text.size());
}
BENCHMARK(parse_yaml_3000_lines)->Name("parse_yaml_3000_lines/slipway");

void print_yaml_3000_lines(benchmark::State& state) {
  const std::string text = manifest_of_3000_lines();
  const auto documents = *parse_yaml_stream(text);
  for (auto _ : state)
    for (const auto& document : documents) benchmark::DoNotOptimize(to_yaml(document.value));
  set_bytes(state, text.size());
}
BENCHMARK(print_yaml_3000_lines)->Name("print_yaml_3000_lines/slipway");

void print_yaml_pod(benchmark::State& state) {
  const Value value = pod(1);
  for (auto _ : state) benchmark::DoNotOptimize(to_yaml(value));
  set_bytes(state, to_yaml(value).size());
}
BENCHMARK(print_yaml_pod);

void diff_pods(benchmark::State& state) {
  const Value a = pod(1), b = pod(2);
  for (auto _ : state) benchmark::DoNotOptimize(diff_merge_patch(a, b));
}
BENCHMARK(diff_pods);

// --- the others -------------------------------------------------------------------------------------------

#if __has_include(<nlohmann/json.hpp>)
void parse_pod_nlohmann(benchmark::State& state) {
  const std::string text = to_json(pod(1));
  for (auto _ : state) benchmark::DoNotOptimize(nlohmann::json::parse(text));
  set_bytes(state, text.size());
}
BENCHMARK(parse_pod_nlohmann)->Name("parse_pod/nlohmann");

void print_pod_nlohmann(benchmark::State& state) {
  const std::string text = to_json(pod(1));
  const auto document = nlohmann::json::parse(text);
  for (auto _ : state) benchmark::DoNotOptimize(document.dump());
  set_bytes(state, text.size());
}
BENCHMARK(print_pod_nlohmann)->Name("print_pod/nlohmann");
#endif

#if __has_include(<simdjson.h>)
// A read-only document on a tape: no tree that could be changed or shared.
void parse_pod_simdjson(benchmark::State& state) {
  const std::string text = to_json(pod(1));
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  for (auto _ : state) {
    simdjson::dom::element root;
    SLIPWAY_CHECK(parser.parse(padded).get(root) == simdjson::SUCCESS);
    benchmark::DoNotOptimize(root);
  }
  set_bytes(state, text.size());
}
BENCHMARK(parse_pod_simdjson)->Name("parse_pod/simdjson (tape)");
#endif

#if __has_include(<yaml-cpp/yaml.h>)
void parse_yaml_yaml_cpp(benchmark::State& state) {
  const std::string text = manifest_of_3000_lines();
  for (auto _ : state) benchmark::DoNotOptimize(YAML::LoadAll(text));
  set_bytes(state, text.size());
}
BENCHMARK(parse_yaml_yaml_cpp)->Name("parse_yaml_3000_lines/yaml-cpp");

void print_yaml_yaml_cpp(benchmark::State& state) {
  const std::string text = manifest_of_3000_lines();
  const auto documents = YAML::LoadAll(text);
  for (auto _ : state)
    for (const auto& document : documents) benchmark::DoNotOptimize(YAML::Dump(document));
  set_bytes(state, text.size());
}
BENCHMARK(print_yaml_yaml_cpp)->Name("print_yaml_3000_lines/yaml-cpp");
#endif

}  // namespace
