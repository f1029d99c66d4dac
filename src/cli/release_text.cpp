#include "cli/release_text.h"

#include <algorithm>
#include <cmath>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/print.h"
#include "data/json.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using data::Value;
using delivery::Phase;
using delivery::Revision;
using delivery::State;

std::string percent(double value) {
  std::string text = data::format_double(std::round(value * 100) / 100);
  return text + " %";
}
std::string share_text(std::int64_t points) {
  return points < 0 ? "not yet" : percent(static_cast<double>(points) / 100);
}

std::string number_text(const Value& v) {
  if (v.is_null()) return "no data";
  if (!v.is_number()) return v.is_string() ? v.str() : data::to_json(v);
  const double d = v.as_double();
  if (v.is_int() || d == 0 || std::abs(d) >= 1000) return data::format_double(std::round(d));
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(d))));  // four digits
  return data::format_double(std::round(d * scale) / scale);
}

std::string step_text(const Value& step) {
  if (step["weight"].is_number()) return "weight " + percent(step["weight"].as_double());
  if (step.has("pause")) {
    const std::string_view duration = step["pause"]["duration"].as_string();
    return duration.empty() ? "ask a person" : "pause " + std::string(duration);
  }
  std::vector<std::string> names;
  for (const Value& t : step["analysis"]["templates"].items()) names.push_back(t["name"].str());
  return "analysis " + base::join(names, ", ");
}

// Writes the block part by part.
class Block {
 public:
  Block(const Terminal& terminal, const Sight& sight)
      : terminal_(terminal), sight_(sight), release_(sight.release), s_(delivery::read_state(release_["status"])) {}

  std::string text() {
    head();
    steps();
    traffic();
    metrics();
    if (s_.retreat) rollback(*s_.retreat);
    if (!s_.retreat && s_.phase == Phase::RolledBack && s_.last_rollback) rollback(*s_.last_rollback);
    if (!s_.message.empty()) line("now       " + s_.message);
    versions();
    next();
    return std::move(out_);
  }

 private:
  void line(const std::string& text) { out_ += text + "\n"; }
  std::string ink(Ink ink, const std::string& text) const { return inked(terminal_, ink, text); }
  std::string name() const { return release_["metadata"]["name"].str(); }

  Ink phase_ink() const {
    switch (s_.phase) {
      case Phase::Idle:
        return Ink::Good;
      case Phase::Invalid:
      case Phase::RolledBack:
      case Phase::RollingBack:
        return Ink::Bad;
      default:
        return Ink::Busy;
    }
  }

  void head() {
    std::string text = "release/" + name() + "  " + release_["metadata"]["namespace"].str();
    if (s_.stable) text += "  revision " + std::to_string(s_.stable->number);
    if (s_.candidate) text += " → " + std::to_string(s_.candidate->number);
    text += "   " + ink(phase_ink(), std::string(delivery::to_text(s_.phase)));
    if (s_.user_steps > 0 && s_.candidate)
      text += " · step " + std::to_string(std::clamp(s_.user_step + 1, 0, s_.user_steps)) + "/" +
              std::to_string(s_.user_steps);
    if (s_.candidate && s_.candidate->started_at) text += " · " + since(s_.candidate->started_at, sight_.now);
    line(text);
    if (s_.stable) line(s_.stable->images + (s_.candidate ? " → " + s_.candidate->images : ""));
  }

