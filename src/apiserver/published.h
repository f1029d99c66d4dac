// A value that the control loop replaces and any thread reads: the reader keeps what it got, however long.
#pragma once

#include <memory>
#include <mutex>

namespace slipway::apiserver {

template <class T>
class Published {
 public:
  std::shared_ptr<const T> load() const {
    std::lock_guard lock(mutex_);
    return value_;
  }
  void store(std::shared_ptr<const T> value) {
    std::lock_guard lock(mutex_);
    value_.swap(value);  // the old one is released after the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace slipway::apiserver
