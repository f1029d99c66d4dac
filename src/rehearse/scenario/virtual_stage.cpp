#include "rehearse/scenario/virtual_stage.h"

#include "rehearse/scenario/player.h"

namespace slipway::rehearse::scenario {

namespace {
constexpr base::Duration kLongestStory = base::hours(2);
}

void VirtualStage::crash_controllers(std::function<void(base::Result<void>)> done) {
  world_.crash(0);
  world_.loop().post([done = std::move(done)] { done({}); });
}

Outcome play_virtually(const Scenario& scenario, WorldOptions options) {
  VirtualStage stage(options);
  Observer observer(stage);
  observer.start();
  stage.world().run_until([&] { return observer.synced(); }, base::minutes(1));
  Player player(scenario, stage, observer, "story");
  player.start({});
  stage.world().loop().run_until([&] { return player.done(); }, kLongestStory);
  Outcome outcome = player.outcome();
  if (!player.done()) outcome.failure = "the story did not end";
  if (const auto broken = stage.violation()) outcome.failure = "a safety rule was broken: " + *broken;
  return outcome;
}

}  // namespace slipway::rehearse::scenario
