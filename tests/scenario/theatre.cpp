#include "theatre.h"

#include <algorithm>

namespace slipway::tests {

using rehearse::scenario::Observer;
using rehearse::scenario::Outcome;
using rehearse::scenario::Player;
using rehearse::scenario::Scenario;

Theatre::Theatre(LiveWorld& world, runtime::real::Loop& loop, runtime::Random& random,
                 std::vector<const Scenario*> scenarios)
    : world_(world), loop_(loop), random_(random) {
  for (const Scenario* scenario : scenarios) (scenario->alone() ? alone_ : together_).push_back(scenario);
}

void Theatre::start() {
  if (auto started = world_.start(); !started) {
    failure_ = "the world did not start: " + started.error().message;
    return;
  }
  auto stage = LiveStage::open(world_, loop_, random_);
  if (!stage) {
    failure_ = "the world cannot be reached: " + stage.error().message;
    return;
  }
  stage_ = std::move(*stage);
  observer_ = std::make_unique<Observer>(*stage_);
  observer_->start();
  begin_stories();
}

void Theatre::begin_stories() {
  if (!observer_->synced()) {
    look_again_ = loop_.after(base::milliseconds(20), [this] { begin_stories(); });
    return;
  }
  began_ = true;
  for (const Scenario* scenario : together_) play(*scenario);
  if (together_.empty()) ++playing_, one_is_done();
}

void Theatre::play(const Scenario& scenario) {
  ++playing_;
  auto& player = players_[scenario.name];
  player = std::make_unique<Player>(scenario, *stage_, *observer_, "story-" + scenario.name);
  player->start([this] { one_is_done(); });
}

// In a task of its own: a player may not begin while another one is in the middle of its last step.
void Theatre::one_is_done() {
  loop_.post([this] {
    if (--playing_ > 0 || alone_.empty()) return;
    const Scenario* next = alone_.back();
    alone_.pop_back();
    play(*next);
  });
}

Outcome Theatre::outcome(const std::string& scenario) const {
  if (failure_) return {.failure = *failure_};
  return players_.at(scenario)->outcome();
}

}  // namespace slipway::tests
