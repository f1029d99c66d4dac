// A scenario in virtual time: a World of its own for each.
#pragma once

#include "rehearse/scenario/outcome.h"
#include "rehearse/scenario/stage.h"
#include "rehearse/world.h"

namespace slipway::rehearse::scenario {

class VirtualStage final : public Stage {
 public:
  explicit VirtualStage(WorldOptions options = {}) : world_(options) { world_.start(); }

  client::ApiClient& api() override { return world_.user(); }
  runtime::Loop& loop() override { return world_.loop(); }
  runtime::Random& random() override { return world_.random(); }
  void crash_controllers(std::function<void(base::Result<void>)> done) override;
  std::optional<std::string> violation() const override { return world_.violation(); }
  World& world() { return world_; }

 private:
  World world_;
};

// Plays it from its beginning to its end.
Outcome play_virtually(const Scenario& scenario, WorldOptions options = {});

}  // namespace slipway::rehearse::scenario
