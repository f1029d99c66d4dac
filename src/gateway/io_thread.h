// One thread for calls that block for a moment (the proxy's command socket, small files). Work runs in the order given.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace slipway::gateway {

class IoThread {
 public:
  using Work = std::move_only_function<void()>;
  IoThread();
  ~IoThread();  // drops what has not begun, waits for what has
  IoThread(const IoThread&) = delete;
  void run(Work work);  // any thread

 private:
  void serve();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace slipway::gateway
