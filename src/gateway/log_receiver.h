// Receives the proxy's access log on a unix socket in a folder that pods cannot reach, on a thread of its own.
//
// Each worker of the proxy connects and sends octet-counted lines ("<length> <line>", RFC 6587, 3.4.1). What it could
// not send while nobody listened it sends later: lines may be old, and carry their own time.
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

// Takes all whole lines off the front of `buffer`. False when it holds something else than octet-counted lines.
bool take_counted_lines(std::string& buffer, const std::function<void(std::string_view)>& sink);

}  // namespace slipway::gateway
