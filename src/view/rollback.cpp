#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "stats/proportion.h"
#include "view/plain.h"
#include "view/render.h"
#include "view/step_text.h"

namespace slipway::view {
namespace {

using data::Value;
using delivery::Retreat;

std::string unit_of(const ReleaseView& v, const std::string& metric) {
  for (const MetricView& m : v.metrics)
    if (m.name == metric) return m.unit;
  for (const StepView& s : v.steps)
    for (const MetricView& m : s.metrics)
      if (m.name == metric) return m.unit;
  return "";
}

// "4.7 % [3.9 – 5.7]": with the interval when the value is a proportion of counted events.
std::string with_interval(const Value& value, const Value& samples, const std::string& unit) {
  if (!value.is_number()) return "no data";
  std::string out = metric_text(value.as_double(), unit);
  if (unit != "ratio" || samples.as_int() <= 0) return out;
  const auto i = stats::wilson_interval(static_cast<std::int64_t>(value.as_double() * samples.as_double() + 0.5),
                                        samples.as_int());
  return out + fmt::format(" [{:.2g} – {:.2g}]", i.low * 100, i.high * 100);
}

std::string clock_of(const Value& stamp) { return stamp.as_string().size() > 19 ? stamp.str().substr(11, 12) : ""; }

std::string seconds_between(Time from, Time to) { return fmt::format("{:.3f} s", base::to_seconds(to - from)); }

void add_evidence(Lines& out, const ReleaseView& v, const Retreat& r) {
  if (r.evidence.size() == 0) return;
  const std::string unit = unit_of(v, r.metric);
  const Value& last = r.evidence.at(r.evidence.size() - 1);
  std::string line = fmt::format("          candidate {}", with_interval(last["value"], last["samples"], unit));
  if (last["stable"].is_number())
    line += fmt::format("   stable {}", with_interval(last["stable"], last["stableSamples"], unit));
  if (last.has("samples"))
    line += fmt::format("   samples {}, {}", last["samples"].as_int(), last["stableSamples"].as_int());
  out.push_back(line);
  line = "         ";
  for (const Value& m : r.evidence.items())
    line += fmt::format(" {} {} {}", clock_of(m["finishedAt"]), m["verdict"].as_string(),
                        m["value"].is_number() ? metric_text(m["value"].as_double(), unit) : "");
  out.push_back(line);
}

// What it failed, and what its pods wrote.
void add_findings(Lines& out, const ReleaseView& v) {
  std::string_view head = "  what    ";
  for (std::string& line : failure_texts(*v.rollback)) {
    out.push_back(std::string(head) + std::move(line));
    head = "          ";
  }
  for (const LogFinding& f : v.findings) {
    out.push_back(fmt::format("{}log of {}, {}: {}", head, f.pod, base::times(f.count), f.text));
    head = "          ";
  }
}

std::string check_symbol(delivery::CheckState state, const Style& style) {
  using delivery::CheckState;
  switch (state) {
    case CheckState::Passed:
      return paint(style, Colour::Green, "✔");
    case CheckState::Failed:
    case CheckState::TimedOut:
      return paint(style, Colour::Red, "✗");
    case CheckState::Pending:
      return paint(style, Colour::Blue, "●");
    case CheckState::Skipped:
      return "·";
  }
  base::bug("unknown state", __FILE__, __LINE__);
}

void add_proof(Lines& out, const Retreat& r, const Style& style) {
  out.push_back(fmt::format("  proof   verification {}", delivery::to_text(r.verification.state)));
  for (const delivery::Check& c : r.verification.checks)
    out.push_back(fmt::format("          {} {}: {}", check_symbol(c.state, style), c.name, c.message));
}

void add_kept(Lines& out, const ReleaseView& v) {
  for (const VersionView& version : v.versions)
    if (version.role == "kept" && version.revision == v.rollback->from.number && version.until)
      out.push_back(fmt::format("          {} of its pods {} kept to look at, for {} from now", version.pods.size(),
                                version.pods.size() == 1 ? "is" : "are",
                                base::human_duration(std::max(*version.until - v.now, base::Duration{}))));
}

// What the version that is rolled back had changed.
std::string change_text(const ReleaseView& v) {
  constexpr std::size_t kShown = 4;
  const delivery::Revision& from = v.rollback->from;
  const std::string numbers = fmt::format("{} → {}: ", v.stable->number, from.number);
  if (v.changed.empty()) return fmt::format("{}{} → {}", numbers, to_text(*v.stable), to_text(from));
  std::string out = numbers + compact_text(v.changed, kShown);
  if (v.changed.size() > kShown)
    out += fmt::format(": slipway diff {} {} {} -n {}", v.name, v.stable->number, from.number, v.space);
  return out;
}

bool has_pods(const ReleaseView& v, std::int64_t revision) {
  for (const VersionView& version : v.versions)
    if (version.revision == revision && !version.pods.empty()) return true;
  return false;
}

// What is held: by its images, or where the stable version has the same, by its number.
std::string held_text(const ReleaseView& v) {
  const delivery::Revision& from = v.rollback->from;
  if (v.stable && to_text(from) == to_text(*v.stable)) return fmt::format("what revision {} is", from.number);
  return to_text(from);
}

void add_next(Lines& out, const ReleaseView& v, bool done) {
  const std::int64_t from = v.rollback->from.number;
  const std::string revision = done ? fmt::format("@{}", from) : "";
  std::string line = fmt::format("  next    slipway explain {}{} -n {}", v.name, revision, v.space);
  if (has_pods(v, from)) line += fmt::format("    slipway logs {}@{} -n {}", v.name, from, v.space);
  if (delivery::rejects(v.rollback->cause))
    line += fmt::format("    slipway undo {0} -n {1}    slipway retry {0} -n {1}", v.name, v.space);
  out.push_back(std::move(line));
}

// --- effect -----------------------------------------------------------------------------------------------

// One object for both versions, whose controller exchanges its pods.
bool is_in_place(const ReleaseView& v) { return v.target_kind != "Deployment"; }

// Without a router the candidate's pods are its traffic.
std::string replaced_effect(const Retreat& r) {
  if (!r.traffic_zero_at) return "its pods are replaced again";
  if (*r.traffic_zero_at <= r.started_at) return "it had no pods";
  return fmt::format("its pods were gone after {}", seconds_between(r.started_at, *r.traffic_zero_at));
}

std::string placed_effect(const ReleaseView& v) {
  const Retreat& r = *v.rollback;
  std::string out;
  if (r.restored_at)
    out = fmt::format("the {} had the template of revision {} back after {}", v.target_kind,
                      v.stable ? v.stable->number : 0, seconds_between(r.started_at, *r.restored_at));
  const std::string_view between = out.empty() ? "" : "; ";
  if (!r.traffic_zero_at) return out + fmt::format("{}its pods are replaced again, one by one", between);
  if (*r.traffic_zero_at <= r.started_at) return out + fmt::format("{}no pod had to be replaced", between);
  return out +
         fmt::format("{}its pods were replaced after {}", between, seconds_between(r.started_at, *r.traffic_zero_at));
}

// The proof could not find the route that it had left.
bool has_lost_route(const Retreat& r) {
  return std::ranges::any_of(r.verification.checks, [](const delivery::Check& c) {
    return c.name == "route" && c.state == delivery::CheckState::Failed;
  });
}

// A share of the plan is one of the traffic, or of the pods; pods that are exchanged one by one have none yet.
std::string where_text(const ReleaseView& v) {
  const Retreat& r = *v.rollback;
  std::string out;
  if (v.routed || !is_in_place(v)) out = fmt::format("at {:g} %", static_cast<double>(r.share) / 100);
  if (r.user_step >= 0) out += fmt::format("{} step {}", out.empty() ? "at" : ",", r.user_step + 1);
  return out.empty() ? out : "   " + out;
}

}  // namespace

std::string effect_text(const ReleaseView& v) {
  const Retreat& r = *v.rollback;
  if (!v.routed) return is_in_place(v) ? placed_effect(v) : replaced_effect(r);
  if (has_lost_route(r)) return "nobody can say when the traffic was back";
  if (!r.traffic_zero_at) return "traffic is going back";
  if (r.share == 0 && *r.traffic_zero_at <= r.started_at) return "no traffic had to be moved";
  std::string out = fmt::format("traffic back in {}", seconds_between(r.started_at, *r.traffic_zero_at));
  if (r.failing_at)
    out += fmt::format(", {} after the failing measurement", seconds_between(*r.failing_at, *r.traffic_zero_at));
  if (r.drained_at) out += fmt::format("; no session left after {}", seconds_between(r.started_at, *r.drained_at));
  return out;
}

std::string cost_text(const Retreat& r) {
  if (r.served <= 0) return r.served < 0 ? "" : "no request reached it";
  return fmt::format("{} of {} requests that it answered failed (of the last {})", count_text(r.failed),
                     count_text(r.served), base::human_duration(r.counted_for));
}

namespace {

// Never rounded to all or nothing.
std::string part_text(std::int64_t part, std::int64_t of) {
  if (part >= of) return "100 %";
  return fmt::format("{} %", std::clamp<std::int64_t>((200 * part + of) / (2 * of), 1, 99));
}

}  // namespace

Lines failure_texts(const Retreat& r) {
  Lines out;
  for (const delivery::FailedRequests& f : r.failures) {
    const std::string what =
        f.method.empty() ? "various requests" : fmt::format("{} {} → {}", f.method, f.path, f.status);
    std::string line = fmt::format("{} of the errors: {}", part_text(f.count, r.failures_told), what);
    if (f.first_at) line += ", first seen " + clock_text(*f.first_at);
    if (!f.first_on.empty()) line += " on " + f.first_on;
    out.push_back(std::move(line));
  }
  return out;
}

Lines render_rollback(const ReleaseView& view, const Style& style) {
  if (!view.rollback) return {};
  const ReleaseView v = plain(view);
  const Retreat& r = *v.rollback;
  const bool done = v.phase == delivery::Phase::RolledBack;
  Lines out;
  out.push_back(fmt::format("{} release/{}  revision {} {} {}{}", paint(style, Colour::Red, "✗"), v.name, r.from.number,
                            done ? "ROLLED BACK to" : "is going back to", v.stable ? v.stable->number : 0,
                            where_text(v)));
  out.push_back(fmt::format("  why     {} ({})", r.message, delivery::to_text(r.cause)));
  add_evidence(out, v, r);
  add_findings(out, v);
  out.push_back("  effect  " + effect_text(v));
  if (const std::string cost = cost_text(r); !cost.empty()) out.push_back("          " + cost);
  add_kept(out, v);
  add_proof(out, r, style);
  if (v.stable) out.push_back("  diff    " + one_line(change_text(v)));
  add_next(out, v, done);
  if (done && r.restored_at)
    out.push_back(fmt::format("          the {} has the template of revision {} again; {} is held if it is asked for",
                              v.target_kind, v.stable ? v.stable->number : 0, held_text(v)));
  else if (done)
    out.push_back(fmt::format("          the {} still asks for {}: held at revision {} until its template {}",
                              v.target_kind, held_text(v), v.stable ? v.stable->number : 0,
                              r.from.config.empty() ? "changes" : "or one of its ConfigMaps changes"));
  for (std::string& line : out) line = cut(line, style.width);
  return out;
}

}  // namespace slipway::view
