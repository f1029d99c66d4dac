// A loop in real time, on one thread, and randomness from the operating system.
//
//   real::Loop loop;
//   std::thread thread([&] { loop.run(); });
//   loop.post([] { ... });
//   loop.stop(); thread.join();
//
// Edges that need sockets get the Asio executor from runtime/real/asio_loop.h; nobody else sees Asio.
// `now` and `mono` are read from the system once per task.
#pragma once

#include <array>
#include <memory>

#include "runtime/loop.h"

namespace slipway::runtime::real {

class Loop final : public runtime::Loop {
 public:
  Loop();
  ~Loop() override;  // drops what has not run
  Loop(const Loop&) = delete;

  // Runs tasks on the calling thread until `stop`; waits for more when there are none.
  void run();
  // Waits for one task, or a few, and runs it; for tests that wait for a condition.
  void run_one();
  // Runs what is ready and returns; for tests and for draining after `stop`.
  void poll();
  // Any thread. The task that is running ends first; tasks behind it stay queued.
  void stop();

  void post(Task task) override;
  base::Time now() const override;
  base::MonoTime mono() const override;
  [[nodiscard]] Timer after(base::Duration delay, Task task) override;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// The system's time, for threads without a loop.
base::Time wall_clock();

// getrandom(2), buffered. One thread at a time.
class OsRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 64> buffer_{};
  std::size_t left_ = 0;
};

}  // namespace slipway::runtime::real
