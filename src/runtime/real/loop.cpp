#include "runtime/real/loop.h"

#include <sys/random.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

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

// The task is reachable from the handler that Asio holds and from the Timer that the user holds.
struct Pending {
  explicit Pending(asio::io_context& io, Task t) : timer(io), task(std::move(t)) {}
  asio::steady_timer timer;
  Task task;  // empty once run or cancelled
};

class TimerImpl final : public Timer::Impl {
 public:
  explicit TimerImpl(std::shared_ptr<Pending> pending) : pending_(std::move(pending)) {}
  ~TimerImpl() override {
    pending_->task = nullptr;
    pending_->timer.cancel();
  }

 private:
  std::shared_ptr<Pending> pending_;
};

}  // namespace

struct Loop::Impl {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  // The time of the current task; read when first asked for. Outside of `run`, every call reads anew.
  mutable std::optional<Instant> instant;
  bool running = false;

  Instant time() const {
    if (!running) return read_clocks();
    if (!instant) instant = read_clocks();
    return *instant;
  }
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() {
  impl_->running = true;
  while (impl_->io.run_one() > 0) impl_->instant.reset();
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
base::Time Loop::now() const { return impl_->time().now; }
base::MonoTime Loop::mono() const { return impl_->time().mono; }

Timer Loop::after(base::Duration delay, Task task) {
  auto pending = std::make_shared<Pending>(impl_->io, std::move(task));
  pending->timer.expires_after(delay);
  pending->timer.async_wait([pending](const boost::system::error_code&) {
    if (Task due = std::move(pending->task)) due();
  });
  return Timer(std::make_unique<TimerImpl>(std::move(pending)));
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
