#include <fmt/format.h>

#include <algorithm>

#include "view/render.h"
#include "view/step_text.h"

namespace slipway::view {
namespace {

std::string_view word_of(const std::string& rule) {
  if (rule == "release.done") return "done";
  return std::string_view(rule).substr(0, rule.find('.'));
}

std::string passed_text(const StepView& step) {
  const std::string metrics = metrics_text(step.metrics, ", ");
  return metrics.empty() ? "analysis passed" : "analysis passed: " + metrics;
}

// The one under way says by which plan, and who asked for it.
std::string start_text(const LogEntry& e, const ReleaseView& v) {
  if (!v.began || *v.began != e.time) return e.text;
  const std::string by = asked_text(v);
  return fmt::format("{}: {}, {} step{}{}{}", e.text, v.strategy, v.steps.size(), v.steps.size() == 1 ? "" : "s",
                     by.empty() ? "" : ", ", by);
}

std::string entry_line(const LogEntry& e, const ReleaseView& v) {
  const auto step = e.inputs["step"].as_int(-1);
  if (e.rule == "release.start") return render_line(e.time, "start", start_text(e, v));
  if (e.rule != "step.done" || step < 0 || step >= static_cast<std::int64_t>(v.steps.size()))
    return render_line(e.time, word_of(e.rule), e.text);
  const StepView& s = v.steps[static_cast<std::size_t>(step)];
  const bool analysis = e.text.find("analyse") != e.text.npos;
  return render_line(e.time, fmt::format("step {}", step + 1), analysis ? passed_text(s) : e.text);
}

}  // namespace

std::string render_line(Time t, std::string_view word, std::string_view text) {
  return one_line(fmt::format("{}  {:<10}{}", delivery::stamp(t).substr(11, 12), word, text));
}

Lines render_changes(const ReleaseView* before, const ReleaseView& after) {
  Lines out;
  for (const LogEntry& e : after.log) {
    const bool known = before && std::ranges::find(before->log, e) != before->log.end();
    if (!known) out.push_back(entry_line(e, after));
  }
  if (!before || before->phase == after.phase) return out;
  if (after.phase == delivery::Phase::Paused || after.phase == delivery::Phase::Invalid ||
      after.phase == delivery::Phase::RolledBack)
    out.push_back(render_line(after.now,
                              after.phase == delivery::Phase::Paused    ? "paused"
                              : after.phase == delivery::Phase::Invalid ? "invalid"
                                                                        : "held",
                              after.message));
  return out;
}

std::string render_waiting(const ReleaseView& v) {
  std::string text = message_beside_troubles(v);
  const auto add = [&](const std::string& more) { text += (text.empty() || more.empty() ? "" : "; ") + more; };
  for (const StepView& s : v.steps)
    if (s.state == StepState::Current)
      for (const std::string& part : {fmt::format("step {}/{} {}", s.number, v.steps.size(), s.text),
                                      time_text(s, v.now), metrics_text(s.metrics, ", ")})
        add(part);
  for (const delivery::Trouble& t : v.troubles)
    add(to_text(t) + (t.since ? fmt::format(" (for {})", base::human_duration(v.now - *t.since)) : ""));
  return render_line(v.now, "waiting", text);
}

std::string render_summary(const ReleaseView& v) {
  std::string step;
  for (const StepView& s : v.steps)
    if (s.state == StepState::Current) step = fmt::format("  step {}/{}", s.number, v.steps.size());
  return one_line(fmt::format("{}/{}  {}{}{}  {}", v.space, v.name, delivery::to_text(v.phase), step,
                              v.candidate && v.routed ? fmt::format("  {:g} %", v.wanted) : "", v.message));
}

}  // namespace slipway::view
