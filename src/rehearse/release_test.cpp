// What the stories of tests/scenario/ cannot say because it needs a clock or a long time: how fast, and how quiet.
#include <gtest/gtest.h>

#include "delivery/state.h"
#include "rehearse/scenario/player.h"
#include "rehearse/scenario/virtual_stage.h"

namespace slipway::rehearse {
namespace {

using scenario::Observer;
using scenario::Player;
using scenario::Scenario;

// One story, and the world as it stands after it.
class Told {
 public:
  explicit Told(const std::string& name)
      : scenario_(*scenario::load("tests/scenario/" + name + ".yaml")),
        observer_(stage_),
        player_(scenario_, stage_, observer_, "shop") {
    observer_.start();
    world().run_until([this] { return observer_.synced(); }, base::minutes(1));
    player_.start({});
    world().loop().run_until([this] { return player_.done(); }, base::hours(1));
    EXPECT_EQ(player_.outcome().failure, "");
  }
  World& world() { return stage_.world(); }
  delivery::State state() { return delivery::read_state(world().get(api::kReleases, "shop", "web")["status"]); }

 private:
  Scenario scenario_;
  scenario::VirtualStage stage_{{.seed = 11}};
  Observer observer_;
  Player player_;
};

TEST(ReleaseWorld, ABadVersionHasNoTrafficASecondAfterItsMeasurement) {
  Told story("canary-slow");
  const auto rollback = *story.state().last_rollback;
  ASSERT_TRUE(rollback.failing_at && rollback.traffic_zero_at);
  EXPECT_LT(*rollback.traffic_zero_at - *rollback.failing_at, base::seconds(1));
}

TEST(ReleaseWorld, NoRequestIsLostToAVersionWithoutPods) {
  for (const char* name : {"canary-good", "canary-bad-then-fixed", "canary-crashing", "undo", "deleted-in-the-middle"})
    EXPECT_EQ(Told(name).world().gateway().unserved_while_others_could(), 0) << name;
}

TEST(ReleaseWorld, SteadyStatesWriteNothing) {
  for (const char* name : {"canary-good", "canary-slow", "rolling-good", "deleted-at-rest"}) {
    Told story(name);
    story.world().run_for(base::minutes(2));
    story.world().forget_writes();
    story.world().run_for(base::minutes(10));
    for (const auto& [object, writes] : story.world().written())
      EXPECT_TRUE(object.starts_with("leases") || object.starts_with("nodes"))
          << name << ": " << object << " " << writes;
  }
}

}  // namespace
}  // namespace slipway::rehearse
