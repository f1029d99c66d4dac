// The result of a release with its evidence as Markdown, for job summaries of pipelines.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "view/render.h"
#include "view/step_text.h"

namespace slipway::view {
namespace {

constexpr std::size_t kChangesShown = 12;

// Nothing in a cell is markup, whoever wrote it.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_[]<>|&#~!").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

void add_table(Lines& out, const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return;
  std::string head = "|", rule = "|";
  for (const std::string& column : columns) head += " " + column + " |", rule += " --- |";
  out.insert(out.end(), {"", head, rule});
  for (const auto& row : rows) {
    std::string line = "|";
    for (const std::string& text : row) line += " " + cell(text) + " |";
    out.push_back(std::move(line));
  }
}

std::string change_text(const ReleaseView& v) {
  if (v.stable && v.candidate) return fmt::format("revision {} → {}", v.stable->number, v.candidate->number);
  if (v.stable && v.rollback) return fmt::format("revision {} → {}", v.stable->number, v.rollback->from.number);
  return v.stable ? fmt::format("revision {}", v.stable->number) : "";
}

std::string images_text(const ReleaseView& v) {
  if (v.stable && v.candidate) return fmt::format("{} → {}", to_text(*v.stable), to_text(*v.candidate));
  if (v.stable && v.rollback) return fmt::format("{} → {}", to_text(*v.stable), to_text(v.rollback->from));
  return v.stable ? to_text(*v.stable) : "";
}

// Of the release under way, or of the last one.
std::string took_text(const ReleaseView& v) {
  if (v.candidate && v.began) return base::human_duration(v.now - *v.began) + " so far";
  if (v.history.empty() || !v.history.front().started || !v.history.front().finished) return "";
  return base::human_duration(*v.history.front().finished - *v.history.front().started);
}

std::string symbol(const ReleaseView& v) {
  switch (outcome_of(v)) {
    case Outcome::Healthy:
      return "✔";
    case Outcome::EndedBadly:
    case Outcome::Invalid:
      return "✗";
    case Outcome::WaitsForPerson:
      return "॥";
    case Outcome::UnderWay:
      return "●";
  }
  base::bug("unknown outcome", __FILE__, __LINE__);
}

void add_facts(Lines& out, const ReleaseView& v, std::string_view ended) {
  std::vector<std::vector<std::string>> rows;
  const auto row = [&](const char* name, const std::string& text) {
    if (!text.empty()) rows.push_back({name, text});
  };
  row("result", fmt::format("{} {}: {}", symbol(v), delivery::to_text(v.phase), v.message));
  row("ended", std::string(ended));
  row("change", change_text(v));
  row("images", images_text(v));
  row("strategy", v.strategy);
  row("asked for", asked_text(v));
  row("took", took_text(v));
  if (v.rollback) {
    row("cause", fmt::format("{} ({})", v.rollback->message, delivery::to_text(v.rollback->cause)));
    if (!v.changed.empty()) row("changed", compact_text(v.changed, kChangesShown));
    for (const std::string& what : failure_texts(*v.rollback)) row("what", what);
    row("effect", effect_text(v));
    row("cost", cost_text(*v.rollback));
  }
  add_table(out, {"", ""}, rows);
}

std::string_view state_text(StepState state, bool rolled_back) {
  switch (state) {
    case StepState::Done:
      return "✔ done";
    case StepState::Current:
      return "● under way";
    case StepState::Failed:
      return "✗ failed";
    case StepState::Waiting:
      return "to come";
    case StepState::Skipped:
      return rolled_back ? "not reached" : "passed over";
  }
  base::bug("unknown state", __FILE__, __LINE__);
}

void add_steps(Lines& out, const ReleaseView& v) {
  std::vector<std::vector<std::string>> rows;
  for (const StepView& s : v.steps) {
    std::string facts = note_text(v, s);
    if (const std::string people = people_text(s); !people.empty()) facts += (facts.empty() ? "" : "; ") + people;
    rows.push_back({fmt::format("{} {}", s.number, s.text), std::string(state_text(s.state, v.rollback.has_value())),
                    time_text(s, v.now), std::move(facts)});
  }
  add_table(out, {"step", "", "time", ""}, rows);
}

std::string verdict_text(const MetricView& m) {
  if (m.phase == "Failed") return fmt::format("✗ failed, {} of {}", m.failed, m.failed + m.passed);
  if (m.passed == 0) return "no verdict";
  return m.wanted > 0 ? fmt::format("✔ passed {}/{}", m.passed, m.wanted) : fmt::format("✔ passed {}", m.passed);
}

std::vector<std::string> metric_row(std::string step, const MetricView& m) {
  return {std::move(step),
          m.name,
          m.value ? metric_text(*m.value, m.unit) : "no data",
          m.stable ? metric_text(*m.stable, m.unit) : "",
          m.limit,
          m.samples > 0 ? count_text(m.samples) : "",
          verdict_text(m)};
}

void add_metrics(Lines& out, const ReleaseView& v) {
  std::vector<std::vector<std::string>> rows;
  bool of_steps = false;
  for (const StepView& s : v.steps)
    for (const MetricView& m : s.metrics) {
      rows.push_back(metric_row(std::to_string(s.number), m));
      of_steps = of_steps || s.metrics == v.metrics;
    }
  if (!of_steps)
    for (const MetricView& m : v.metrics) rows.push_back(metric_row("background", m));
  add_table(out, {"step", "metric", "value", "stable", "limit", "samples", "verdict"}, rows);
}

void add_troubles(Lines& out, const ReleaseView& v) {
  std::vector<std::vector<std::string>> rows;
  for (const delivery::Trouble& t : v.troubles) rows.push_back({to_text(t), delivery::remedy_of(t, v.name, v.space)});
  add_table(out, {"in the way", "next"}, rows);
}

void add_checks(Lines& out, const ReleaseView& v) {
  if (!v.rollback) return;
  std::vector<std::vector<std::string>> rows;
  for (const delivery::Check& c : v.rollback->verification.checks)
    rows.push_back({c.name, std::string(delivery::to_text(c.state)), c.message});
  add_table(out, {"verification of the way back", "", ""}, rows);
}

}  // namespace

Lines render_markdown(const ReleaseView& v, std::string_view ended) {
  Lines out = {fmt::format("### {} release/{} in {}", symbol(v), cell(v.name), cell(v.space))};
  add_facts(out, v, ended);
  add_troubles(out, v);
  add_steps(out, v);
  add_metrics(out, v);
  add_checks(out, v);
  out.insert(out.end(), {"", fmt::format("`slipway explain {0} -n {1}` shows every decision", v.name, v.space), ""});
  return out;
}

}  // namespace slipway::view
