#include <fmt/format.h>

#include "base/strings.h"
#include "view/plain.h"
#include "view/render.h"

namespace slipway::view {

namespace {

// Who and why stand beside it.
std::string why_text(const HistoryEntry& h) {
  const bool by_a_person = !h.by.empty() && h.cause == delivery::to_text(delivery::Cause::Aborted);
  return by_a_person ? "aborted" : h.message;
}

std::vector<std::string> history_row(const HistoryEntry& h, const Style& style) {
  const bool good = h.result == "Released" || h.result == "Adopted";
  const std::string what = h.config.empty() ? h.images : h.images + ", " + delivery::to_text(h.config);
  return {std::to_string(h.revision),
          what,
          paint(style, good ? Colour::Green : Colour::Red, h.result),
          h.started ? base::format_time(*h.started) : "",
          h.started && h.finished ? base::human_duration(*h.finished - *h.started) : "",
          h.by,
          h.reason,
          why_text(h)};
}

// A column that says nothing of any row.
void drop_if_empty(std::vector<std::vector<std::string>>& rows, std::size_t column) {
  for (std::size_t i = 1; i < rows.size(); ++i)
    if (!rows[i][column].empty()) return;
  for (auto& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
}

}  // namespace

Lines render_history(const ReleaseView& view, const Style& style) {
  const ReleaseView v = plain(view);
  constexpr std::size_t kBy = 5, kReason = 6;
  std::vector<std::vector<std::string>> rows = {
      {"REVISION", "IMAGES", "RESULT", "STARTED", "TOOK", "BY", "REASON", "WHY"}};
  for (const HistoryEntry& h : v.history) rows.push_back(history_row(h, style));
  drop_if_empty(rows, kReason);
  drop_if_empty(rows, kBy);
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

std::string versions_text(const ReleaseView& v) {
  const auto numbered = [](const delivery::Revision& r) {
    return one_line(fmt::format("{} ({})", r.number, to_text(r)));
  };
  if (v.stable && v.candidate) return fmt::format("revision {} → {}", numbered(*v.stable), numbered(*v.candidate));
  if (v.stable && v.rejected) return fmt::format("revision {}, {} is held", numbered(*v.stable), numbered(*v.rejected));
  return v.stable ? "revision " + numbered(*v.stable) : "";
}

Lines render_explain(const ReleaseView& view, const Style& style) {
  const ReleaseView v = plain(view);
  std::vector<std::vector<std::string>> rows;
  for (const LogEntry& e : v.log) rows.push_back({delivery::stamp(e.time), e.rule, e.text});
  Lines out = {fmt::format("release/{} in {}: {}, {}", v.name, v.space, delivery::to_text(v.phase), v.message)};
  if (const std::string versions = versions_text(v); !versions.empty()) out.push_back(versions);
  for (std::string& line : table(rows)) out.push_back(cut(line, style.width));
  return out;
}

}  // namespace slipway::view
