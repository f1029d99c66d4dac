// Reading the CRI log format. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace slipway::node {

struct LogLine {
  base::Time time;
  std::string_view stamp;  // the time as it is written
  bool error_stream = false;
  bool partial = false;   // the line goes on in the next entry
  std::string_view text;  // without newline
};
// nullopt: not a line of this format (torn by a crash).
std::optional<LogLine> parse_log_line(std::string_view line);

struct LogQuery {
  bool timestamps = false;
  std::optional<base::Time> since = {};
  std::optional<std::int64_t> tail_lines = {};
  std::optional<std::int64_t> limit_bytes = {};
};

// Turns log file content, fed in pieces, into what `kubectl logs` shows.
class LogFilter {
 public:
  explicit LogFilter(LogQuery query) : query_(std::move(query)) {}
  // Whole lines are taken; an incomplete last one waits for more. With `tail_lines`, nothing comes out before `live`.
  std::string feed(std::string_view bytes);
  // What is there has been read: gives the tail; from now on everything passes.
  std::string live();
  bool full() const { return query_.limit_bytes && written_ >= *query_.limit_bytes; }  // limit_bytes is reached

 private:
  void take(std::string_view line, std::string& out);
  std::string limited(std::string out);

  LogQuery query_;
  std::string rest_;
  std::deque<std::string> tail_;  // the last lines so far; a line may be of several partial entries
  bool tailing_ = true, in_line_ = false;
  std::int64_t written_ = 0;
};

}  // namespace slipway::node
