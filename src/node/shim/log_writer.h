// Writes what a process prints in the CRI log format and rotates the file.
//
// One line per output line: `2026-11-23T07:05:14.339374779Z stdout F text`. The tag is P instead of F for a piece of a
// line that was longer than 16 KiB, or not terminated when the stream ended (kubernetes/design-proposals: CRI log
// format). `web/3.log` is renamed to `web/3.log.1`, `.1` to `.2` and so on when it has grown to 10 MiB; the fifth is
// removed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "node/unique_fd.h"

namespace slipway::node::shim {

enum class Stream { Out, Err };

struct LogLimits {
  std::uint64_t file_bytes = 10u << 20;
  int files = 5;                    // the current one included
  std::size_t piece_bytes = 16384;  // longest text of one log line
};

class LogWriter {
 public:
  LogWriter() = default;
  // Opens for appending and makes missing folders. An empty path discards everything.
  base::Result<void> open(std::string path, LogLimits limits = {});

  void write(Stream stream, std::string_view bytes, base::Time now);
  void end(Stream stream, base::Time now);  // writes what is left of an unterminated line
  std::uint64_t lost_bytes() const {
    return lost_;
  }  // could not be written (disk full): the process must not wait for that

 private:
  void append_line(Stream stream, std::string_view text, char tag, base::Time now);
  void flush();
  void rotate();

  std::string path_;
  LogLimits limits_;
  UniqueFd file_;
  std::uint64_t size_ = 0, lost_ = 0;
  std::array<std::string, 2> rest_;  // of an unfinished line, per stream
  std::string pending_;
};

}  // namespace slipway::node::shim
