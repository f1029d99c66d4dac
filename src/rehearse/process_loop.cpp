#include "rehearse/process_loop.h"

#include <utility>

namespace slipway::rehearse {

class ProcessLoop::TimerImpl final : public runtime::Timer::Impl {
 public:
  TimerImpl(runtime::Timer inner, Held held) : inner_(std::move(inner)), held_(std::move(held)) {}
  // The task is taken out before it dies: it may own this timer.
  ~TimerImpl() override { runtime::Task cancelled = std::exchange(*held_, {}); }

 private:
  runtime::Timer inner_;
  Held held_;
};

ProcessLoop::~ProcessLoop() {
  *alive_ = false;
  for (const Held& held : std::exchange(backlog_, {})) runtime::Task dropped = std::exchange(*held, {});
}

void ProcessLoop::freeze(base::Duration span) {
  if (frozen_) return;
  frozen_ = true;
  thaw_timer_ = world_.after(span, [this] { thaw(); });
}

void ProcessLoop::post(runtime::Task task) {
  world_.post([this, alive = alive_, held = std::make_shared<runtime::Task>(std::move(task))] {
    if (*alive) due(held);
  });
}

runtime::Timer ProcessLoop::after(base::Duration delay, runtime::Task task) {
  const auto held = std::make_shared<runtime::Task>(std::move(task));
  runtime::Timer inner = world_.after(delay, [this, alive = alive_, held] {
    if (*alive) due(held);
  });
  return runtime::Timer(std::make_unique<TimerImpl>(std::move(inner), held));
}

void ProcessLoop::due(const Held& held) {
  if (frozen_) return backlog_.push_back(held);
  if (runtime::Task task = std::exchange(*held, {})) task();
}

// One task of the world for each, so that what one of them posts does not overtake the others.
void ProcessLoop::thaw() {
  frozen_ = false;
  for (const Held& held : std::exchange(backlog_, {}))
    world_.post([this, alive = alive_, held] {
      if (*alive) due(held);
    });
}

}  // namespace slipway::rehearse
