#include <fmt/format.h>

#include "base/strings.h"
#include "view/render.h"

namespace slipway::view {

Lines render_history(const ReleaseView& v, const Style& style) {
  std::vector<std::vector<std::string>> rows = {{"REVISION", "IMAGES", "RESULT", "STARTED", "TOOK", "WHY"}};
  for (const HistoryEntry& h : v.history) {
    const bool good = h.result == "Released" || h.result == "Adopted";
    const std::string what = h.config.empty() ? h.images : h.images + ", " + delivery::to_text(h.config);
    rows.push_back({std::to_string(h.revision), what, paint(style, good ? Colour::Green : Colour::Red, h.result),
                    h.started ? base::format_time(*h.started) : "",
                    h.started && h.finished ? base::human_duration(*h.finished - *h.started) : "", h.message});
  }
  Lines out = table(rows);
  for (std::string& line : out) line = cut(line, style.width);
  return out;
}

Lines render_plan(const delivery::plan::ReleasePlan& plan) {
  Lines out;
  for (std::string_view line : base::split(delivery::plan::to_text(plan), '\n'))
    if (!line.empty()) out.emplace_back(line);
  return out;
}

Lines render_explain(const ReleaseView& v, const Style& style) {
  std::vector<std::vector<std::string>> rows;
  for (const LogEntry& e : v.log) rows.push_back({delivery::stamp(e.time), e.rule, e.text});
  Lines out = {fmt::format("release/{} in {}: {}, {}", v.name, v.space, delivery::to_text(v.phase), v.message)};
  for (std::string& line : table(rows)) out.push_back(cut(line, style.width));
  return out;
}

}  // namespace slipway::view
