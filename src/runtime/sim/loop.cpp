#include "runtime/sim/loop.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace slipway::runtime::sim {

class Loop::TimerImpl final : public Timer::Impl {
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

Loop::Loop(base::Time start) : start_(start), timers_(std::make_shared<Timers>()) {}

Loop::~Loop() {
  // Tasks may own timers and post when they are destroyed: take everything out before it dies.
  auto timers = std::exchange(timers_, nullptr);
  auto ready = std::exchange(ready_, {});
}

void Loop::post(Task task) {
  SLIPWAY_CHECK(std::this_thread::get_id() == thread_);
  ready_.push_back(std::move(task));
}

Timer Loop::after(base::Duration delay, Task task) {
  const Due due{mono_ + std::clamp(delay, base::Duration(0), kLongest), timers_set_++};
  timers_->emplace(due, std::move(task));
  return Timer(std::make_unique<TimerImpl>(timers_, due));
}

void Loop::run(Task task) {
  ++tasks_run_;
  task();
}

bool Loop::next_timer_by(base::MonoTime limit) {
  if (timers_->empty()) return false;
  auto first = timers_->begin();
  if (first->first.first > limit) return false;
  mono_ = std::max(mono_, first->first.first);
  Task task = std::move(first->second);
  timers_->erase(first);
  run(std::move(task));
  return true;
}

bool Loop::run_one() {
  if (ready_.empty()) return next_timer_by(base::MonoTime::max());
  Task task = std::move(ready_.front());
  ready_.pop_front();
  run(std::move(task));
  return true;
}

void Loop::run_ready() {
  while (!ready_.empty()) run_one();
}

bool Loop::run_until(const std::function<bool()>& done, base::Duration limit) {
  const base::MonoTime end = mono_ + limit;
  while (!done()) {
    if (!ready_.empty())
      run_one();
    else if (!next_timer_by(end))
      return false;
  }
  return true;
}

void Loop::run_for(base::Duration span) {
  const base::MonoTime end = mono_ + span;
  run_until([] { return false; }, span);
  mono_ = end;
}

bool Loop::idle() const { return ready_.empty() && timers_->empty(); }
std::size_t Loop::timers_pending() const { return timers_->size(); }

namespace {
std::uint64_t splitmix(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}
}  // namespace

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) word = splitmix(seed);
}

std::uint64_t SeededRandom::next() {
  auto& s = state_;
  const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

}  // namespace slipway::runtime::sim
