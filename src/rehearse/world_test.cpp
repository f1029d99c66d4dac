#include "rehearse/world.h"

#include <gtest/gtest.h>

namespace slipway::rehearse {
namespace {

using data::Value;

Value pod(std::string name, Value annotations) {
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata", Value::object({{"name", name}, {"namespace", "default"}, {"annotations", annotations}})},
       {"spec", Value::object({{"nodeName", "node-1"},
                               {"containers", Value::array({Value::object({{"name", "c"}, {"image", "i"}})})}})}});
}

TEST(World, ModelledPodsBecomeReadyAndStop) {
  World world({.seed = 7});
  world.start();
  ASSERT_TRUE(world.apply(api::kPods, pod("a", {})));
  EXPECT_TRUE(world.run_until([&] { return api::is_condition_true(world.get(api::kPods, "default", "a"), "Ready"); },
                              base::seconds(5)));
  ASSERT_TRUE(world.call({.verb = client::Verb::Delete, .resource = api::kPods, .space = "default", .name = "a"}));
  EXPECT_TRUE(world.run_until([&] { return world.get(api::kPods, "default", "a").is_null(); }, base::seconds(5)));
}

TEST(World, ACrashingPodIsRestartedAndReadyAgain) {
  World world({.seed = 8});
  world.start();
  ASSERT_TRUE(world.apply(api::kPods, pod("a", Value::object({{"rehearse.slipway.dev/crash-after", "2s"}}))));
  EXPECT_TRUE(world.run_until(
      [&] {
        return world.get(api::kPods, "default", "a")["status"]["containerStatuses"].at(0)["restartCount"].as_int() >= 2;
      },
      base::seconds(20)));
}

TEST(World, OneSeedIsOneRun) {
  const auto run = [] {
    World world({.seed = 9, .faults = FaultRates{}, .processes = 2});
    world.start();
    EXPECT_TRUE(world.apply(api::kPods, pod("a", {})));
    world.run_for(base::minutes(2));
    return std::pair(world.writes(), world.loop().tasks_run());
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace slipway::rehearse
