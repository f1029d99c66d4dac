#include "gateway/child_keeper.h"

#include <signal.h>

#include <algorithm>

namespace slipway::gateway {

using base::milliseconds;
using base::seconds;

ChildKeeper::ChildKeeper(runtime::Loop& loop, control::ProcessHost& host, std::string id, std::string log,
                         std::function<base::Result<control::ProcessSpec>()> spec)
    : loop_(loop), host_(host), id_(std::move(id)), log_(std::move(log)), spec_(std::move(spec)) {
  host_.on_exit([this, alive = std::weak_ptr(alive_)](const control::ProcessState& state) {
    if (alive.expired() || state.id != id_ || !running_) return;
    running_ = false;
    later(id_ + " ended with exit code " + std::to_string(state.exit_code) +
          " and is started again; its reasons are in " + log_);
  });
}

ChildKeeper::~ChildKeeper() { alive_.reset(); }

void ChildKeeper::start(bool fresh) {
  host_.list([this, fresh, alive = std::weak_ptr(alive_)](base::Result<std::vector<control::ProcessState>> all) {
    if (alive.expired()) return;
    if (!all) return later(all.error().message);
    running_ = std::any_of(all->begin(), all->end(), [&](auto& p) { return p.id == id_ && p.running; });
    if (!running_) return spawn();
    if (fresh) signal(SIGTERM);  // its end starts the new one
  });
}

void ChildKeeper::signal(int number) {
  if (running_) host_.signal(id_, number, [](base::Result<bool>) {});
}

void ChildKeeper::spawn() {
  auto spec = spec_();
  if (!spec) return later(spec.error().message);
  host_.spawn(std::move(*spec), [this, alive = std::weak_ptr(alive_)](base::Result<control::ProcessState> state) {
    if (alive.expired()) return;
    if (!state && state.error().code != base::Code::AlreadyExists) return later(state.error().message);
    running_ = true;
    problem_.clear();
    well_ = loop_.after(seconds(10), [this] { failures_ = 0; });
  });
}

void ChildKeeper::later(std::string problem) {
  well_.cancel();
  // The first end may have been asked for.
  if (++failures_ > 1) problem_ = std::move(problem);
  auto delay = failures_ == 1
                   ? base::Duration(0)
                   : std::min<base::Duration>(seconds(30), milliseconds(200) * (1 << std::min(failures_, 8)));
  retry_ = loop_.after(delay, [this] { start(); });
}

}  // namespace slipway::gateway