  void steps() {
    if (!s_.candidate) return;
    const int failed = s_.retreat ? s_.retreat->user_step : -2;
    const auto items = release_["spec"]["strategy"]["canary"]["steps"].items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const int at = static_cast<int>(i);
      const bool here = at == s_.user_step, done = at < s_.user_step || s_.phase == Phase::Promoting;
      const std::string mark = at == failed ? ink(Ink::Bad, "✗")
                               : done       ? ink(Ink::Good, "✔")
                               : here       ? ink(Ink::Busy, "●")
                                            : ink(Ink::Faint, "·");
      const std::string time = here && s_.position.since ? "  " + since(s_.position.since, sight_.now) : "";
      line(" " + mark + " " + std::to_string(i + 1) + " " + step_text(items[i]) + time);
    }
  }

  void traffic() {
    if (!s_.candidate || release_["spec"]["traffic"].is_null()) return;
    constexpr std::int64_t kWidth = 24;
    const std::int64_t share = std::clamp<std::int64_t>(s_.traffic.verified, 0, 10'000);
    const std::int64_t canary = share == 0 ? 0 : std::clamp<std::int64_t>((share * kWidth + 5'000) / 10'000, 1, kWidth);
    std::string bar;
    for (std::int64_t i = 0; i < kWidth; ++i) bar += i < kWidth - canary ? "█" : "░";
    line("traffic   stable " + bar + " canary   wanted " + share_text(s_.traffic.wanted) + "   verified " +
         share_text(s_.traffic.verified));
  }

  void metrics() {
    TextTable table({"metric", "now", "limit", "stable", "samples", "verdict"});
    for (const delivery::AnalysisSummary& run : s_.analysis)
      for (const Value& m : run.metrics.items())
        table.add({m["name"].str(), number_text(m["value"]),
                   m["limit"].is_null()     ? ""
                   : m["limit"].is_string() ? m["limit"].str()
                                            : number_text(m["limit"]),
                   m["stable"].is_null() ? "" : number_text(m["stable"]), number_text(m["samples"]),
                   m["phase"].str(run.phase) + " " + std::to_string(m["passed"].as_int()) + " passed, " +
                       std::to_string(m["failed"].as_int()) + " failed"});
    if (!table.is_empty()) out_ += table.text();
  }

  void rollback(const delivery::Retreat& r) {
    line(ink(Ink::Bad, "✗ revision " + std::to_string(r.from.number) + (s_.retreat ? " turns back" : " ROLLED BACK")) +
         "  at " + share_text(r.share) + (r.user_step >= 0 ? ", step " + std::to_string(r.user_step + 1) : ""));
    line("  why     " + r.message + " (" + std::string(delivery::to_text(r.cause)) + ")");
    if (r.traffic_zero_at) {
      const base::Time from = r.failing_at.value_or(r.started_at);
      const double seconds = base::to_seconds(*r.traffic_zero_at - from);
      line("  effect  no traffic on it " + data::format_double(std::round(seconds * 10) / 10) + " s after " +
           (r.failing_at ? "the failing measurement" : "the decision"));
    }
    for (const delivery::Check& check : r.verification.checks) {
      const bool passed = check.state == delivery::CheckState::Passed,
                 failed = check.state == delivery::CheckState::Failed;
      line("  " +
           ink(passed   ? Ink::Good
               : failed ? Ink::Bad
                        : Ink::Busy,
               passed   ? "✔"
               : failed ? "✗"
                        : "·") +
           " " + padded(check.name, 9) + std::string(delivery::to_text(check.state)) +
           (check.message.empty() ? "" : "  " + check.message));
    }
  }

  void versions() {
    line(ink(Ink::Faint, "⟳") + " " + release_["spec"]["target"]["name"].str(name()));
    if (s_.candidate) version(*s_.candidate, "canary", s_.replicas.candidate_ready, s_.replicas.candidate, "├─");
    if (s_.stable) version(*s_.stable, "stable", s_.replicas.stable_ready, s_.replicas.stable, "└─");
  }

  void version(const Revision& revision, const char* role, std::int64_t ready, std::int64_t wanted,
               const char* branch) {
    line(std::string(branch) + " # " + padded(std::to_string(revision.number) + " " + role, 12) +
         std::to_string(ready) + "/" + std::to_string(wanted) + " ready   " + revision.images);
    for (const Value& pod : sight_.pods)
      if (api::label(pod, "pod-template-hash") == revision.hash)
        pod_line(pod, role == std::string_view("canary") ? "│  " : "   ");
  }

  void pod_line(const Value& pod, const std::string& indent) {
    const bool ready = api::is_condition_true(pod, "Ready");
    std::int64_t restarts = 0;
    std::string trouble;
    for (const Value& c : pod["status"]["containerStatuses"].items()) {
      restarts += c["restartCount"].as_int();
      if (trouble.empty()) trouble = c["state"]["waiting"]["reason"].str();
    }
    const std::string state = api::is_deleting(pod) ? "stopping"
                              : ready               ? "ready"
                              : trouble.empty()     ? pod["status"]["phase"].str("Pending")
                                                    : trouble;
    line(indent + "├─ □ " + padded(std::string(api::name_of(pod)), 28) +
         ink(ready             ? Ink::Good
             : trouble.empty() ? Ink::Busy
                               : Ink::Bad,
             padded(state, 10)) +
         " " + padded(since(api::time_at(pod["metadata"]["creationTimestamp"]), sight_.now), 6) + " restarts " +
         std::to_string(restarts));
  }

  void next() {
    const std::string suffix = " " + name() + " -n " + release_["metadata"]["namespace"].str();
    if (s_.phase == Phase::Paused && release_["spec"]["paused"].as_bool())
      return line("next      slipway resume" + suffix + "    slipway abort" + suffix);
    if (s_.phase == Phase::Paused) return line("next      slipway promote" + suffix + "    slipway abort" + suffix);
    if (s_.phase == Phase::RolledBack) return line("next      slipway explain" + suffix + "    slipway retry" + suffix);
  }

  const Terminal& terminal_;
  const Sight& sight_;
  const Value& release_;
  State s_;
  std::string out_;
};

// A Deployment that rolls without a Release.
std::string deployment_block(const Terminal& terminal, const Sight& sight) {
  const Value& d = sight.deployment;
  const Verdict verdict = judge(sight);
  const Ink ink = verdict == Verdict::Healthy ? Ink::Good : verdict == Verdict::RolledBack ? Ink::Bad : Ink::Busy;
  const Value& status = d["status"];
  return "deployment/" + std::string(api::name_of(d)) + "  " + std::string(api::space_of(d)) + "   " +
         inked(terminal, ink, verdict == Verdict::RolledBack ? "deadline exceeded" : std::string(to_text(verdict))) +
         "   updated " + std::to_string(status["updatedReplicas"].as_int()) + ", available " +
         std::to_string(status["availableReplicas"].as_int()) + " of " +
         std::to_string(d["spec"]["replicas"].as_int(1)) + "   (no Release: it rolls by itself)\n";
}

}  // namespace

