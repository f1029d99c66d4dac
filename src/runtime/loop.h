// The one way to wait, to know the time, and to be random.
//
// A `Loop` runs tasks one after another on one thread. Everything that decides lives on the *control loop*;
// I/O edges have loops of their own and hand results over with `post`. `now` and `mono` stand still while a
// task runs, so one decision sees one time. Two implementations: `real::` (Asio) and `sim::` (virtual time,
// where the next timer fires as soon as nothing else is ready).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"

namespace slipway::runtime {

using Task = std::move_only_function<void()>;

// Timers wait no longer than this, whatever they are told: adding it to a time cannot overflow.
inline constexpr base::Duration kLongest = base::hours(24 * 365 * 100);

// Owns a pending timer: destroying or assigning over it cancels. A cancelled task never runs.
class Timer {
 public:
  class Impl {
   public:
    virtual ~Impl() = default;  // cancels
  };
  Timer() = default;
  explicit Timer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
  void cancel() { impl_.reset(); }
  explicit operator bool() const { return impl_ != nullptr; }  // set; stays true after firing

 private:
  std::unique_ptr<Impl> impl_;
};

class Loop {
 public:
  virtual ~Loop() = default;

  // Callable from any thread; tasks posted from one thread run in their order.
  virtual void post(Task task) = 0;

  // Only from this loop's thread.
  virtual base::Time now() const = 0;
  virtual base::MonoTime mono() const = 0;
  [[nodiscard]] virtual Timer after(base::Duration delay, Task task) = 0;
};

// Randomness for identity and jitter. Seeded in simulation, from the operating system otherwise.
// Used on the control loop only.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;                     // 64 uniform bits
  std::uint64_t below(std::uint64_t bound);             // uniform in [0, bound); bound > 0
  double unit();                                        // uniform in [0, 1)
};

// A random version-4 UUID (RFC 9562), for metadata.uid.
std::string make_uid(Random& random);
// `length` letters of the generated-name alphabet, for generateName.
std::string make_suffix(Random& random, int length);

}  // namespace slipway::runtime
