#include <fmt/format.h>

#include <algorithm>

#include "view/render.h"

namespace slipway::view {
namespace {

std::string clock_text(Time t) {
  const std::string stamp = delivery::stamp(t);  // 2026-11-23T12:00:44.123456Z
  return stamp.substr(11, 12);
}

std::string line(Time t, std::string_view word, std::string_view text) {
  return fmt::format("{}  {:<10}{}", clock_text(t), word, text);
}

std::string_view word_of(const std::string& rule) {
  if (rule == "release.start") return "start";
  if (rule == "release.done") return "done";
  return std::string_view(rule).substr(0, rule.find('.'));
}

std::string metrics_text(const StepView& step) {
  std::string out;
  for (const MetricView& m : step.metrics)
    if (m.value)
      out += fmt::format("{}{} {}{}", out.empty() ? ": " : ", ", m.name, metric_text(*m.value, m.unit),
                         m.limit.empty() ? "" : " of " + m.limit);
  return out;
}

std::string entry_line(const LogEntry& e, const ReleaseView& v) {
  const auto step = e.inputs["step"].as_int(-1);
  if (e.rule != "step.done" || step < 0 || step >= static_cast<std::int64_t>(v.steps.size()))
    return line(e.time, word_of(e.rule), e.text);
  const StepView& s = v.steps[static_cast<std::size_t>(step)];
  const bool analysis = e.text.find("analyse") != e.text.npos;
  return line(e.time, fmt::format("step {}", step + 1), analysis ? "analysis passed" + metrics_text(s) : e.text);
}

}  // namespace

Lines render_changes(const ReleaseView* before, const ReleaseView& after) {
  Lines out;
  for (const LogEntry& e : after.log) {
    const bool known = before && std::ranges::find(before->log, e) != before->log.end();
    if (!known) out.push_back(entry_line(e, after));
  }
  if (!before || before->phase == after.phase) return out;
  if (after.phase == delivery::Phase::Paused || after.phase == delivery::Phase::Invalid ||
      after.phase == delivery::Phase::RolledBack)
    out.push_back(line(after.now,
                       after.phase == delivery::Phase::Paused    ? "paused"
                       : after.phase == delivery::Phase::Invalid ? "invalid"
                                                                 : "held",
                       after.message));
  return out;
}

std::string render_waiting(const ReleaseView& v) {
  std::string text = message_beside_troubles(v);
  for (const delivery::Trouble& t : v.troubles)
    text += fmt::format("{}{}{}", text.empty() ? "" : "; ", to_text(t),
                        t.since ? fmt::format(" (for {})", base::human_duration(v.now - *t.since)) : "");
  return line(v.now, "waiting", text);
}

std::string render_summary(const ReleaseView& v) {
  std::string step;
  for (const StepView& s : v.steps)
    if (s.state == StepState::Current) step = fmt::format("  step {}/{}", s.number, v.steps.size());
  return fmt::format("{}/{}  {}{}{}  {}", v.space, v.name, delivery::to_text(v.phase), step,
                     v.candidate && v.routed ? fmt::format("  {:g} %", v.wanted) : "", v.message);
}

}  // namespace slipway::view
