// The shim's only wait: epoll over descriptors with handlers, on its one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "base/time.h"
#include "node/unique_fd.h"

namespace slipway::node::shim {

class Reactor {
 public:
  using Handler =
      std::function<void(std::uint32_t events)>;  // EPOLLIN ... ; may add and remove descriptors, also its own

  Reactor();
  void add(int fd, std::uint32_t events, Handler handler);
  void change(int fd, std::uint32_t events);
  void remove(int fd);  // before it is closed
  // Waits for events and runs their handlers, once.
  void wait(std::optional<base::Duration> limit);

 private:
  struct Watched {
    std::uint32_t generation;
    Handler handler;
  };
  UniqueFd epoll_;
  std::map<int, Watched> watched_;
  std::uint32_t generation_ = 0;
};

}  // namespace slipway::node::shim
