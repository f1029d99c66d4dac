// Many Releases at once on a real control plane, measured: prints a table. Not a test: nothing is timed against a
// limit.
//
//   KUBEBUILDER_ASSETS=... build/tests/many_releases [N=500]
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "api/meta.h"
#include "base/strings.h"
#include "bed.h"
#include "data/json.h"
#include "programs.h"

namespace slipway::tests {
namespace {

using base::Result;
using data::Value;

constexpr const char* kController = "system:serviceaccount:slipway-system:slipway-controller";
constexpr int kReplicas = 2;
constexpr base::Duration kQuiet = base::seconds(60);

Value json(const std::string& text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

std::string name_of(int i) { return "app-" + std::to_string(i); }

Value deployment(int i) {
  Value d = json(R"({"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{
    "metadata":{"annotations":{"rehearse.slipway.dev/start":"200ms"}},
    "spec":{"containers":[{"name":"web","image":"shop/web:v1"}]}}}})");
  const Value labels = Value::object({{"app", name_of(i)}});
  d.set({"metadata", "name"}, name_of(i));
  d.set({"spec", "replicas"}, kReplicas);
  d.set({"spec", "selector"}, Value::object({{"matchLabels", labels}}));
  d.set({"spec", "template", "metadata", "labels"}, labels);
  return d;
}

Value release(int i) {
  Value r = json(R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Release",
    "spec":{"deadline":"30m","strategy":{"rolling":{"maxSurge":1,"maxUnavailable":0}}}})");
  r.set({"metadata", "name"}, name_of(i));
  r.set({"spec", "target"}, Value::object({{"name", name_of(i)}}));
  return r;
}

// Of the controllers' process, from proc(5).
struct Usage {
  double cpu_seconds = 0, resident_mb = 0, peak_mb = 0;
};
Usage usage_of(pid_t pid) {
  Usage usage;
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(stat, text);
  const std::string rest = text.substr(text.rfind(')') + 2);
  const auto fields = base::split(rest, ' ');
  const auto ticks = [&](std::size_t i) { return base::parse_int(fields[i]).value_or(0); };
  usage.cpu_seconds = static_cast<double>(ticks(11) + ticks(12)) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    const auto kb = [&] { return std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1024; };
    if (line.starts_with("VmRSS")) usage.resident_mb = kb();
    if (line.starts_with("VmHWM")) usage.peak_mb = kb();
  }
  return usage;
}

std::string load() {
  std::ifstream in("/proc/loadavg");
  std::string text;
  std::getline(in, text);
  return text;
}

bool is_write(const AuditedRequest& r) { return r.verb != "get" && r.verb != "list" && r.verb != "watch"; }

class Measurement {
 public:
  Measurement(Bed& bed, int count) : bed_(bed), api_(bed.api()), count_(count) {}

  void run() {
    prepare();
    const Usage rest = usage_of(controller_->pid());
    const std::size_t audited = bed_.audited(kController).size();
    const base::Time begun = api_->now();
    fmt::print("load before: {}\n", load());
    for (int i = 0; i < count_; ++i) patch_image(i);
    const double asked = base::to_seconds(api_->now() - begun);
    await("v2");
    const double seconds = base::to_seconds(api_->now() - begun);
    fmt::print("load after: {}\n", load());
    const Usage busy = usage_of(controller_->pid());
    const auto all = bed_.audited(kController);
    print(seconds, asked, rest, busy, {all.begin() + static_cast<std::ptrdiff_t>(audited), all.end()});
    quiet_minute();
  }

 private:
  void prepare() {
    const auto installed = run_slipway({"install", "--kubeconfig", bed_.admin_kubeconfig()});
    SLIPWAY_CHECK(installed.status == 0);
    node_.emplace(start_slipway({"node", "--modelled", "--schedule", "--kubeconfig", bed_.admin_kubeconfig(), "--name",
                                 "node", "--count", "20"},
                                bed_.folder() + "/node.log"));
    controller_.emplace(
        runtime::Child::start(
            {SLIPWAY_BUILD_DIR "/slipway", "controller", "--lease-namespace", "slipway-system", "--kubeconfig",
             bed_.kubeconfig({kController, {"system:serviceaccounts", "system:authenticated"}})},
            {.output_path = bed_.folder() + "/controller.log"})
            .value());
    const base::Time begun = api_->now();
    for (int i = 0; i < count_; ++i) {
      create(api::kDeployments, deployment(i));
      create(api::kReleases, release(i));
    }
    await("v1");
    fmt::print("{} Deployments of {} modelled pods, each with a Release, all Idle after {:.0f} s\n", count_, kReplicas,
               base::to_seconds(api_->now() - begun));
  }

  void create(const api::Resource& resource, const Value& object) {
    const auto made =
        api_->call({.verb = client::Verb::Create, .resource = resource, .space = "default", .body = object});
    if (!made) fmt::print(stderr, "{}\n", made.error().message);
    SLIPWAY_CHECK(made.has_value());
  }

