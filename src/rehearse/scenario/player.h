// Plays one scenario on one stage and keeps what came of it.
//
//   Observer observer(stage);  observer.start();
//   Player player(scenario, stage, observer, "story-1");
//   player.start([] { ... });          // begins when the observer has its first lists
//   run the stage's loop until it is done
//   player.outcome()
//
// Event-driven, on the stage's loop: many players may share a stage and an observer, each with a namespace of its own.
// What the user does is repeated when the API is away (a server that was killed in the middle of a story).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rehearse/scenario/facts.h"
#include "rehearse/scenario/outcome.h"
#include "rehearse/scenario/recorder.h"
#include "rehearse/scenario/scenario.h"
#include "rehearse/scenario/stage.h"

namespace slipway::rehearse::scenario {

class Player {
 public:
  Player(const Scenario& scenario, Stage& stage, Observer& observer, std::string space);
  ~Player();
  Player(const Player&) = delete;

  void start(std::function<void()> done);
  bool done() const { return done_; }
  const Scenario& scenario() const { return scenario_; }
  const Outcome& outcome() const { return outcome_; }

 private:
  // What is waited for, and what to do then.
  struct Waiting {
    const Conditions* conditions;
    std::string text, where;
    std::function<void()> then;
    bool must_stay = false;  // holds all the time, instead of once
  };

  void begin();
  void tell(std::size_t event);
  void perform(std::size_t event);
  void wait(Waiting waiting, base::Duration within);
  void time_is_up();
  void look();  // after a change
  void end();
  void rest();
  void finish();
  void fail(std::string what);

  std::vector<client::Request> requests_of(const Action& action);
  client::Request apply(const Object& object) const;
  client::Request patch(const api::Resource& resource, const std::string& name, data::Value body,
                        client::PatchType type = client::PatchType::Merge) const;
  client::Request remove(const api::Resource& resource, const std::string& name) const;
  client::Request deploy(const Deploy& deploy) const;
  client::Request command(const std::string& verb);
  std::vector<client::Request> kill(const KillPods& kill) const;
  void cordon(bool on, std::function<void()> then);
  void refuse(const Refuse& refuse, std::string where, std::function<void()> then);
  void send(std::vector<client::Request> requests, std::string where, std::function<void()> then);
  void send_again(std::shared_ptr<std::vector<client::Request>> requests, std::size_t index, std::string where,
                  std::function<void()> then, int attempts);

  data::Value facts() const;
  base::Result<bool> hold(const Conditions& conditions, std::string& first_that_does_not) const;
  std::string situation() const;

  const Scenario& scenario_;
  Stage& stage_;
  Observer& observer_;
  const std::string space_;
  Recorder recorder_;
  std::function<void()> on_done_;
  std::optional<Waiting> waiting_;
  runtime::Timer timer_, quiet_timer_;
  bool watching_always_ = false;  // from `begin` on
  bool resting_ = false;
  bool done_ = false;
  int commands_ = 0;
  Outcome outcome_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::rehearse::scenario
