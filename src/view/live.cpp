#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "view/plain.h"
#include "view/render.h"
#include "view/step_text.h"

namespace slipway::view {
namespace {

using delivery::Phase;

std::string step_symbol(StepState state, const Style& style) {
  switch (state) {
    case StepState::Done:
      return paint(style, Colour::Green, "✔");
    case StepState::Current:
      return paint(style, Colour::Blue, "●");
    case StepState::Failed:
      return paint(style, Colour::Red, "✗");
    case StepState::Waiting:
    case StepState::Skipped:
      return paint(style, Colour::Dim, "·");
  }
  base::bug("unknown state", __FILE__, __LINE__);
}

std::string phase_symbol(Phase phase, const Style& style) {
  switch (phase) {
    case Phase::Idle:
    case Phase::Keeping:
      return paint(style, Colour::Green, "✔");
    case Phase::RolledBack:
    case Phase::Invalid:
      return paint(style, Colour::Red, "✗");
    case Phase::Paused:
      return paint(style, Colour::Yellow, "॥");
    case Phase::Waiting:
      return paint(style, Colour::Yellow, "◷");
    case Phase::RollingBack:
    case Phase::Verifying:
      return paint(style, Colour::Yellow, "↩");
    case Phase::Pending:
    case Phase::Progressing:
    case Phase::Promoting:
      return paint(style, Colour::Blue, "⟳");
  }
  base::bug("unknown phase", __FILE__, __LINE__);
}

// "rolled back"
std::string in_words(Phase phase) {
  std::string out;
  for (const char c : delivery::to_text(phase)) {
    if (c >= 'A' && c <= 'Z' && !out.empty()) out += ' ';
    out += c;
  }
  return base::to_lower(out);
}

std::string revisions(const ReleaseView& v) {
  if (v.stable && v.candidate) return fmt::format("revision {} → {}", v.stable->number, v.candidate->number);
  if (v.stable) return fmt::format("revision {}", v.stable->number);
  return "";
}

std::string place(const ReleaseView& v) {
  std::string out = v.strategy;
  for (const StepView& step : v.steps)
    if (step.state == StepState::Current || step.state == StepState::Failed)
      out += fmt::format(" · step {}/{}", step.number, v.steps.size());
  if (v.candidate && v.began) out += " · " + base::human_duration(v.now - *v.began);
  if (const std::string left = left_text(v); !left.empty()) out += " · " + left;
  return out;
}

std::string with_asked(const std::string& left, const ReleaseView& v) {
  const std::string by = asked_text(v);
  return by.empty() ? left : pad(left, 48) + "  " + by;
}

void add_head(Lines& out, const ReleaseView& v, const Style& style) {
  const std::string left =
      fmt::format("{}  {}  {}", paint(style, Colour::Bold, "release/" + v.name), v.space, revisions(v));
  out.push_back(pad(left, 48) + "  " + place(v));
  if (v.stable && v.candidate)
    out.push_back(with_asked(fmt::format("{} → {}", to_text(*v.stable), to_text(*v.candidate)), v));
  else if (v.stable)
    out.push_back(to_text(*v.stable));
  if (v.overridden)
    out.push_back(fmt::format("outside of its windows, as {} says: {}",
                              v.overridden->by.empty() ? "a person" : v.overridden->by, v.overridden->reason));
}

// What is there to say of a step in one cell.
std::string facts_text(const ReleaseView& v, const StepView& s) {
  std::string out = metrics_text(s.metrics, "   ");
  for (const std::string& more : {note_text(v, s), people_text(s)})
    if (!more.empty()) out += (out.empty() ? "" : "   ") + more;
  return out;
}

void add_steps(Lines& out, const ReleaseView& v, const Style& style) {
  if (!v.candidate && !v.rollback) return;
  out.emplace_back();
  std::vector<std::vector<std::string>> rows;
  std::string rest;
  for (const StepView& s : v.steps) {
    const std::string head = fmt::format(" {} {} {}", step_symbol(s.state, style), s.number, s.text);
    if (s.state == StepState::Waiting || s.state == StepState::Skipped)
      rest += (rest.empty() ? "" : " ") + head;
    else
      rows.push_back({head, time_text(s, v.now), facts_text(v, s)});
  }
  for (std::string& line : table(rows)) out.push_back(std::move(line));
  if (!rest.empty()) out.push_back(rest);
}

// Who has what of a test; the stable version has the rest.
void add_variants(Lines& out, const ReleaseView& v, const Style& style) {
  std::vector<std::vector<std::string>> rows = {{"variant", "share", "", "pods", "requests", ""}};
  double rest = 100;
  const auto row = [&](const std::string& name, double share, std::int64_t ready, std::int64_t pods,
                       std::int64_t requests, std::string note) {
    rows.push_back({name, fmt::format("{:g} %", share), bar(share / 100, 12), fmt::format("{}/{}", ready, pods),
                    requests < 0 ? "" : count_text(requests), std::move(note)});
  };
  for (const delivery::VariantState& variant : v.variants) {
    const double share = static_cast<double>(variant.share) / 100;
    rest -= share;
    row(variant.name, share, variant.ready, variant.replicas, variant.requests,
        variant.stopped_at                                 ? paint(style, Colour::Red, "✗ stopped: " + variant.message)
        : v.candidate && variant.hash == v.candidate->hash ? "the Deployment's template"
                                                           : variant.images);
  }
  for (const VersionView& version : v.versions)
    if (version.role == "stable") row("stable", rest, version.ready, version.wanted, v.stable_requests, version.images);
  out.emplace_back();
  for (std::string& line : table(rows)) out.push_back(std::move(line));
  out.push_back(fmt::format("traffic   wanted {:g} % for the variants, {}", v.wanted,
                            v.verified ? fmt::format("verified {:g} %", *v.verified) : "not verified yet"));
}

// Nobody but testers has the candidate yet.
void add_preview(Lines& out, const ReleaseView& v) {
  if (v.preview_address.empty()) return;
  out.emplace_back();
  out.push_back("preview   " + v.preview_address +
                (v.preview ? fmt::format("   {} of {} pods available", v.preview->ready, v.preview->replicas) : ""));
}

// What was read back of a weight that has been lowered since is no more than what was.
std::string verified_text(const ReleaseView& v) {
  for (const delivery::Trouble& t : v.troubles)
    if (t.kind == delivery::TroubleKind::RouteMissing || t.kind == delivery::TroubleKind::RouterMissing)
      return "not known now";
  if (!v.verified) return "not verified yet";
  return fmt::format("{} {:g} %", *v.verified > v.wanted ? "it was" : "verified", *v.verified);
}

// Without a number: nobody has a share.
std::string beside_text(const ReleaseView& v) {
  const std::string text = verified_text(v);
  return text.substr(0, text.starts_with("verified") ? std::string_view("verified").size() : text.npos);
}

void add_traffic(Lines& out, const ReleaseView& v, const Style& style) {
  if (!v.routed || !v.candidate || v.preview) return;
  if (!v.variants.empty()) return add_variants(out, v, style);
  const double share = std::min(v.verified.value_or(v.wanted), v.wanted) / 100;
  out.emplace_back();
  if (v.wanted == 0 && !v.beside.empty())  // a bar of everybody would say nothing
    return out.push_back(fmt::format("traffic   candidate for {}   stable for everybody else   {}", v.beside,
                                     v.verified ? beside_text(v) : "not verified yet"));
  out.push_back(fmt::format("traffic   stable {} candidate   wanted {:g} %   {}{}", bar(1 - share, 24), v.wanted,
                            verified_text(v), v.beside.empty() ? "" : "   and " + v.beside));
}

std::string verdict_text(const MetricView& m, const Style& style) {
  if (m.phase == "Failed")
    return paint(style, Colour::Red, fmt::format("failed, {} of {}", m.failed, m.failed + m.passed));
  if (m.passed == 0) return "no verdict yet";
  return paint(style, Colour::Green,
               m.wanted > 0 ? fmt::format("pass {}/{}", m.passed, m.wanted) : fmt::format("pass {}", m.passed));
}

void add_metrics(Lines& out, const ReleaseView& v, const Style& style) {
  if (v.metrics.empty() || (!v.candidate && !v.rollback)) return;  // at rest they are history
  std::vector<std::vector<std::string>> rows = {{"metric", "now", "stable", "limit", "last", "verdict"}};
  for (const MetricView& m : v.metrics)
    rows.push_back({m.name, m.value ? metric_text(*m.value, m.unit) : "no data",
                    m.stable ? metric_text(*m.stable, m.unit) : "", m.limit, sparkline(m.series),
                    verdict_text(m, style)});
  for (std::string& line : table(rows)) out.push_back(std::move(line));
}

Lines finished(Lines lines, const Style& style) {
  for (std::string& line : lines) line = cut(line, style.width);
  return lines;
}

}  // namespace

Lines render_tree(const ReleaseView& view, const Style& style) {
  const ReleaseView v = plain(view);
  std::vector<std::vector<std::string>> rows = {
      {fmt::format("{} {}", phase_symbol(v.phase, style), v.target), in_words(v.phase)}};
  for (std::size_t i = 0; i < v.versions.size(); ++i) {
    const VersionView& version = v.versions[i];
    const bool last = i + 1 == v.versions.size();
    const std::string until = version.until && *version.until > v.now
                                  ? fmt::format(" for {}", base::human_duration(*version.until - v.now))
                                  : "";
    rows.push_back({fmt::format("{} # {} {}{}", last ? "└─" : "├─", version.revision, version.role, until),
                    fmt::format("{}/{} ready", version.ready, version.wanted), version.images});
    for (std::size_t k = 0; k < version.pods.size(); ++k) {
      const PodView& p = version.pods[k];
      const auto colon = p.status.find(": ");  // "reason: long message": the message goes to the end of the line
      rows.push_back({fmt::format("{}  {} {} {}", last ? " " : "│", k + 1 == version.pods.size() ? "└─" : "├─",
                                  p.ready ? paint(style, Colour::Green, "■") : "□", p.name),
                      p.status.substr(0, colon), base::human_duration(p.age), fmt::format("restarts {}", p.restarts),
                      colon == std::string::npos ? "" : p.status.substr(colon + 2)});
    }
  }
  return finished(table(rows), style);
}

Lines render_live(const ReleaseView& view, const Style& style) {
  const ReleaseView v = plain(view);
  Lines out;
  add_head(out, v, style);
  add_steps(out, v, style);
  add_preview(out, v);
  add_traffic(out, v, style);
  add_metrics(out, v, style);
  out.emplace_back();
  for (std::string& line : render_tree(v, style)) out.push_back(std::move(line));
  if (const std::string message = message_beside_troubles(v); !message.empty())
    out.push_back(fmt::format("{}: {}", delivery::to_text(v.phase), message));
  for (std::string& line : render_troubles(v, style)) out.push_back(std::move(line));
  return finished(std::move(out), style);
}

}  // namespace slipway::view
