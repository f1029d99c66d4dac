#include "demo/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "api/meta.h"
#include "api/scheme.h"
#include "base/strings.h"
#include "data/json.h"
#include "data/yaml.h"
#include "demo/picture.h"
#include "runtime/child.h"

namespace slipway::demo {

using base::Code;
using data::Value;

namespace {

constexpr base::Duration kPoll = base::milliseconds(20);
constexpr base::Duration kLook = base::milliseconds(250);  // between two pictures of the live block

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

base::Result<std::string> Stage::slipway(std::vector<std::string> args) {
  args.insert(args.begin(), options.slipway);
  auto run = runtime::run_program(args, {.stderr_too = true});
  if (!run) return base::fail(run.error());
  if (run->status != 0)
    return base::fail(Code::Internal, fmt::format("`slipway {}` ended with status {}\n{}", args[1], run->status,
                                                  base::trim(run->output)));
  return run->output;
}

base::Result<void> Stage::up() {
  auto said = slipway({"up", "--detach", "--data-dir", options.data_dir, "--port", std::to_string(options.port),
                       "--gateway-port", std::to_string(options.port == 0 ? 0 : options.port + 1), "--runtime",
                       options.runtime});
  if (!said) return base::fail(said.error());
  auto parsed = data::parse_json(read_file(options.data_dir + "/endpoints.json"));
  if (!parsed) return base::fail(parsed.error());
  endpoints = *parsed;
  std::string problems;
  for (const Value& problem : endpoints["problems"].items()) problems += "\n" + problem.str();
  if (!problems.empty()) return base::fail(Code::Unavailable, "the story cannot be played:" + problems);
  auto connected = Cluster::connect(options.data_dir + "/kubeconfig");
  if (!connected) return base::fail(connected.error());
  cluster = std::move(*connected);
  return {};
}

base::Result<void> Stage::apply(const std::string& file, std::string_view kinds_only) {
  auto documents = data::parse_yaml_stream(read_file(options.manifests + "/" + file));
  if (!documents) return base::fail(documents.error());
  for (const data::YamlDocument& document : *documents) {
    const Value& object = document.value;
    if (!kinds_only.empty() && object["kind"].as_string() != kinds_only) continue;
    const api::Kind* kind =
        api::Scheme::builtin()->find_kind(object["apiVersion"].as_string(), object["kind"].as_string());
    if (!kind) return base::fail(Code::Invalid, file + ": unknown kind " + object["kind"].str());
    if (auto applied = cluster->apply(kind->resource, object); !applied) return base::fail(applied.error());
  }
  return {};
}

base::Result<void> Stage::set_image(const std::string& tag) {
  const Value container = Value::object({{"name", kApp}, {"image", "shop/web:" + tag}});
  const Value patch = Value::object(
      {{"spec",
        Value::object(
            {{"template", Value::object({{"spec", Value::object({{"containers", Value::array({container})}})}})}})}});
  auto patched = cluster->call({.verb = client::Verb::Patch,
                                .resource = api::kDeployments,
                                .space = kSpace,
                                .name = kApp,
                                .body = patch,
                                .patch_type = client::PatchType::Strategic,
                                .field_manager = "demo"});
  if (!patched) return base::fail(patched.error());
  return {};
}

base::Result<delivery::State> Stage::release() {
  auto object = cluster->get(api::kReleases, kSpace, kApp);
  if (!object) return base::fail(object.error());
  return delivery::read_state((*object)["status"]);
}

base::Result<void> Stage::collect_retries() {
  auto sets = cluster->call({.verb = client::Verb::List, .resource = api::kReplicaSets, .space = kSpace});
  auto metrics = cluster->text("/metrics");
  if (!sets) return base::fail(sets.error());
  if (!metrics) return base::fail(metrics.error());
  std::map<std::string, std::string> tags{{"", "all"}};
  for (const Value& set : (*sets)["items"].items()) {
    const std::string image = set["spec"]["template"]["spec"]["containers"].at(0)["image"].str();
    tags[std::string(api::label(set, "pod-template-hash"))] = image.substr(image.rfind(':') + 1);
  }
  for (std::string_view line : base::split(*metrics, '\n')) {
    if (!line.starts_with("slipway_gateway_connection_retries_total{")) continue;
    const auto at = line.find("hash=\"");
    const std::string_view hash = at == line.npos ? "" : line.substr(at + 6, line.find('"', at + 6) - at - 6);
    const auto tag = tags.find(std::string(hash));
    report.connection_retries[tag == tags.end() ? std::string(hash) : tag->second] +=
        base::parse_int(line.substr(line.rfind(' ') + 1)).value_or(0);
  }
  return {};
}

base::Result<delivery::State> Stage::follow(const std::string& what, base::Duration limit,
                                            const std::function<void(const delivery::State&)>& seen,
                                            const std::function<bool(const delivery::State&)>& done) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  std::string told;
  for (;;) {
    auto state = release();
    if (!state) return state;
    seen(*state);
    if (state->message != told) {
      told = state->message;
      if (!told.empty())
        narrator.line(fmt::format("{:5.1f} s  {:<12} {}", std::chrono::duration<double>(Clock::now() - begin).count(),
                                  delivery::to_text(state->phase), told));
    }
    if (done(*state)) return state;
    if (Clock::now() - begin > limit)
      return base::fail(Code::Timeout, what + " was not observed in time; the release says: " + state->message);
    show();
    std::this_thread::sleep_for(kPoll);
  }
}

void Stage::show() {
  const auto now = std::chrono::steady_clock::now();
  if (!narrator.terminal() || !cluster || now - shown < kLook) return;
  shown = now;
  // A picture that cannot be had is not worth a word: what is waited for tells of failures.
  if (auto lines = picture(*cluster, kSpace, kApp, narrator.style())) narrator.live(*lines);
}

bool settled_on(const delivery::State& state, const std::string& tag) {
  return state.phase == delivery::Phase::Idle && state.stable && state.stable->images.ends_with(":" + tag);
}

}  // namespace slipway::demo
