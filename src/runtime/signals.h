// Signals as tasks of a loop, so that a handler may do anything.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/real/loop.h"

namespace slipway::runtime {

// While it lives, each of `numbers` (SIGTERM, SIGINT, SIGHUP, SIGCHLD ...) runs `handler` on the loop instead of its
// default. Signals of one number that arrive close together may be told once: after SIGCHLD, wait for all children. One
// object per number in the process.
class Signals {
 public:
  Signals(real::Loop& loop, const std::vector<int>& numbers, std::function<void(int)> handler);
  ~Signals();
  Signals(const Signals&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace slipway::runtime
