// Inside of the runner: queue and decisions in runner.cpp, carrying out in runner_act.cpp.
#pragma once

#include "control/backoff.h"
#include "control/event_recorder.h"
#include "control/facts.h"
#include "control/outside.h"
#include "control/requests.h"
#include "control/runner.h"
#include "control/slot.h"

namespace slipway::control {

class Runner::Impl final : public World {
 public:
  Impl(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, Leadership& leadership,
       RunnerOptions options);
  ~Impl() override { *alive_ = false; }

  void add(std::unique_ptr<Controller> controller);
  void start();
  bool synced() const;
  bool current() const;
  bool idle() const;
  Stats stats() const;
  void nudge(std::string_view controller, const ObjectName& name);

  const client::Cache& cache(const api::Resource& resource) const override;
  const Fact* fact(std::string_view id) const override { return facts_.find(id); }
  bool is_pending(std::string_view id) const override { return facts_.is_pending(id); }

  Facts& facts() { return facts_; }
  std::vector<std::unique_ptr<Invariant>>& invariants() { return invariants_; }
  std::vector<RunnerObserver*>& observers() { return observers_; }

 private:
  class View;

  // Queue.
  client::Cache* find_cache(const api::Resource& resource) const;
  client::Cache& make_cache(const api::Resource& resource, bool optional);
  void watch(Loaded& of, const Watch& watch);
  SlotPtr slot(Loaded& of, const ObjectName& name);
  void enqueue(Loaded& of, const ObjectName& name);
  void enqueue(const SlotPtr& slot);
  void enqueue_all();
  void schedule();
  void pump();
  void release_waiting();
  Loaded* next_ready();
  bool is_ready(Loaded& of);
  void keep_interval(Slot& slot, const std::optional<Decision>& decision);
  void pause(const SlotPtr& slot);
  bool writes_seen(Slot& slot);
  bool leads() const { return started_ && leadership_.leads(); }
  void leadership_changed();
  void start_over();

  // Decision.
  void decide(const SlotPtr& slot);
  void set_wake(const SlotPtr& slot, std::optional<base::Time> at);
  bool status_waits(const SlotPtr& slot, const Decision& decision);
  void arm_wake(const SlotPtr& slot);
  bool held_back(const SlotPtr& slot, const Decision& decision);
  std::optional<Violation> violation(const SlotPtr& slot, const Decision& decision) const;
  void refuse(const SlotPtr& slot, const Decision& decision, const Violation& violation);
  void tell(const Controller& controller, const data::Value& about, const Note& note);
  void gone(const SlotPtr& slot);
  void drop_if_blank(const SlotPtr& slot);

  // Carrying out.
  void begin(const SlotPtr& slot, Decision decision);
  void step(const SlotPtr& slot);
  bool may_write(const Run& run) const;
  bool is_status_step(const Run& run, std::size_t step) const;
  std::size_t effect_of_step(const Run& run, std::size_t step) const;
  void perform_locally(const SlotPtr& slot, const Effect& effect);
  void send_effect(const SlotPtr& slot, std::size_t index);
  void send_status(const SlotPtr& slot);
  void effect_answered(const SlotPtr& slot, std::size_t index, const client::Answer& answer);
  void status_answered(const SlotPtr& slot, const client::Answer& answer);
  void remember_write(Slot& slot, const Target& target, const Effect* effect, const data::Value& answer);
  void failed(const SlotPtr& slot, base::Error error, std::size_t effect, std::optional<Target> unknown);
  void look_up(const SlotPtr& slot, Target target, base::Error error, std::size_t effect);
  void finish_failed(const SlotPtr& slot, base::Error error, std::size_t effect);
  void remember_failure(const SlotPtr& slot, const Decision& decision, base::Error error, std::size_t effect);
  void finish(const SlotPtr& slot);
  void finish_quietly(const SlotPtr& slot, const Decision& decision);
  Run end_run(const SlotPtr& slot);
  void abandon(const SlotPtr& slot);
  void tell_failure(const Slot& slot, const Decision& decision, const base::Error& error, std::size_t effect);
  OwnWrites& writes_of(Slot& slot);

  client::ApiClient& api_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  Leadership& leadership_;
  RunnerOptions options_;
  Backoff backoff_;
  Facts facts_;
  EventRecorder events_;
  ObjectPort objects_;
  ListPort lists_;
  TimerPort timers_;
  std::vector<std::unique_ptr<Invariant>> invariants_;
  std::vector<RunnerObserver*> observers_;
  std::vector<std::unique_ptr<client::Cache>> caches_;
  std::vector<std::unique_ptr<Loaded>> loaded_;
  std::vector<SlotPtr> waiting_;
  std::size_t turn_ = 0;  // whose queue is next
  std::uint64_t serials_ = 0;
  std::uint64_t term_ = 0;
  bool led_ = false;
  bool started_ = false;
  bool pump_posted_ = false;
  bool progressed_ = false;
  Stats stats_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::control
