#include "view/findings.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/strings.h"
#include "data/json.h"
#include "data/value.h"

namespace slipway::view {
namespace {

using data::Value;

constexpr std::size_t kLongestText = 160;

bool is_bad_level(std::string_view level) {
  constexpr std::array<std::string_view, 8> kBad = {"error",    "err",  "fatal", "panic",
                                                    "critical", "crit", "alert", "emerg"};
  return std::ranges::find(kBad, base::to_lower(level)) != kBad.end();
}

const Value& first_of(const Value& line, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (line[key].is_string()) return line[key];
  return data::kNull;
}

// A line of structured logs: what it says, if it is of an error.
std::optional<std::string> error_of(const Value& line) {
  const Value& level = first_of(line, {"level", "severity", "lvl", "levelname"});
  if (!is_bad_level(level.as_string())) return std::nullopt;
  const Value& message = first_of(line, {"msg", "message", "error", "err"});
  const Value& error = first_of(line, {"error", "err"});
  if (error.is_null() || error == message) return message.str();
  return message.str() + ": " + error.str();
}

// "2026-11-30T20:25:34.123Z", "2026/11/30 20:25:34", "[...]" around them.
std::string without_time(std::string_view line) {
  static const RE2 kTime(
      R"(^[\[(]?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:?\d{2})?[\])]?\s*)");
  std::string out(line);
  RE2::Replace(&out, kTime, "");
  return out;
}

std::optional<std::string> error_in(std::string_view line) {
  if (line.starts_with('{'))
    if (const auto parsed = data::parse_json(line); parsed && parsed->is_object()) return error_of(*parsed);
  static const RE2 kBad(R"((?i)\b(error|exception|fatal|panic|failed|failure|cannot|refused|traceback)\b)");
  if (!RE2::PartialMatch(line, kBad)) return std::nullopt;
  return without_time(line);
}

// Lines that say the same of different things.
std::string class_of(std::string text) {
  static const RE2 kNames(R"([0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+|\b[0-9a-fA-F]*\d[0-9a-fA-F]*\b)");
  RE2::GlobalReplace(&text, kNames, "#");
  return text;
}

// Whole characters only, and nothing that moves a terminal's cursor.
std::string shown(std::string text) {
  text = base::one_line(text);
  if (text.size() <= kLongestText) return text;
  std::size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

std::vector<LogFinding> findings_in(const std::vector<PodLog>& logs, std::size_t limit) {
  std::map<std::string, LogFinding> found;
  for (const PodLog& log : logs)
    for (const std::string_view line : base::split(log.text, '\n')) {
      auto text = error_in(base::trim(line));
      if (!text || text->empty()) continue;
      LogFinding& finding = found[class_of(*text)];
      if (finding.count++ == 0) finding.text = shown(*std::move(text)), finding.pod = log.pod;
    }
  std::vector<LogFinding> out;
  for (auto& [key, finding] : found) out.push_back(std::move(finding));
  std::ranges::stable_sort(out, std::ranges::greater(), &LogFinding::count);
  out.resize(std::min(out.size(), limit));
  return out;
}

}  // namespace slipway::view
