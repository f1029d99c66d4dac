// A decision may fail between two of its effects, or before its status is written. What was given away is not taken
// back.
#include <gtest/gtest.h>

#include "delivery/commands.h"
#include "delivery/decide/decide.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kCanary =
    R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"30s","strategy":{"canary":{"steps":[{"weight":25}]}}})";
constexpr const char* kRolling =
    R"({"target":{"name":"web"},"deadline":"30s","strategy":{"rolling":{"maxSurge":1,"maxUnavailable":0}}})";

bool is_held(const ModelledCluster& cluster, const Revision& revision) {
  const Observation seen = cluster.observe();
  const Version* version = seen.find(revision.hash);
  return version && version->owner == Owner::Release;
}

TEST(Handover, is_not_taken_back_when_its_status_was_lost) {
  ModelledCluster cluster(json(kCanary));
  ASSERT_TRUE(cluster.reaches(Phase::Idle));
  cluster.set_image("v2");
  ASSERT_TRUE(cluster.run_until([&] { return cluster.owner_of("v2") == "Deployment"; })) << cluster.state().message;
  const Revision candidate = *cluster.state().candidate;
  ASSERT_TRUE(cluster.state().position.handed_over);
  cluster.patch_release(json(R"({"status":{"position":{"handedOver":null}}})"));
  while (cluster.state().phase != Phase::Idle) {
    cluster.turn();
    ASSERT_FALSE(is_held(cluster, candidate));
  }
}

TEST(Handover, of_the_stable_version_waits_until_the_way_back_is_written_down) {
  ModelledCluster cluster(json(kRolling));
  ASSERT_TRUE(cluster.reaches(Phase::Idle));
  const Revision stable = *cluster.state().stable;
  cluster.set_image("v2");
  ASSERT_TRUE(cluster.run_until([&] { return is_held(cluster, stable) && cluster.pods_of("v2") > 0; }));
  cluster.patch_release(command_patch({.id = "back", .verb = Verb::Abort}));
  State before = cluster.state();
  while (is_held(cluster, stable)) {
    before = cluster.state();
    cluster.turn();
  }
  ASSERT_TRUE(before.retreat);
  EXPECT_TRUE(before.retreat->traffic_zero_at);
}

}  // namespace
}  // namespace slipway::delivery
