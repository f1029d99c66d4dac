// Many releases under one cap, in a world with faults: two processes that compete, die and stand still.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/testing.h"
#include "control/mutants.h"
#include "rehearse/checkers/checkers.h"
#include "rehearse/world.h"

namespace slipway::rehearse {
namespace {

using data::Value;

constexpr int kReleases = 12;

Value deployment(int i, const char* version) {
  return api::testing::yaml(
      fmt::format(R"({{apiVersion: apps/v1, kind: Deployment, metadata: {{name: app-{0}, namespace: n{1}}},
    spec: {{replicas: 1, selector: {{matchLabels: {{app: app-{0}}}}}, template: {{metadata: {{labels: {{app: app-{0}}}}},
    spec: {{containers: [{{name: app, image: "shop/app:{2}"}}]}}}}}}}})",
                  i, i % 3, version));
}
Value release(int i) {
  return api::testing::yaml(
      fmt::format(R"({{apiVersion: slipway.dev/v1alpha1, kind: Release, metadata: {{name: app-{0}, namespace: n{1}}},
    spec: {{target: {{name: app-{0}}}, deadline: 1h, strategy: {{rolling: {{maxSurge: 1, maxUnavailable: 0, bake: 5s}}}}}}}})",
                  i, i % 3));
}

class Crowd {
 public:
  Crowd(std::uint64_t seed, bool faults) : world_(options(seed, faults)) {
    world_.start();
    for (int n = 0; n < 3; ++n)
      put(api::kNamespaces,
          api::testing::yaml(fmt::format("{{apiVersion: v1, kind: Namespace, metadata: {{name: n{}}}}}", n)));
    put(api::kReleasePolicies,
        api::testing::yaml("{apiVersion: slipway.dev/v1alpha1, kind: ReleasePolicy, metadata: {name: cluster}, spec: "
                           "{maxConcurrent: 3, maxConcurrentPerNamespace: 2}}"));
    for (int i = 0; i < kReleases; ++i) put(api::kDeployments, deployment(i, "v1")), put(api::kReleases, release(i));
  }

  // How many were ever under way at once.
  std::int64_t release_all() {
    EXPECT_TRUE(world_.run_until(
        [this] { return all([](const Value& s) { return s["phase"].as_string() == "Idle"; }); }, base::hours(1)));
    for (int i = 0; i < kReleases; ++i) put(api::kDeployments, deployment(i, "v2"));
    std::int64_t most = 0;
    const bool ended = world_.run_until(
        [&] {
          most = std::max(most, under_way());
          return all([](const Value& s) { return s["stable"]["images"].as_string().ends_with(":v2"); });
        },
        base::hours(4));
    EXPECT_TRUE(ended || world_.violation()) << "not all releases came to their end";
    return most;
  }
  World& world() { return world_; }

 private:
  static WorldOptions options(std::uint64_t seed, bool faults) {
    WorldOptions o{.seed = seed, .nodes = 3};
    if (!faults) return o;
    runtime::sim::SeededRandom random(seed);
    o.faults = FaultRates::drawn(random);
    o.processes = 2;
    o.crash_chance = 0.02;
    o.freeze_chance = 0.01;
    return o;
  }
  void put(const api::Resource& resource, const Value& object) {
    const auto done = world_.apply(resource, object);
    EXPECT_TRUE(done) << done.error().message;
  }
  std::int64_t under_way() {
    return std::ranges::count_if(world_.truth().list(api::kReleases),
                                 [](const Value& r) { return r["status"]["candidate"].is_object(); });
  }
  bool all(const std::function<bool(const Value&)>& holds) {
    const auto releases = world_.truth().list(api::kReleases);
    return std::ranges::all_of(releases, [&](const Value& r) { return holds(r["status"]); });
  }

  World world_;
};

TEST(PlacesWorld, ReleasesTakeTurnsAndTheCapIsUsed) {
  Crowd crowd(1, false);
  EXPECT_EQ(crowd.release_all(), 3);
  EXPECT_EQ(crowd.world().violation(), std::nullopt);
}

TEST(PlacesWorld, TheCapHoldsOverCrashesAndChangesOfLeadership) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    Crowd crowd(seed, true);
    EXPECT_LE(crowd.release_all(), 3) << "seed " << seed;
    EXPECT_EQ(crowd.world().violation(), std::nullopt) << "seed " << seed;
  }
}

TEST(PlacesWorld, IdleReleasesAreNotDecidedAgain) {
  Crowd crowd(1, false);
  crowd.release_all();
  World& world = crowd.world();
  world.run_for(base::minutes(30));  // Deployments and pods come to rest, too
  std::int64_t before = world.decisions();
  world.run_for(base::seconds(20));
  const std::int64_t without = world.decisions() - before;  // of Leases and nodes
  before = world.decisions();
  for (const char* stop : {"{reason: fire}", "null", "{reason: water}", "null"}) {
    const auto done = world.call({.verb = client::Verb::Patch,
                                  .resource = api::kReleasePolicies,
                                  .name = "cluster",
                                  .body = api::testing::yaml(fmt::format("spec: {{stop: {}}}", stop))});
    EXPECT_TRUE(done);
    world.run_for(base::seconds(5));
  }
  EXPECT_LE(world.decisions() - before, without + 12) << "of the policy alone, three for each change";
}

TEST(PlacesWorld, ACheckerCatchesOnePlaceTooMany) {
  const control::PlantedMutant mistake(control::Mutant::GiveOnePlaceTooMany);
  Crowd crowd(1, false);
  crowd.release_all();
  EXPECT_EQ(crowd.world().broken_rule(), "places-hold");
}

}  // namespace
}  // namespace slipway::rehearse
