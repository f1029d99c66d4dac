// Plays many scenarios in one live world: those that can share it side by side, the others one after another.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live_world.h"
#include "rehearse/scenario/player.h"

namespace slipway::tests {

class Theatre {
 public:
  // `scenarios` outlive it.
  Theatre(LiveWorld& world, runtime::real::Loop& loop, runtime::Random& random,
          std::vector<const rehearse::scenario::Scenario*> scenarios);

  // Starts the world and the first stories. A failure is that of all stories.
  void start();
  bool done() const { return failure_.has_value() || (began_ && playing_ == 0 && alone_.empty()); }
  rehearse::scenario::Outcome outcome(const std::string& scenario) const;

 private:
  void play(const rehearse::scenario::Scenario& scenario);
  void begin_stories();
  void one_is_done();

  LiveWorld& world_;
  runtime::real::Loop& loop_;
  runtime::Random& random_;
  std::vector<const rehearse::scenario::Scenario*> together_, alone_;
  std::unique_ptr<LiveStage> stage_;
  std::unique_ptr<rehearse::scenario::Observer> observer_;
  std::map<std::string, std::unique_ptr<rehearse::scenario::Player>> players_;
  runtime::Timer look_again_;
  int playing_ = 0;
  bool began_ = false;
  std::optional<std::string> failure_;
};

}  // namespace slipway::tests
