#include "runtime/real/loop.h"

#include <sys/random.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "runtime/real/asio_loop.h"

namespace slipway::runtime::real {
namespace asio = boost::asio;

namespace {

struct Instant {
  base::Time now;
  base::MonoTime mono;
};

Instant read_clocks() {
  return {std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()),
          base::MonoTime(std::chrono::steady_clock::now().time_since_epoch())};
}

using Due = std::pair<base::MonoTime, std::uint64_t>;  // the number keeps the order of setting
using Timers = std::map<Due, Task>;

class TimerImpl final : public Timer::Impl {
 public:
  TimerImpl(std::weak_ptr<Timers> timers, Due due) : timers_(std::move(timers)), due_(due) {}
  ~TimerImpl() override {
    // Out of the map first: the task may own timers too.
    if (auto timers = timers_.lock()) auto task = timers->extract(due_);
  }

 private:
  std::weak_ptr<Timers> timers_;
  Due due_;
};

}  // namespace

// One Asio timer stands for the earliest of ours, so that setting and cancelling one touches a map only.
struct Loop::Impl {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  // The time of the current task; read when first asked for. Outside of `run`, every call reads anew.
  mutable std::optional<Instant> instant;
  bool running = false;
  std::shared_ptr<Timers> timers = std::make_shared<Timers>();
  std::uint64_t timers_set = 0;
  asio::steady_timer alarm{io};
  base::MonoTime alarm_at = base::MonoTime::max();

  Instant time() const {
    if (!running) return read_clocks();
    if (!instant) instant = read_clocks();
    return *instant;
  }

  void arm() {
    if (timers->empty() || timers->begin()->first.first >= alarm_at) return;
    alarm_at = timers->begin()->first.first;
    alarm.expires_at(std::chrono::steady_clock::time_point(alarm_at.time_since_epoch()));
    alarm.async_wait([this](const boost::system::error_code& ec) {
      if (!ec) ring();
    });
  }

  // Runs one timer, so that each has its own time; the alarm rings again at once when more are due.
  void ring() {
    alarm_at = base::MonoTime::max();
    Task task;
    if (!timers->empty() && timers->begin()->first.first <= time().mono)
      task = std::move(timers->extract(timers->begin()).mapped());
    arm();
    if (task) task();
  }
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() {
  // Tasks may own timers: no handle may find the map while it dies.
  auto timers = std::exchange(impl_->timers, nullptr);
}

void Loop::run() {
  impl_->io.restart();  // an earlier `stop` ended an earlier run
  impl_->running = true;
  while (impl_->io.run_one() > 0) impl_->instant.reset();
  impl_->running = false;
}

void Loop::run_one() {
  impl_->running = true;
  impl_->io.run_one();
  impl_->instant.reset();
  impl_->running = false;
}

void Loop::poll() {
  impl_->io.restart();
  impl_->running = true;
  while (impl_->io.poll_one() > 0) impl_->instant.reset();
  impl_->running = false;
}

void Loop::stop() { impl_->io.stop(); }
void Loop::post(Task task) { asio::post(impl_->io, std::move(task)); }
base::Time wall_clock() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

base::Time Loop::now() const { return impl_->time().now; }
base::MonoTime Loop::mono() const { return impl_->time().mono; }

Timer Loop::after(base::Duration delay, Task task) {
  const Due due{mono() + std::clamp(delay, base::Duration(0), kLongest), impl_->timers_set++};
  impl_->timers->emplace(due, std::move(task));
  impl_->arm();
  return Timer(std::make_unique<TimerImpl>(impl_->timers, due));
}

asio::io_context& io_of(Loop& loop) { return loop.impl().io; }

std::uint64_t OsRandom::next() {
  if (left_ == 0) {
    constexpr std::size_t kBytes =
        sizeof buffer_;  // up to 256 bytes come whole (getrandom(2)); ask until all are there
    for (std::size_t got = 0; got < kBytes;) {
      const ssize_t n = ::getrandom(reinterpret_cast<char*>(buffer_.data()) + got, kBytes - got, 0);
      SLIPWAY_CHECK(n > 0 || errno == EINTR);
      if (n > 0) got += static_cast<std::size_t>(n);
    }
    left_ = buffer_.size();
  }
  return buffer_[--left_];
}

}  // namespace slipway::runtime::real
