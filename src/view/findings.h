// What the pods of a version wrote that speaks of errors: lines of their logs, those that differ in numbers and names
// of things only taken together. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::view {

struct PodLog {
  std::string pod;
  std::string text;  // lines, oldest first
};

struct LogFinding {
  std::string text;  // of the first such line, without its time, cut at 160 bytes
  std::string pod;   // that wrote it first
  std::int64_t count = 0;
  bool operator==(const LogFinding&) const = default;
};

// The most frequent ones first, at most `limit`. A line of JSON speaks of an error by its level ("error" and above),
// another one by a word (error, exception, fatal, panic, failed, cannot, refused).
std::vector<LogFinding> findings_in(const std::vector<PodLog>& logs, std::size_t limit = 3);

}  // namespace slipway::view
