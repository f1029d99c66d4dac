// A loop in virtual time, and randomness from a seed: the same calls in the same order give the same run, always.
//
// Ready tasks run first, in the order in which they were posted. When none is ready, time moves to the next timer;
// timers of one instant fire in the order in which they were set. Nothing ever waits. One thread only: `post` from
// another thread is a bug (it would make runs differ).
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "runtime/loop.h"

namespace slipway::runtime::sim {

class Loop final : public runtime::Loop {
 public:
  explicit Loop(base::Time start = base::Time(std::chrono::seconds(1'700'000'000)));
  ~Loop() override;
  Loop(const Loop&) = delete;

  // Runs the next task, moving time if need be. False: nothing left to do, ever.
  bool run_one();
  // Runs what is ready, and what that makes ready, without moving time.
  void run_ready();
  // Runs until `done` (asked after every task) or until virtual time would pass `limit` from now. Returns what `done`
  // says at the end.
  bool run_until(const std::function<bool()>& done, base::Duration limit);
  // Runs everything that is due until then; afterwards `mono()` has advanced by exactly `span`.
  void run_for(base::Duration span);

  // Lets the wall clock jump, as an administrator or a broken NTP would. `mono` and timers do not notice.
  void jump_clock(base::Duration by) { wall_offset_ += by; }

  std::uint64_t tasks_run() const { return tasks_run_; }
  bool idle() const;  // no ready task and no timer
  std::size_t timers_pending() const;

  void post(Task task) override;
  base::Time now() const override { return start_ + wall_offset_ + mono_.time_since_epoch(); }
  base::MonoTime mono() const override { return mono_; }
  [[nodiscard]] Timer after(base::Duration delay, Task task) override;

 private:
  class TimerImpl;
  using Due = std::pair<base::MonoTime, std::uint64_t>;  // the number breaks ties in the order of setting
  using Timers = std::map<Due, Task>;

  void run(Task task);
  bool next_timer_by(base::MonoTime limit);  // moves time and fires one timer, unless it is due after `limit`

  base::Time start_;
  base::Duration wall_offset_{0};
  base::MonoTime mono_{};
  std::deque<Task> ready_;
  std::shared_ptr<Timers> timers_;  // shared with Timer handles that may outlive the loop
  std::uint64_t timers_set_ = 0;
  std::uint64_t tasks_run_ = 0;
  std::thread::id thread_ = std::this_thread::get_id();
};

// xoshiro256** (Blackman, Vigna), its state spread from the seed by splitmix64.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace slipway::runtime::sim
