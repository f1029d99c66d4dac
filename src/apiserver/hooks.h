// What the API server asks of others: implemented further out, wired in server/ and rehearse/. Control loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/request.h"
#include "base/error.h"
#include "base/time.h"

namespace slipway::apiserver {

// The log of one container, asked for by GET pods/X/log. `container` is always set.
struct LogRequest {
  std::string space;
  std::string pod;
  std::string uid;
  std::string node;
  std::string container;
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  std::optional<std::int64_t> tail_lines = {};
  std::optional<std::int64_t> limit_bytes = {};
  std::optional<base::Time> since = {};
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void data(std::string_view bytes) = 0;           // whole lines when following
  virtual void ended(std::optional<base::Error> why) = 0;  // once, last
};

// Destroying it ends the reading; the sink is not called any more.
class LogReading {
 public:
  virtual ~LogReading() = default;
};

// Answers with log text: the node agent. Nothing is delivered before `open` has returned.
class LogSource {
 public:
  virtual ~LogSource() = default;
  virtual base::Result<std::unique_ptr<LogReading>> open(const LogRequest& request, LogSink& sink) = 0;
};

// One line of JSON per write request, without bodies or secrets: time, user, groups, verb, resource, place, code.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  virtual void write(std::string line) = 0;
};

}  // namespace slipway::apiserver
