// The corpus in every world, and the same outcome in all of them. tests/scenario/README.md.
#include "rehearse/scenario/scenario.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <tuple>

#include "kubernetes_world.h"
#include "live_world.h"
#include "rehearse/scenario/outcome.h"
#include "rehearse/scenario/virtual_stage.h"
#include "runtime/real/loop.h"
#include "theatre.h"

namespace slipway::tests {
namespace {

namespace fs = std::filesystem;
using rehearse::scenario::Outcome;
using rehearse::scenario::Scenario;

const fs::path kFolder = fs::path(SLIPWAY_SOURCE_DIR) / "tests/scenario";

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

std::string test_name(std::string scenario) {
  std::ranges::replace(scenario, '-', '_');
  return scenario;
}

// Read once, and played once in virtual time; null when its file is wrong, which `Read` reports.
const Scenario* scenario_of(const std::string& name) {
  static std::map<std::string, std::unique_ptr<Scenario>> read;
  if (!read.contains(name)) {
    auto loaded = rehearse::scenario::load((kFolder / (name + ".yaml")).string());
    read[name] = loaded ? std::make_unique<Scenario>(std::move(*loaded)) : nullptr;
  }
  return read[name].get();
}

const Outcome& virtual_outcome(const Scenario& scenario) {
  static std::map<std::string, Outcome> played;
  const auto found = played.find(scenario.name);
  if (found != played.end()) return found->second;
  return played[scenario.name] = rehearse::scenario::play_virtually(scenario, {.seed = 11});
}

std::string lines(const std::vector<std::string>& sentences) {
  std::string all;
  for (const std::string& sentence : sentences) all += "\n" + sentence;
  return all;
}

void expect_as_told(const Scenario& scenario, const Outcome& outcome) {
  const auto problems = rehearse::scenario::shortcomings(scenario, outcome);
  EXPECT_TRUE(problems.empty()) << scenario.about << lines(problems) << "\n" << to_text(outcome);
}

// --- virtual time -----------------------------------------------------------------------------------------

class Virtual : public testing::TestWithParam<std::string> {};

TEST_P(Virtual, EndsAsTold) {
  const auto loaded = rehearse::scenario::load((kFolder / (GetParam() + ".yaml")).string());
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Scenario& scenario = *scenario_of(GetParam());
  expect_as_told(scenario, virtual_outcome(scenario));
}

// Requests and watches that take their time, as over a network; nothing is lost.
rehearse::WorldOptions slow_world(std::uint64_t seed) {
  rehearse::WorldOptions options{.seed = seed};
  options.faults.request_delay = base::milliseconds(20);
  options.faults.watch_delay = base::milliseconds(30);
  return options;
}

// How many other timings each story is played with; SLIPWAY_SCENARIO_TIMINGS=200 looks for rare ones.
std::uint64_t timings() {
  const char* asked = std::getenv("SLIPWAY_SCENARIO_TIMINGS");
  return asked ? std::strtoull(asked, nullptr, 10) : 3;
}

// What comes of a story is not a matter of timing: other seeds, other delays, the same outcome.
TEST_P(Virtual, DoesNotDependOnTiming) {
  const Scenario* scenario = scenario_of(GetParam());
  ASSERT_TRUE(scenario);
  for (std::uint64_t seed = 21; seed < 21 + timings(); ++seed) {
    const Outcome other = rehearse::scenario::play_virtually(*scenario, slow_world(seed));
    EXPECT_EQ(difference(virtual_outcome(*scenario), "seed 11", other, "seed " + std::to_string(seed)), "");
  }
}

// --- real time --------------------------------------------------------------------------------------------

// Live worlds side by side on one loop, with the stories that this run was asked for; over when it is made.
class LiveRun {
 public:
  // `suite` and `prefix`: whose tests ask for stories ("Kubernetes", "v1_33_").
  struct Billing {
    std::string world, suite, prefix;
    std::function<std::unique_ptr<LiveWorld>(const std::string& folder)> make;
  };

  explicit LiveRun(const std::vector<Billing>& billings) {
    fs::create_directories(folder_);
    for (const Billing& billing : billings) add(billing);
    for (auto& [name, show] : shows_) show.theatre->start();
    while (std::ranges::any_of(shows_, [](const auto& show) { return !show.second.theatre->done(); })) loop_.run_one();
    for (auto& [name, show] : shows_)
      for (const Scenario* scenario : show.scenarios)
        outcomes_[name][scenario->name] = show.theatre->outcome(scenario->name);
    shows_.clear();
  }

  // What the servers wrote stays only when something went wrong.
  ~LiveRun() {
    std::error_code ignored;
    if (!testing::UnitTest::GetInstance()->Failed()) fs::remove_all(folder_, ignored);
  }

  Outcome outcome(const std::string& world, const std::string& scenario) const {
    return outcomes_.at(world).at(scenario);
  }

 private:
  struct Show {
    std::unique_ptr<LiveWorld> world;
    std::unique_ptr<Theatre> theatre;
    std::vector<const Scenario*> scenarios;
  };

