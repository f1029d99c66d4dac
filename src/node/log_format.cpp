#include "node/log_format.h"

#include <algorithm>
#include <utility>

namespace slipway::node {

std::optional<LogLine> parse_log_line(std::string_view line) {
  const auto first = line.find(' '), second = line.find(' ', first + 1), third = line.find(' ', second + 1);
  if (third == line.npos) return std::nullopt;
  const auto time = base::parse_time(line.substr(0, first));
  const std::string_view stream = line.substr(first + 1, second - first - 1),
                         tag = line.substr(second + 1, third - second - 1);
  if (!time || (stream != "stdout" && stream != "stderr") || (!tag.starts_with("F") && !tag.starts_with("P")))
    return std::nullopt;
  return LogLine{.time = *time,
                 .stamp = line.substr(0, first),
                 .error_stream = stream == "stderr",
                 .partial = tag.starts_with("P"),
                 .text = line.substr(third + 1)};
}

void LogFilter::take(std::string_view raw, std::string& out) {
  const auto line = parse_log_line(raw);
  if (!line || (query_.since && line->time < *query_.since)) return;
  std::string text;
  if (query_.timestamps && !in_line_) text = std::string(line->stamp) + " ";
  text += line->text;
  if (!line->partial) text += '\n';
  const bool goes_on = std::exchange(in_line_, line->partial);
  if (!tailing_ || !query_.tail_lines) {
    out += text;
    return;
  }
  if (goes_on && !tail_.empty())
    tail_.back() += text;
  else
    tail_.push_back(std::move(text));
  while (tail_.size() > static_cast<std::size_t>(std::max<std::int64_t>(*query_.tail_lines, 0))) tail_.pop_front();
}

std::string LogFilter::limited(std::string out) {
  if (query_.limit_bytes && static_cast<std::int64_t>(out.size()) > *query_.limit_bytes - written_)
    out.resize(static_cast<std::size_t>(std::max<std::int64_t>(*query_.limit_bytes - written_, 0)));
  written_ += static_cast<std::int64_t>(out.size());
  return out;
}

std::string LogFilter::feed(std::string_view bytes) {
  std::string out;
  rest_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1)
    take(std::string_view(rest_).substr(begin, end - begin), out);
  rest_.erase(0, begin);
  return limited(std::move(out));
}

std::string LogFilter::live() {
  std::string out;
  for (std::string& line : tail_) out += line;
  tail_.clear();
  tailing_ = false;
  return limited(std::move(out));
}

}  // namespace slipway::node
