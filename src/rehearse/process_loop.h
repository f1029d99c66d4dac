// The loop of one control process in a simulated world: the world's own, until the process is frozen.
//
// A frozen process stands still, as after SIGSTOP: nothing of it runs, while the clocks go on. When it thaws,
// everything that came due meanwhile runs at once, in the order in which it was due: what it wakes up with is old.
#pragma once

#include <deque>
#include <memory>

#include "runtime/loop.h"

namespace slipway::rehearse {

class ProcessLoop final : public runtime::Loop {
 public:
  explicit ProcessLoop(runtime::Loop& world) : world_(world) {}
  ~ProcessLoop() override;
  ProcessLoop(const ProcessLoop&) = delete;

  // From the end of the running task on, until as much time has passed. Frozen already: nothing changes.
  void freeze(base::Duration span);
  bool frozen() const { return frozen_; }

  void post(runtime::Task task) override;
  base::Time now() const override { return world_.now(); }
  base::MonoTime mono() const override { return world_.mono(); }
  [[nodiscard]] runtime::Timer after(base::Duration delay, runtime::Task task) override;

 private:
  class TimerImpl;
  using Held = std::shared_ptr<runtime::Task>;  // empty once run or cancelled

  void due(const Held& held);
  void thaw();

  runtime::Loop& world_;
  bool frozen_ = false;
  std::deque<Held> backlog_;
  runtime::Timer thaw_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::rehearse
