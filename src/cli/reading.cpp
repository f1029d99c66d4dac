// history, explain: what happened.
#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/decisions.h"
#include "cli/evidence.h"
#include "cli/exit.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/release_text.h"
#include "cli/target.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

// --- explain ---------------------------------------------------------------------------------------------------------

const Value& history_entry(const Value& status, std::int64_t revision) {
  for (const Value& entry : status["history"].items())
    if (entry["revision"].as_int() == revision) return entry;
  return data::kNull;
}

// The decisions between the start and the end of one revision's release. RFC 3339 in UTC compares as text.
Value log_of(const Value& status, const Value& entry) {
  if (entry.is_null()) return status["log"];
  const std::string_view from = entry["startedAt"].as_string(), to = entry["finishedAt"].as_string();
  Value out = Value::array();
  for (const Value& decision : status["log"].items())
    if (decision["time"].as_string() >= from && decision["time"].as_string() <= to) out.push_back(decision);
  return out;
}

// "2026-11-30T04:25:00Z", or "10m" before now.
base::Result<base::Time> time_of(const std::string& text, base::Time now) {
  if (const auto time = base::parse_time(text)) return *time;
  if (const auto ago = base::parse_duration(text); ago && *ago >= base::Duration::zero()) return now - *ago;
  return base::fail(Code::BadRequest,
                    "--at \"" + text + "\": a time like 2026-11-30T04:25:00Z, or how long ago, like 10m");
}

// Up to this time.
Value log_until(const Value& log, base::Time time) {
  const std::string until = delivery::stamp(time);
  Value out = Value::array();
  for (const Value& decision : log.items())
    if (decision["time"].as_string() <= until) out.push_back(decision);
  return out;
}

// What had been decided by then. `log` has what was decided before it.
std::string text_at(const std::string& name, const Value& status, const Value& log, base::Time time) {
  const std::string when = delivery::stamp(time);
  const Value& oldest = status["log"].at(0);
  if (log.size() == 0)
    return "release/" + name + ": nothing is known of " + when + "; the oldest decision that is kept is from " +
           oldest["time"].str() + "\n";
  const Value& last = log.at(log.size() - 1);
  const base::Duration before = time - base::parse_time(last["time"].as_string()).value_or(time);
  return "release/" + name + " at " + when + ": " + view::one_line(last["text"].str()) + " (" + last["rule"].str() +
         ", " + base::human_duration(before) + " before)\n\n";
}

// The version that is asked about, of which `entry` tells, or those that there are now.
std::string versions_line(const view::ReleaseView& v, const Value& entry) {
  if (entry.is_null()) return view::versions_text(v) + "\n";
  const delivery::Revision known{.number = entry["revision"].as_int(),
                                 .images = entry["images"].str(),
                                 .config = delivery::config_hashes(entry["config"])};
  std::string out = fmt::format("revision {} ({})  {}", known.number, to_text(known), entry["result"].as_string());
  if (entry.has("by")) out += " by " + entry["by"].str();
  if (entry.has("reason")) out += ", \"" + entry["reason"].str() + '"';
  return view::one_line(out) + "\n";
}

// Its evidence, with what its pods wrote as long as they are there.
std::string rollback_text(Setting& s, const std::string& name, const Value& release) {
  auto sight = look(s, name);
  if (!sight) sight = Sight{.objects = {.release = release}, .now = s.api.now()};
  LogEvidence().add_to(s, *sight);
  return joined(view::render_rollback(view::compute(sight->objects, sight->now), style_of(s.terminal)));
}

}  // namespace

ExitCode run(Setting& s, const History& history) {
  const auto release = s.api.get(api::kReleases, history.name);
  if (!release) return tell(s, release.error());
  const Value& status = (*release)["status"];
  if (history.format == Format::Json || history.format == Format::Yaml) {
    s.terminal.data(print_object(status["history"].is_null() ? Value::array() : status["history"], history.format));
    return ExitCode::Reached;
  }
  const view::ReleaseView v = view::compute({.release = *release}, s.api.now());
  if (v.history.empty())
    s.terminal.talk("release/" + history.name + " has brought out nothing yet");
  else
    s.terminal.data(joined(view::render_history(v, style_of(s.terminal))));
  return ExitCode::Reached;
}

ExitCode run(Setting& s, const Explain& explain) {
  std::string name = explain.name.starts_with("release/") ? explain.name.substr(8) : explain.name;
  const auto revision = take_revision(name);
  if (!revision) return tell(s, revision.error());
  const auto release = s.api.get(api::kReleases, name);
  if (!release) return tell(s, release.error());
  const Value& status = (*release)["status"];
  if (status.is_empty())
    return s.terminal.talk("no controller has decided about release/" + name + " yet"), ExitCode::Reached;
  const Value& entry = *revision ? history_entry(status, **revision) : data::kNull;
  const bool current = *revision && status["candidate"]["revision"].as_int() == **revision;
  if (*revision && entry.is_null() && !current)
    return tell(s, {.code = Code::NotFound,
                    .message = "release/" + name + " remembers no revision " + std::to_string(**revision)});
  Value log = log_of(status, entry);
  std::optional<base::Time> at;
  if (!explain.at.empty()) {
    const auto time = time_of(explain.at, s.api.now());
    if (!time) return tell(s, time.error());
    at = *time;
    log = log_until(log, *at);
  }
  const Value& rollback = status["rollback"].is_object() ? status["rollback"] : status["lastRollback"];
  const bool show_rollback =
      rollback.is_object() && !at && (!*revision || rollback["from"]["revision"].as_int() == **revision);
  if (explain.format == Format::Json || explain.format == Format::Yaml) {
    Value out =
        Value::object({{"name", name}, {"phase", status["phase"]}, {"message", status["message"]}, {"log", log}});
    if (show_rollback) out.set("rollback", rollback);
    if (!entry.is_null()) out.set("revision", entry);
    if (at) out.set("at", delivery::stamp(*at));
    s.terminal.data(print_object(out, explain.format));
    return ExitCode::Reached;
  }
  if (at) return s.terminal.data(text_at(name, status, log, *at) + decisions_text(log)), ExitCode::Reached;
  const view::ReleaseView v = view::compute({.release = *release}, s.api.now());
  s.terminal.data("release/" + name + "  " + status["phase"].str() + ": " + view::one_line(status["message"].str()) +
                  "\n" + versions_line(v, entry) + "\n" + decisions_text(log) +
                  (show_rollback ? "\n" + rollback_text(s, name, *release) : ""));
  return ExitCode::Reached;
}

}  // namespace slipway::cli