  void add(const Billing& billing) {
    const auto scenarios = asked_for(billing);
    if (scenarios.empty()) return;
    auto world = billing.make(folder_ + "/" + billing.world);
    auto theatre = std::make_unique<Theatre>(*world, loop_, random_, scenarios);
    shows_[billing.world] = {std::move(world), std::move(theatre), scenarios};
  }

  static std::vector<const Scenario*> asked_for(const Billing& billing) {
    std::vector<const Scenario*> asked;
    const auto& unit = *testing::UnitTest::GetInstance();
    for (int i = 0; i < unit.total_test_suite_count(); ++i) {
      const auto& suite = *unit.GetTestSuite(i);
      if (!std::string_view(suite.name()).ends_with(billing.suite)) continue;
      for (const std::string& name : all_names())
        for (int t = 0; t < suite.total_test_count(); ++t) {
          const auto& test = *suite.GetTestInfo(t);
          const bool meant =
              std::string_view(test.name()).ends_with("/" + billing.prefix + test_name(name)) && test.should_run();
          if (meant && scenario_of(name)) asked.push_back(scenario_of(name));
        }
    }
    return asked;
  }

  static int runs_;
  const std::string folder_ =
      fs::path(SLIPWAY_BUILD_DIR) / ("scenarios-" + std::to_string(getpid()) + "-" + std::to_string(++runs_));
  runtime::real::Loop loop_;
  runtime::real::OsRandom random_;
  std::map<std::string, Show> shows_;
  std::map<std::string, std::map<std::string, Outcome>> outcomes_;
};
int LiveRun::runs_ = 0;

const LiveRun& run_on_this_machine() {
  static const LiveRun run(
      {{"Embedded", "Embedded", "", make_embedded_world}, {"Https", "Https", "", make_https_world}});
  return run;
}

void expect_as_in_virtual_time(const Scenario& scenario, const Outcome& outcome, const std::string& world) {
  expect_as_told(scenario, outcome);
  EXPECT_EQ(difference(virtual_outcome(scenario), "virtual", outcome, world), "");
}

void expect_the_same(const std::string& world, const std::string& name) {
  const Scenario* scenario = scenario_of(name);
  ASSERT_TRUE(scenario) << "the file is wrong: see Virtual.EndsAsTold";
  Outcome outcome = run_on_this_machine().outcome(world, name);
  // Where the API dies with the controllers, its watches end, and what happens before they begin anew is not seen.
  if (world == "Embedded" && scenario->crashes()) outcome = with_gaps_filled(outcome, virtual_outcome(*scenario));
  expect_as_in_virtual_time(*scenario, outcome, world);
}

class Embedded : public testing::TestWithParam<std::string> {};
TEST_P(Embedded, EndsTheSame) { expect_the_same("Embedded", GetParam()); }

class Https : public testing::TestWithParam<std::string> {};
TEST_P(Https, EndsTheSame) { expect_the_same("Https", GetParam()); }

// --- a real control plane ---------------------------------------------------------------------------------

std::string prefix_of(const Assets& assets) {
  std::string name = assets.version.empty() ? "none" : assets.version;
  for (char& c : name)
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  return name + "_";
}

std::vector<Assets> versions() {
  const auto& found = find_assets();
  return found.all.empty() ? std::vector<Assets>{Assets{}} : found.all;
}

// One version after the other: each is many processes.
const LiveRun& run_on(const Assets& assets) {
  static std::map<std::string, std::unique_ptr<LiveRun>> runs;
  auto& run = runs[assets.version];
  if (!run)
    run = std::make_unique<LiveRun>(
        std::vector<LiveRun::Billing>{{assets.version, "Kubernetes", prefix_of(assets), [&](const std::string& folder) {
                                         return make_kubernetes_world(assets, folder + ".log");
                                       }}});
  return *run;
}

class Kubernetes : public testing::TestWithParam<std::tuple<Assets, std::string>> {};
TEST_P(Kubernetes, EndsTheSame) {
  const auto& [assets, name] = GetParam();
  if (assets.folder.empty()) GTEST_SKIP() << find_assets().problem;
  if (gateway_api_definitions().empty()) GTEST_SKIP() << "no definitions of Gateway API (SLIPWAY_CONFORMANCE)";
  const Scenario* scenario = scenario_of(name);
  ASSERT_TRUE(scenario) << "the file is wrong: see Virtual.EndsAsTold";
  expect_as_in_virtual_time(*scenario, run_on(assets).outcome(assets.version, name), assets.version);
}

std::string name_on(const testing::TestParamInfo<std::tuple<Assets, std::string>>& info) {
  return prefix_of(std::get<0>(info.param)) + test_name(std::get<1>(info.param));
}
INSTANTIATE_TEST_SUITE_P(All, Kubernetes,
                         testing::Combine(testing::ValuesIn(versions()), testing::ValuesIn(all_names())), name_on);

std::string name_of(const testing::TestParamInfo<std::string>& info) { return test_name(info.param); }
INSTANTIATE_TEST_SUITE_P(All, Virtual, testing::ValuesIn(all_names()), name_of);
INSTANTIATE_TEST_SUITE_P(All, Embedded, testing::ValuesIn(all_names()), name_of);
INSTANTIATE_TEST_SUITE_P(All, Https, testing::ValuesIn(all_names()), name_of);

}  // namespace
}  // namespace slipway::tests
