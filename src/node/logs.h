// The logs of containers on this node, for `kubectl logs`: read, tail, follow. Control loop only.
//
// The server adapts this to the API server's LogSource (server/). Reading goes on in slices between other work of the
// loop; following looks at the file again whenever it has grown, also across rotation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "node/log_format.h"
#include "runtime/loop.h"

namespace slipway::node {

struct LogTarget {
  std::string space, pod, uid, container;
  bool previous = false;  // the run before the last
};

class LogReader {
 public:
  virtual ~LogReader() = default;
  virtual void data(std::string_view bytes) = 0;
  virtual void ended(std::optional<base::Error> why) = 0;  // once, last
};

// Destroying it ends the reading; the reader is not called any more.
class LogStream {
 public:
  virtual ~LogStream() = default;
};

class Logs {
 public:
  Logs(runtime::Loop& loop, std::string data_dir) : loop_(loop), data_dir_(std::move(data_dir)) {}

  // `follows` says whether the container may still write (asked each time there is nothing new); empty: do not follow.
  // BadRequest with kubectl's words when there is no such log (yet). Nothing is delivered before `open` has returned.
  base::Result<std::unique_ptr<LogStream>> open(const LogTarget& target, LogQuery query, std::function<bool()> follows,
                                                LogReader& reader);

 private:
  runtime::Loop& loop_;
  std::string data_dir_;
};

}  // namespace slipway::node
