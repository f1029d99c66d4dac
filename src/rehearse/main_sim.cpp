// sim [--seeds N] [--from S] [--trace] [--no-faults] [--router NAME] [--workload KIND] [--blue-green] [--preview]
// [--mutant NAME ...]: runs worlds one seed after the other, shows how far it is, and ends with a table of what
// happened in them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <vector>

#include "control/mutants.h"
#include "rehearse/mutant_names.h"
#include "rehearse/seed.h"

namespace {

using slipway::control::Mutant;
using slipway::control::PlantedMutant;
using slipway::rehearse::SeedResult;

struct Options {
  std::uint64_t from = 1, seeds = 200;
  bool verbose = false, keep_going = false;
  std::vector<std::string> mutants;
  slipway::rehearse::SeedOptions seed;
};

struct Summary {
  std::uint64_t worlds = 0, failed = 0;
  std::map<std::string, std::uint64_t> stories, rules;
  std::int64_t writes = 0, decisions = 0, requests = 0, refusals = 0;
  slipway::base::Duration virtual_time{};
  std::map<std::string, std::int64_t> faults;

  void add(const SeedResult& r) {
    ++worlds;
    failed += r.problem.has_value();
    if (r.problem) ++rules[r.rule];
    ++stories[r.story.substr(0, r.story.find(' '))];
    writes += r.writes, decisions += r.decisions, requests += r.requests, refusals += r.refusals;
    virtual_time += r.virtual_time;
    for (const auto& [name, times] : r.faults) faults[name] += times;
  }
};

void show_world(std::uint64_t seed, const SeedResult& r) {
  fmt::print("seed {:<6} {}  {:<60} {:>10} virtual, {} writes, {} decisions\n", seed, r.problem ? "✗" : "✔", r.story,
             slipway::base::human_duration(r.virtual_time), r.writes, r.decisions);
}

void show_failure(const Options& o, std::uint64_t seed, const SeedResult& r) {
  std::string again = fmt::format("./dev sim --seeds 1 --from {} --trace", seed);
  if (!o.seed.faults) again += " --no-faults";
  if (o.seed.router != slipway::rehearse::Router::HttpRoute)
    again += fmt::format(" --router {}", slipway::rehearse::to_text(o.seed.router));
  if (o.seed.blue_green) again += " --blue-green";
  if (o.seed.preview) again += " --preview";
  if (o.seed.opt_in) again += " --opt-in";
  if (o.seed.dynamic_stable) again += " --dynamic-stable";
  if (o.seed.gray) again += " --gray";
  if (o.seed.ab_test) again += " --ab-test";
  if (o.seed.windows) again += " --windows";
  if (o.seed.config) again += " --config";
  if (o.seed.hooks) again += " --hooks";
  if (o.seed.keep_pods) again += " --keep-pods";
  if (slipway::delivery::plan::is_in_place(o.seed.workload))
    again += fmt::format(" --workload {}", slipway::delivery::plan::to_text(o.seed.workload));
  for (const std::string& m : o.mutants) again += " --mutant " + m;
  fmt::print("  {}\n  again: {}\n", *r.problem, again);
}

void show_progress(const Options& o, const Summary& s) {
  constexpr std::uint64_t kEvery = 50;
  if (s.worlds % kEvery != 0 && s.worlds != o.seeds) return;
  fmt::print("{} of {} worlds, {} failed, {} of virtual time\n", s.worlds, o.seeds, s.failed,
             slipway::base::human_duration(s.virtual_time));
}

void show_map(const char* title, const auto& map) {
  std::string line;
  for (const auto& [name, times] : map) line += fmt::format("{}{} {}", line.empty() ? "" : ", ", times, name);
  fmt::print("{:<18} {}\n", title, line.empty() ? "none" : line);
}

void show_summary(const Summary& s) {
  fmt::print("\n{:<18} {} ({} ended well)\n", "worlds", s.worlds, s.worlds - s.failed);
  show_map("stories", s.stories);
  fmt::print("{:<18} {}\n", "virtual time", slipway::base::human_duration(s.virtual_time));
  fmt::print("{:<18} {}\n{:<18} {}\n{:<18} {}\n", "writes", s.writes, "decisions", s.decisions, "user requests",
             s.requests);
  show_map("faults that struck", s.faults);
  fmt::print("{:<18} {}\n", "refused decisions", s.refusals);
  if (!s.rules.empty()) show_map("broken rules", s.rules);
}

bool plant(const std::vector<std::string>& names, std::vector<std::unique_ptr<PlantedMutant>>& planted) {
  for (const std::string& name : names) {
    const std::size_t before = planted.size();
    for (int i = 0; i < static_cast<int>(Mutant::kCount); ++i)
      if (slipway::rehearse::name_of(static_cast<Mutant>(i)) == name)
        planted.push_back(std::make_unique<PlantedMutant>(static_cast<Mutant>(i)));
    if (planted.size() > before) continue;
    fmt::print(stderr, "sim: there is no mutant {} (src/control/mutants.h has their names)\n", name);
    return false;
  }
  return true;
}

std::vector<std::string> router_names() {
  std::vector<std::string> names;
  for (const auto router : slipway::rehearse::kRouters) names.emplace_back(slipway::rehearse::to_text(router));
  return names;
}

int simulate(const Options& o) {
  std::vector<std::unique_ptr<PlantedMutant>> planted;
  if (!plant(o.mutants, planted)) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Summary summary;
  for (std::uint64_t seed = o.from; seed < o.from + o.seeds; ++seed) {
    const SeedResult result = slipway::rehearse::run_seed(seed, o.seed);
    summary.add(result);
    if (result.problem || o.verbose) show_world(seed, result);
    if (result.problem) show_failure(o, seed, result);
    show_progress(o, summary);
    if (result.problem && !o.keep_going) break;
  }
  show_summary(summary);
  return summary.failed > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Simulates releases in whole worlds with injected faults. Each seed is one world; a failing seed fails the same "
      "way again.",
      "./dev sim"};
  Options o;
  bool no_faults = false;
  std::string router = "HTTPRoute", workload = "Deployment";
  app.add_option("--seeds", o.seeds, "how many worlds")->capture_default_str();
  app.add_option("--from", o.from, "the first seed")->capture_default_str();
  app.add_flag("--trace", o.seed.trace, "print whatever happens");
  app.add_flag("--verbose", o.verbose, "a line for every world");
  app.add_flag("--no-faults", no_faults, "nothing goes wrong");
  app.add_option("--router", router, "what carries the traffic; Service: canaries switch its selector")
      ->check(CLI::IsMember(router_names()))
      ->capture_default_str();
  app.add_option("--workload", workload, "what is released; StatefulSet and DaemonSet: in batches, without a router")
      ->check(CLI::IsMember({"Deployment", "StatefulSet", "DaemonSet"}))
      ->capture_default_str();
  app.add_flag("--blue-green", o.seed.blue_green, "blue-green releases instead of canaries");
  app.add_flag("--preview", o.seed.preview, "blue-green releases with previews in a namespace of their own");
  app.add_flag("--ab-test", o.seed.ab_test,
               "Instead of canaries two versions at once, where the router can match headers");
  app.add_flag("--gray", o.seed.gray,
               "what would be canaries lets groups of users in, where the router can match headers");
  app.add_flag("--opt-in", o.seed.opt_in, "canaries begin with an opt-in by header, where the router can match one");
  app.add_flag("--keep-pods", o.seed.keep_pods, "of versions that are taken back some pods are kept for a while");
  app.add_flag("--dynamic-stable", o.seed.dynamic_stable, "stable pods of canaries follow the traffic");
  app.add_flag("--config", o.seed.config, "ConfigMaps are part of versions, and are edited with them");
  app.add_flag("--windows", o.seed.windows, "the Release's windows are closed half of the time");
  app.add_flag("--hooks", o.seed.hooks, "Releases have hooks, that end well, badly, late or never");
  app.add_flag("--keep-going", o.keep_going, "do not stop at the first failing seed");
  app.add_option("--mutant", o.mutants, "plant this mistake in the controllers (may be repeated)");
  CLI11_PARSE(app, argc, argv);
  o.seed.faults = !no_faults;
  o.seed.router = *slipway::rehearse::router_named(router);
  o.seed.workload = *slipway::delivery::plan::workload_kind_of(workload);
  return simulate(o);
}