  void patch_image(int i) {
    const Value body = json(R"({"spec":{"template":{"spec":{"containers":[{"name":"web","image":"shop/web:v2"}]}}}})");
    SLIPWAY_CHECK(api_->patch(api::kDeployments, name_of(i), client::PatchType::Strategic, body).has_value());
  }

  // All pods are of that version, and every Release rests.
  void await(const std::string& tag) {
    while (!rests(tag)) api_->pause(base::seconds(1));
  }
  bool rests(const std::string& tag) {
    const auto releases = api_->list(api::kReleases);
    if (!releases) return false;
    for (const Value& r : (*releases)["items"].items())
      if (r["status"]["phase"].as_string() != "Idle") return false;
    const auto deployments = api_->list(api::kDeployments);
    if (!deployments) return false;
    for (const Value& d : (*deployments)["items"].items()) {
      const Value& status = d["status"];
      if (d["spec"]["template"]["spec"]["containers"].at(0)["image"] != Value("shop/web:" + tag) ||
          status["observedGeneration"].as_int() != api::generation_of(d) || status["replicas"].as_int() != kReplicas ||
          status["updatedReplicas"].as_int() != kReplicas || status["readyReplicas"].as_int() != kReplicas)
        return false;
    }
    return true;
  }

  void print(double seconds, double asked, const Usage& rest, const Usage& busy,
             const std::vector<AuditedRequest>& requests) {
    std::map<std::string, std::size_t> by_pair;
    std::map<std::string, std::size_t> by_verb;
    std::map<int, std::size_t> failed;
    for (const AuditedRequest& r : requests) {
      ++by_verb[r.verb];
      ++by_pair[r.verb + " " + r.resource + (r.subresource.empty() ? "" : "/" + r.subresource)];
      if (r.code >= 400) ++failed[r.code];
    }
    const auto each = [&](std::size_t n) { return static_cast<double>(n) / count_; };
    fmt::print("\n| {} Releases at once on {} | |\n|---|---|\n", count_, bed_.assets().version);
    fmt::print("| all asked for within | {:.1f} s |\n| all released after | {:.1f} s |\n", asked, seconds);
    fmt::print("| requests of the controllers | {} ({:.1f} for each Release) |\n", requests.size(),
               each(requests.size()));
    for (const auto& [verb, n] : by_verb) fmt::print("| ... {} for each Release | {:.2f} |\n", verb, each(n));
    for (const auto& [pair, n] : by_pair) fmt::print("| ... ... {} | {:.2f} |\n", pair, each(n));
    for (const auto& [code, n] : failed) fmt::print("| ... answered with {} | {} |\n", code, n);
    fmt::print("| CPU of the controllers | {:.1f} s ({:.0f} ms for each Release, {:.0f} % of a core) |\n",
               busy.cpu_seconds - rest.cpu_seconds, 1000 * (busy.cpu_seconds - rest.cpu_seconds) / count_,
               100 * (busy.cpu_seconds - rest.cpu_seconds) / seconds);
    fmt::print("| memory at rest before, after, at most | {:.0f} MB, {:.0f} MB, {:.0f} MB |\n", rest.resident_mb,
               busy.resident_mb, busy.peak_mb);
  }

  void quiet_minute() {
    api_->pause(base::seconds(10));  // Events are sent behind the others
    const std::size_t before = bed_.audited(kController).size();
    const double cpu = usage_of(controller_->pid()).cpu_seconds;
    api_->pause(kQuiet);
    const auto all = bed_.audited(kController);
    std::size_t writes = 0, leases = 0, others = 0;
    for (std::size_t i = before; i < all.size(); ++i)
      ++(all[i].resource == "leases" ? leases : is_write(all[i]) ? writes : others);
    fmt::print("| a quiet minute afterwards: writes, of its own lease, reads | {}, {}, {} |\n", writes, leases, others);
    fmt::print("| ... CPU | {:.2f} s |\n", usage_of(controller_->pid()).cpu_seconds - cpu);
  }

  Bed& bed_;
  std::unique_ptr<cli::Api> api_;
  const int count_;
  std::optional<runtime::Child> node_, controller_;
};

int measure(int count) {
  const FoundAssets& found = find_assets();
  if (found.all.empty()) return fmt::print(stderr, "{}\n", found.problem), 2;
  for (const Assets& assets : found.all) {
    auto bed = Bed::start(assets);
    if (!bed) return fmt::print(stderr, "{}\n", bed.error().message), 1;
    Measurement(**bed, count).run();
  }
  return 0;
}

}  // namespace
}  // namespace slipway::tests

int main(int argc, char** argv) {
  const auto count = argc > 1 ? slipway::base::parse_int(argv[1]) : std::optional<std::int64_t>(500);
  if (argc > 2 || !count || *count < 1) return fmt::print(stderr, "usage: many_releases [N]\n"), 2;
  return slipway::tests::measure(static_cast<int>(*count));
}