std::string since(const std::optional<base::Time>& then, base::Time now) {
  return then ? base::human_duration(std::max(now - *then, base::Duration::zero())) : "";
}

std::string release_block(const Terminal& terminal, const Sight& sight) {
  return sight.release.is_null() ? deployment_block(terminal, sight) : Block(terminal, sight).text();
}

std::vector<std::string> log_lines(const Value& release) {
  std::vector<std::string> out;
  for (const Value& entry : release["status"]["log"].items()) {
    const std::string_view time = entry["time"].as_string();
    out.push_back(std::string(time.size() >= 19 ? time.substr(11, 8) : time) + "  " + padded(entry["rule"].str(), 22) +
                  "  " + entry["text"].str());
  }
  return out;
}

Value release_object(const Sight& sight) {
  const Value& of = sight.release.is_null() ? sight.deployment : sight.release;
  Value out = Value::object({{"kind", sight.release.is_null() ? "Deployment" : "Release"},
                             {"name", of["metadata"]["name"]},
                             {"namespace", of["metadata"]["namespace"]},
                             {"verdict", to_text(judge(sight))}});
  for (const data::Member& member : of["status"].members())
    if (member.key.view() != "log") out.set(member.key.view(), member.value);
  return out;
}

}  // namespace slipway::cli
