#include "view/step_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::view {
namespace {

std::string quoted(const std::string& text) { return '"' + one_line(text) + '"'; }

std::string millisecond_clock(Time t) { return delivery::stamp(t).substr(11, 12); }

std::string pods_text(const ReleaseView& v) {
  if (v.preview) return fmt::format("{}/{} pods ready in {}", v.preview->ready, v.preview->replicas, v.preview->space);
  for (const VersionView& version : v.versions)
    if (version.role == "candidate") return fmt::format("{}/{} pods ready", version.ready, version.wanted);
  return "";
}

// "switched 14:02:11.204 → .361 (157 ms), 0 of 3 912 requests failed in the 4s around it"
std::string switch_text(const delivery::SwitchState& s) {
  if (!s.written_at) return "";
  const std::string from = millisecond_clock(*s.written_at);
  if (!s.verified_at) return fmt::format("written {}, not verified yet", from);
  std::string to = millisecond_clock(*s.verified_at);
  if (to.substr(0, 8) == from.substr(0, 8)) to = to.substr(8);
  std::string out =
      fmt::format("switched {} → {} ({} ms)", from, to, (*s.verified_at - *s.written_at) / base::milliseconds(1));
  if (s.requests >= 0)
    out += fmt::format(", {} of {} requests failed in the {} around it", count_text(s.failed), count_text(s.requests),
                       base::human_duration(s.counted_for));
  return out;
}

std::string keep_text(const ReleaseView& v, const StepView& step) {
  if (!v.stable || !step.ends) return "";
  return fmt::format("revision {} stays warm until {}, then scales down   undo now: slipway undo {} -n {}",
                     v.stable->number, clock_text(*step.ends), v.name, v.space);
}

// What the person did, by the step that it was said to.
std::string_view deed(const std::string& verb, StepKind kind) {
  if (verb == "retry") return "repeated";
  if (verb == "back") return "taken back";
  if (verb == "abort") return "aborted";
  if (verb == "undo") return "undone";
  if (verb == "promote-full") return "the rest skipped";
  if (verb == "promote-to") return "what followed skipped";
  if (verb == "promote-now") return "windows overruled";
  return kind == StepKind::Approval ? "approved" : kind == StepKind::Analysis ? "let through" : "ended early";
}

std::string who(const CommandView& c) { return c.by.empty() ? "a person" : c.by; }

}  // namespace

std::string clock_text(Time t) { return delivery::stamp(t).substr(11, 8); }

std::string count_text(std::int64_t n) {
  std::string out = std::to_string(n);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, " ");
  return out;
}

std::string time_text(const StepView& s, Time now) {
  if (s.state == StepState::Current && s.since && s.ends && *s.ends > *s.since) {
    const std::string planned = base::human_duration(*s.ends - *s.since);
    const std::string gone = base::human_duration(std::max(now - *s.since, base::Duration{}));
    return now <= *s.ends ? fmt::format("{} of {}", gone, planned) : fmt::format("{} ({} planned)", gone, planned);
  }
  return s.began ? base::human_duration(s.ended.value_or(now) - *s.began) : "";
}

std::string metrics_text(const std::vector<MetricView>& metrics, std::string_view between) {
  std::string out;
  for (const MetricView& m : metrics)
    if (m.value)
      out += fmt::format("{}{} {}{}", out.empty() ? "" : between, m.name, metric_text(*m.value, m.unit),
                         m.limit.empty() ? "" : " (limit " + m.limit + ")");
  return out;
}

std::string note_text(const ReleaseView& v, const StepView& step) {
  const bool current = step.state == StepState::Current;
  if (!current && step.state != StepState::Done) return "";
  switch (step.kind) {
    case StepKind::Preview:
      return v.candidate && !v.switched.written_at ? pods_text(v) : "";
    case StepKind::Countdown:
      if (!current || !step.ends || *step.ends <= v.now) return "";
      return fmt::format("switches at {}, in {}", clock_text(*step.ends), base::human_duration(*step.ends - v.now));
    case StepKind::Switch:
      return switch_text(v.switched);
    case StepKind::Keep:
      return current ? keep_text(v, step) : "";
    case StepKind::Other:
    case StepKind::Wait:
    case StepKind::Approval:
    case StepKind::Analysis:
      return "";
  }
  return "";
}

std::string people_text(const StepView& step) {
  std::string out;
  for (const CommandView& c : step.commands)
    out += fmt::format("{}{} by {}, {}{}", out.empty() ? "" : "; ", deed(c.verb, step.kind), who(c),
                       c.at ? clock_text(*c.at) : "", c.reason.empty() ? "" : ", " + quoted(c.reason));
  return out;
}

std::string asked_text(const ReleaseView& v) {
  if (!v.asked) return "";
  const CommandView& c = *v.asked;
  std::string out = !c.tool.empty() ? "with " + c.tool : c.by.empty() && c.verb.empty() ? "" : "by " + who(c);
  if (!c.verb.empty()) out += " (" + c.verb + ")";
  if (!c.reason.empty()) out += (out.empty() ? "" : ", ") + quoted(c.reason);
  return out;
}

std::string left_text(const ReleaseView& v) {
  if (!v.left) return "";
  std::string out;
  if (v.left->time >= base::seconds(1))
    out = (v.left->complete ? "about " : "at least ") + base::human_duration(v.left->time);
  if (v.left->approvals > 0)
    out += fmt::format("{}{} approval{}", out.empty() ? "" : " and ", v.left->approvals,
                       v.left->approvals == 1 ? "" : "s");
  return out.empty() ? out : out + " left";
}

}  // namespace slipway::view
