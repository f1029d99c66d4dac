// Receives the proxy's access log on a unix datagram socket in a folder that pods cannot reach, on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace slipway::gateway {

class LogReceiver {
 public:
  // `sink` is called on the receiver's thread, once per line.
  static base::Result<std::unique_ptr<LogReceiver>> open(const std::string& path,
                                                         std::function<void(std::string_view)> sink);
  ~LogReceiver();  // ends the thread
  LogReceiver(const LogReceiver&) = delete;

 private:
  struct Impl;
  explicit LogReceiver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::gateway
