#include "delivery/decide/finish.h"

#include <fmt/format.h>

#include "delivery/decide/analyses.h"
#include "delivery/decide/gate.h"
#include "delivery/decide/revisions.h"
#include "delivery/decide/variants.h"

namespace slipway::delivery {
namespace {

using control::Note;
using data::Value;

constexpr std::int64_t kDefaultHistory = 10;

std::string result_of(Cause cause) {
  switch (cause) {
    case Cause::Superseded:
      return "Superseded";
    case Cause::Reverted:
      return "Reverted";
    case Cause::Deleted:
      return "Withdrawn";
    case Cause::Aborted:
      return "Aborted";
    case Cause::AnalysisFailed:
    case Cause::AnalysisInconclusive:
    case Cause::Restarts:
    case Cause::ProbeFailures:
    case Cause::Deadline:
    case Cause::HookFailed:
    case Cause::Stuck:
      return "RolledBack";
  }
  base::bug("unknown cause", __FILE__, __LINE__);
}

void hold(Turn& turn, const Retreat& r) {
  State& s = turn.s;
  Rejected rejected{r.from};
  rejected.cause = to_text(r.cause);
  rejected.message = r.message;
  rejected.at = turn.now;
  rejected.restored = r.restored_at.has_value();
  s.rejected = rejected;
  s.phase = Phase::RolledBack;
  s.message = fmt::format("revision {} is held: {}", r.from.number, r.message);
  turn.note(Note::Kind::Warning, "RolledBack",
            fmt::format("revision {} was rolled back ({}); verification: {}", r.from.number, r.message,
                        to_text(r.verification.state)));
}

}  // namespace

void clear_progress(State& s) {
  const std::int64_t attempt = s.position.attempt;
  s.candidate.reset();
  s.variants.clear();
  s.retreat.reset();
  s.halt.reset();
  s.position = {.attempt = attempt};
  s.user_step = -1;
  s.traffic = {};
  s.switched = {};
  s.cohorts = {};
  s.begun = {};
  s.standing = {};
  s.guard = {};
  s.override_windows = {};
}

namespace {

// The last command that was obeyed and asked for this version, or took it back.
const Value& command_about(const State& s, const Revision& revision, const Retreat* retreat) {
  const std::string since = stamp(revision.started_at.value_or(Time{}));
  const Value* out = &data::kNull;
  for (const Value& entry : s.log.items()) {
    const Value& inputs = entry["inputs"];
    if (entry["rule"].as_string() != "command" || !inputs["accepted"].as_bool()) continue;
    const std::string_view verb = inputs["verb"].as_string();
    const bool meant = retreat == nullptr
                           ? inputs["hash"].as_string() == revision.hash && entry["time"].as_string() <= since
                       : retreat->cause == Cause::Aborted ? verb == "abort" && entry["time"].as_string() >= since
                       : retreat->cause == Cause::Reverted
                           ? inputs["hash"].as_string() == s.stable->hash && entry["time"].as_string() >= since
                           : false;
    if (meant) out = &inputs;
  }
  return *out;
}

}  // namespace

void remember(Turn& turn, const Revision& revision, std::string result, const Retreat* retreat) {
  Value entry = Value::object(
      {{"revision", revision.number}, {"hash", revision.hash}, {"images", revision.images}, {"result", result}});
  if (!revision.config.empty()) entry.set("config", to_value(revision.config));
  if (revision.started_at) entry.set("startedAt", stamp(*revision.started_at));
  entry.set("finishedAt", stamp(turn.now));
  if (retreat) {
    entry.set("cause", to_text(retreat->cause));
    entry.set("message", retreat->message);
    entry.set("verification", to_text(retreat->verification.state));
  }
  const Value& command = command_about(turn.s, revision, retreat);
  for (const char* key : {"by", "reason"})
    if (command.has(key)) entry.set(key, command[key]);
  turn.s.history.is_null() ? turn.s.history.push_back(entry) : turn.s.history.insert_at(0, entry);
  const auto limit = static_cast<std::size_t>(turn.o.release["spec"]["revisionHistoryLimit"].as_int(kDefaultHistory));
  while (turn.s.history.size() > limit) turn.s.history.erase_at(turn.s.history.size() - 1);
}

bool served(const Value& entry) {
  const std::string_view result = entry["result"].as_string();
  return result == "Released" || result == "Adopted";
}

void finish_release(Turn& turn) {
  State& s = turn.s;
  const Revision released = *s.candidate;
  summarise_runs(turn);
  remember(turn, released, "Released");
  turn.log("release.done", fmt::format("revision {} ({}) serves all users", released.number, to_text(released)));
  turn.note(Note::Kind::Normal, "Released", fmt::format("revision {} is released", released.number));
  s.stable = released;
  s.rejected.reset();
  clear_progress(s);
  s.phase = Phase::Idle;
  s.message = fmt::format("revision {} serves all users", released.number);
  if (!asks_for(turn.o, released)) keep_place(turn);
  delete_variant_services(turn);
  trim_runs(turn);
  trim_revisions(turn);
}

void finish_retreat(Turn& turn) {
  State& s = turn.s;
  const Retreat r = *s.retreat;
  summarise_runs(turn);
  remember(turn, r.from, result_of(r.cause), &r);
  turn.log("rollback.done",
           fmt::format("back on revision {} after revision {}: {}", s.stable->number, r.from.number, r.message));
  s.phase = Phase::Idle;
  s.message = fmt::format("revision {} serves all users", s.stable->number);
  if (rejects(r.cause) || r.cause == Cause::Reverted) s.last_rollback = r;
  if (rejects(r.cause)) hold(turn, r);
  terminate_runs(turn, true);
  clear_progress(s);
  delete_variant_services(turn);
  if (r.cause == Cause::Superseded) keep_place(turn);
  trim_runs(turn);
  trim_revisions(turn);
}

}  // namespace slipway::delivery
