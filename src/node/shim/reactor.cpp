#include "node/shim/reactor.h"

#include <sys/epoll.h>

#include <array>

#include "base/error.h"

namespace slipway::node::shim {

Reactor::Reactor() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { SLIPWAY_CHECK(static_cast<bool>(epoll_)); }

void Reactor::add(int fd, std::uint32_t events, Handler handler) {
  const std::uint32_t generation = ++generation_;
  epoll_event event{.events = events, .data = {.u64 = (std::uint64_t(generation) << 32) | std::uint32_t(fd)}};
  SLIPWAY_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
  watched_[fd] = {generation, std::move(handler)};
}

void Reactor::change(int fd, std::uint32_t events) {
  const std::uint64_t generation = watched_.at(fd).generation;
  epoll_event event{.events = events, .data = {.u64 = (generation << 32) | std::uint32_t(fd)}};
  SLIPWAY_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void Reactor::remove(int fd) {
  if (watched_.erase(fd) > 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Reactor::wait(std::optional<base::Duration> limit) {
  std::array<epoll_event, 64> events;
  const int timeout = limit ? static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*limit).count()) : -1;
  const int n = epoll_wait(epoll_.get(), events.data(), events.size(), timeout);
  for (int i = 0; i < n; ++i) {
    const int fd = static_cast<int>(events[i].data.u64 & 0xffffffff);
    const auto it = watched_.find(fd);
    // A handler before this one may have removed the descriptor, or another with its number may have come.
    if (it == watched_.end() || it->second.generation != events[i].data.u64 >> 32) continue;
    Handler handler = it->second.handler;
    handler(events[i].events);
  }
}

}  // namespace slipway::node::shim
