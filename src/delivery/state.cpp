#include "delivery/state.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "delivery/status_parts.h"

namespace slipway::delivery {
namespace {

using data::Value;
using namespace status_parts;

template <class E, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, E e) {
  return names[static_cast<std::size_t>(e)];
}
template <class E, std::size_t N>
E value_in(const std::array<std::string_view, N>& names, std::string_view text, E fallback) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<E>(i);
  return fallback;
}

constexpr std::array<std::string_view, 11> kPhases = {"Pending",     "Invalid",   "Idle",      "Progressing",
                                                      "Paused",      "Waiting",   "Keeping",   "Promoting",
                                                      "RollingBack", "Verifying", "RolledBack"};
constexpr std::array<std::string_view, 5> kWaitReasons = {"", "Window", "PolicyWindow", "Stop", "Place"};
constexpr std::array<std::string_view, 11> kCauses = {
    "AnalysisFailed", "AnalysisInconclusive", "Restarts", "ProbeFailures", "Deadline", "HookFailed", "Stuck",
    "Aborted",        "Superseded",           "Reverted", "Deleted"};
constexpr std::array<std::string_view, 5> kChecks = {"Pending", "Passed", "Failed", "TimedOut", "Skipped"};

Value write(const Revision& r) {
  Value out = Value::object({{"revision", r.number}, {"hash", r.hash}});
  put(out, "templateHash", r.template_hash);
  put(out, "images", r.images);
  put(out, "startedAt", r.started_at);
  put_if(out, "config", to_value(r.config));
  return out;
}
Revision read_revision(const Value& v) {
  return {v["revision"].as_int(), v["hash"].str(),           v["templateHash"].str(),
          v["images"].str(),      read_time(v["startedAt"]), config_hashes(v["config"])};
}

Value write(const Rejected& r) {
  Value out = write(static_cast<const Revision&>(r));
  put(out, "cause", r.cause);
  put(out, "message", r.message);
  put(out, "at", r.at);
  if (r.restored) out.set("templateRestored", true);
  return out;
}
Rejected read_rejected(const Value& v) {
  return {read_revision(v), v["cause"].str(), v["message"].str(), read_time(v["at"]), v["templateRestored"].as_bool()};
}

Value write(const Position& p) {
  Value out = Value::object();
  put(out, "plan", p.plan);
  put_number(out, "index", p.index);
  put(out, "since", p.since);
  put_number(out, "attempt", p.attempt);
  if (p.full) out.set("full", true);
  if (p.handed_over) out.set("handedOver", true);
  if (p.fast) out.set("fast", true);
  put_number(out, "backTo", p.back_to, -1);
  put(out, "measuredFrom", p.measured_from);
  return out;
}
Position read_position(const Value& v) {
  return {v["plan"].str(),       v["index"].as_int(),    read_time(v["since"]),
          v["attempt"].as_int(), v["full"].as_bool(),    v["handedOver"].as_bool(),
          v["fast"].as_bool(),   v["backTo"].as_int(-1), read_time(v["measuredFrom"])};
}

Value percent(std::int64_t points) {
  return points % 100 == 0 ? Value(points / 100) : Value(static_cast<double>(points) / 100);
}
std::int64_t points(const Value& v, std::int64_t fallback) {
  return v.is_number() ? static_cast<std::int64_t>(v.as_double() * 100 + 0.5) : fallback;
}

// In percent, because people read it.
Value write(const TrafficState& t) {
  Value out = Value::object();
  if (t == TrafficState{}) return out;
  out.set("wanted", percent(t.wanted));
  put(out, "rules", t.rules);
  if (t.verified >= 0) out.set("verified", percent(t.verified));
  put_number(out, "routeGeneration", t.generation);
  put(out, "verifiedAt", t.verified_at);
  if (t.reached >= 0) out.set("reached", percent(t.reached));
  Value given = Value::array();
  for (const plan::Grant& grant : t.given)
    given.push_back(Value::object({{"cohort", grant.cohort}, {"share", percent(grant.share.points)}}));
  put_if(out, "given", given);
  put(out, "disturbedAt", t.disturbed_at);
  if (t.taken > 0) out.set("changedByOthers", t.taken);
  put(out, "changedByOthersAt", t.taken_at);
  if (t.stable_requests >= 0) out.set("stableRequests", t.stable_requests);
  if (t.stable_requests_before >= 0) out.set("stableRequestsBefore", t.stable_requests_before);
  return out;
}
std::vector<plan::Grant> read_given(const Value& list) {
  std::vector<plan::Grant> out;
  for (const Value& v : list.items()) out.push_back({v["cohort"].str(), {points(v["share"], 0)}});
  return out;
}
TrafficState read_traffic(const Value& v) {
  return {points(v["wanted"], 0),         v["rules"].str(),
          points(v["verified"], -1),      v["routeGeneration"].as_int(),
          read_time(v["verifiedAt"]),     points(v["reached"], -1),
          read_given(v["given"]),         read_time(v["disturbedAt"]),
          v["changedByOthers"].as_int(),  read_time(v["changedByOthersAt"]),
          v["stableRequests"].as_int(-1), v["stableRequestsBefore"].as_int(-1)};
}

Value write(const SwitchState& s) {
  Value out = Value::object();
  put(out, "writtenAt", s.written_at);
  put(out, "verifiedAt", s.verified_at);
  put(out, "countedAt", s.counted_at);
  if (s.counted_for > base::Duration{}) out.set("countedFor", base::format_duration(s.counted_for));
  put_number(out, "requests", s.requests, -1);
  put_number(out, "failed", s.failed, -1);
  return out;
}
SwitchState read_switch(const Value& v) {
  return {read_time(v["writtenAt"]), read_time(v["verifiedAt"]),
          read_time(v["countedAt"]), base::parse_duration(v["countedFor"].as_string()).value_or(base::Duration{}),
          v["requests"].as_int(-1),  v["failed"].as_int(-1)};
}

Value write(const Standing& s) {
  Value out = Value::object();
  if (!s.since) return out;
  out.set("generation", s.generation);
  put(out, "since", s.since);
  return out;
}
Standing read_standing(const Value& v) { return {v["generation"].as_int(), read_time(v["since"])}; }

Value write(const Replicas& r) {
  return Value::object({{"stable", r.stable},
                        {"stableReady", r.stable_ready},
                        {"candidate", r.candidate},
                        {"candidateReady", r.candidate_ready}});
}
Replicas read_replicas(const Value& v) {
  return {v["stable"].as_int(), v["stableReady"].as_int(), v["candidate"].as_int(), v["candidateReady"].as_int()};
}

Value write(const PreviewState& p) {
  return Value::object({{"namespace", p.space}, {"service", p.service}, {"replicas", p.replicas}, {"ready", p.ready}});
}
PreviewState read_preview(const Value& v) {
  return {v["namespace"].str(), v["service"].str(), v["replicas"].as_int(), v["ready"].as_int()};
}

Value write(const GuardState& g) {
  Value out = Value::object();
  put_number(out, "restarts", g.restarts);
  put_number(out, "lostReadiness", g.lost_readiness);
  put_number(out, "pods", g.pods);
  put_number(out, "ready", g.ready);
  put_number(out, "overruledRestarts", g.overruled_restarts);
  return out;
}
GuardState read_guard(const Value& v) {
  return {v["restarts"].as_int(), v["lostReadiness"].as_int(), v["pods"].as_int(), v["ready"].as_int(),
          v["overruledRestarts"].as_int()};
}

Value write(const VariantState& v) {
  Value out = write(static_cast<const Revision&>(v));
  put(out, "name", v.name);
  put(out, "service", v.service);
  put(out, "identity", v.identity);
  out.set("share", percent(v.share));
  out.set("replicas", v.replicas);
  out.set("ready", v.ready);
  put_number(out, "requests", v.requests, -1);
  put_number(out, "requestsBefore", v.requests_before, -1);
  put_number(out, "restarts", v.guard.restarts);
  put_number(out, "lostReadiness", v.guard.lost_readiness);
  put_number(out, "pods", v.guard.pods);
  put_number(out, "podsReady", v.guard.ready);
  put_number(out, "overruledRestarts", v.guard.overruled_restarts);
  put(out, "stoppedAt", v.stopped_at);
  put(out, "cause", v.cause);
  put(out, "message", v.message);
  return out;
}
VariantState read_variant(const Value& v) {
  return {read_revision(v),
          v["name"].str(),
          v["service"].str(),
          v["identity"].str(),
          {v["restarts"].as_int(), v["lostReadiness"].as_int(), v["pods"].as_int(), v["podsReady"].as_int(),
           v["overruledRestarts"].as_int()},
          points(v["share"], 0),
          v["replicas"].as_int(),
          v["ready"].as_int(),
          v["requests"].as_int(-1),
          read_time(v["stoppedAt"]),
          v["cause"].str(),
          v["message"].str(),
          v["requestsBefore"].as_int(-1)};
}

Value write(const Halt& h) {
  Value out = Value::object({{"cause", to_text(h.cause)}});
  put(out, "message", h.message);
  put(out, "metric", h.metric);
  put(out, "at", h.at);
  return out;
}
Halt read_halt(const Value& v) {
  return {value_in(kCauses, v["cause"].as_string(), Cause::AnalysisFailed), v["message"].str(), v["metric"].str(),
          read_time(v["at"])};
}

Value write(const Check& c) {
  Value out = Value::object({{"name", c.name}, {"state", to_text(c.state)}});
  put(out, "message", c.message);
  return out;
}
Check read_check(const Value& v) {
  return {v["name"].str(), value_in(kChecks, v["state"].as_string(), CheckState::Pending), v["message"].str()};
}

Value write(const Verification& v) {
  Value out = Value::object({{"phase", to_text(v.state)}});
  put(out, "startedAt", v.started_at);
  put(out, "finishedAt", v.finished_at);
  Value checks = Value::array();
  for (const Check& c : v.checks) checks.push_back(write(c));
  put_if(out, "checks", checks);
  return out;
}
Verification read_verification(const Value& v) {
  Verification out{value_in(kChecks, v["phase"].as_string(), CheckState::Pending),
                   read_time(v["startedAt"]),
                   read_time(v["finishedAt"]),
                   {}};
  for (const Value& c : v["checks"].items()) out.checks.push_back(read_check(c));
  return out;
}

Value write(const FailedRequests& f) {
  Value out = Value::object();
  put(out, "method", f.method);
  put(out, "path", f.path);
  put_number(out, "status", f.status);
  put_number(out, "count", f.count);
  put(out, "firstAt", f.first_at);
  put(out, "firstOn", f.first_on);
  return out;
}
Value write(const Retreat& r) {
  Value out = Value::object({{"cause", to_text(r.cause)}, {"from", write(r.from)}, {"startedAt", stamp(r.started_at)}});
  put(out, "message", r.message);
  put(out, "metric", r.metric);
  put_if(out, "evidence", r.evidence);
  put_number(out, "step", r.user_step, -1);
  out.set("share", percent(r.share));
  put(out, "failingAt", r.failing_at);
  put(out, "trafficZeroAt", r.traffic_zero_at);
  put(out, "drainedAt", r.drained_at);
  put_number(out, "requests", r.requests, -1);
  put(out, "requestsAt", r.requests_at);
  put(out, "templateRestoredAt", r.restored_at);
  put(out, "podsKeptAt", r.kept_at);
  put(out, "countedAt", r.counted_at);
  if (r.counted_for > base::Duration{}) out.set("countedFor", base::format_duration(r.counted_for));
  put_number(out, "served", r.served, -1);
  put_number(out, "failed", r.failed, -1);
  Value failures = Value::array();
  for (const FailedRequests& f : r.failures) failures.push_back(write(f));
  put_if(out, "failures", failures);
  put_number(out, "failuresTold", r.failures_told);
  out.set("verification", write(r.verification));
  return out;
}
Retreat read_retreat(const Value& v) {
  Retreat out;
  out.cause = value_in(kCauses, v["cause"].as_string(), Cause::Aborted);
  out.message = v["message"].str();
  out.metric = v["metric"].str();
  out.evidence = v["evidence"];
  out.from = read_revision(v["from"]);
  out.user_step = static_cast<int>(v["step"].as_int(-1));
  out.share = points(v["share"], 0);
  out.failing_at = read_time(v["failingAt"]);
  out.started_at = read_time(v["startedAt"]).value_or(Time{});
  out.traffic_zero_at = read_time(v["trafficZeroAt"]);
  out.drained_at = read_time(v["drainedAt"]);
  out.requests = v["requests"].as_int(-1);
  out.requests_at = read_time(v["requestsAt"]);
  out.restored_at = read_time(v["templateRestoredAt"]);
  out.kept_at = read_time(v["podsKeptAt"]);
  out.counted_at = read_time(v["countedAt"]);
  out.counted_for = base::parse_duration(v["countedFor"].as_string()).value_or(base::Duration{});
  out.served = v["served"].as_int(-1);
  out.failed = v["failed"].as_int(-1);
  for (const Value& one : v["failures"].items()) out.failures.push_back(read_failed_requests(one));
  out.failures_told = v["failuresTold"].as_int();
  out.verification = read_verification(v["verification"]);
  return out;
}

Value write(const KeptPod& p) {
  Value out = Value::object({{"name", p.name}, {"uid", p.uid}, {"revision", p.revision}});
  put(out, "until", p.until);
  return out;
}
KeptPod read_kept_pod(const Value& v) {
  return {v["name"].str(), v["uid"].str(), v["revision"].as_int(), read_time(v["until"])};
}

Value write(const CommandRecord& c) {
  Value out = Value::object();
  put(out, "id", c.id);
  put(out, "verb", c.verb);
  put(out, "by", c.by);
  put(out, "reason", c.reason);
  put(out, "result", c.result);
  put(out, "at", c.at);
  return out;
}
CommandRecord read_command(const Value& v) {
  return {v["id"].str(), v["verb"].str(), v["by"].str(), v["reason"].str(), v["result"].str(), read_time(v["at"])};
}

Value write(const Waiting& w) {
  Value out = Value::object();
  put(out, "reason", std::string(to_text(w.reason)));
  put(out, "window", w.window);
  put(out, "until", w.until);
  return out;
}
Waiting read_waiting(const Value& v) {
  return {value_in(kWaitReasons, v["reason"].as_string(), WaitReason::None), v["window"].str(), read_time(v["until"])};
}

Value write(const Override& o) {
  Value out = Value::object();
  put(out, "by", o.by);
  put(out, "reason", o.reason);
  put(out, "at", o.at);
  return out;
}
Override read_override(const Value& v) { return {v["by"].str(), v["reason"].str(), read_time(v["at"])}; }

Value write(const Asking& a) {
  Value out = Value::object();
  put(out, "identity", a.identity);
  put(out, "since", a.since);
  return out;
}
Asking read_asking(const Value& v) { return {v["identity"].str(), read_time(v["since"])}; }

Value write(const Ticket& t) {
  Value out = Value::object();
  put_number(out, "number", t.number);
  put(out, "since", t.since);
  return out;
}
Ticket read_ticket(const Value& v) { return {v["number"].as_int(), read_time(v["since"])}; }

Value write(const AnalysisSummary& a) {
  Value out = Value::object({{"run", a.run}, {"phase", a.phase}});
  put_number(out, "step", a.user_step, -1);
  put(out, "variant", a.variant);
  put_if(out, "metrics", a.metrics);
  return out;
}
AnalysisSummary read_analysis(const Value& v) {
  return {v["run"].str(), v["step"].as_int(-1), v["phase"].str(), v["variant"].str(), v["metrics"]};
}

void write_main(const State& s, Value& out) {
  put_number(out, "observedGeneration", s.observed_generation);
  out.set("phase", to_text(s.phase));
  put(out, "message", s.message);
  if (s.stable) out.set("stable", write(*s.stable));
  if (s.candidate) out.set("candidate", write(*s.candidate));
  Value variants = Value::array();
  for (const VariantState& v : s.variants) variants.push_back(write(v));
  put_if(out, "variants", variants);
  if (s.rejected) out.set("rejected", write(*s.rejected));
  put_if(out, "asking", write(s.asking));
  put_if(out, "position", write(s.position));
  if (s.user_steps > 0) out.set("step", Value::object({{"index", s.user_step}, {"count", s.user_steps}}));
  Value names = Value::array();
  for (const std::string& name : s.step_names) names.push_back(name);
  put_if(out, "steps", names);
}

void write_details(const State& s, Value& out) {
  put_if(out, "traffic", write(s.traffic));
  put_if(out, "switch", write(s.switched));
  put_if(out, "begun", s.begun);
  put_if(out, "cohorts", s.cohorts);
  put_if(out, "route", write(s.standing));
  if (s.stable) out.set("replicas", write(s.replicas));
  if (s.preview) out.set("preview", write(*s.preview));
  put_if(out, "guard", write(s.guard));
  Value troubles = Value::array();
  for (const Trouble& t : s.troubles) troubles.push_back(to_value(t));
  put_if(out, "troubles", troubles);
  Value analysis = Value::array();
  for (const AnalysisSummary& a : s.analysis) analysis.push_back(write(a));
  put_if(out, "analysis", analysis);
  if (s.halt) out.set("halt", write(*s.halt));
  if (s.retreat) out.set("rollback", write(*s.retreat));
  if (s.last_rollback) out.set("lastRollback", write(*s.last_rollback));
  Value kept = Value::array();
  for (const KeptPod& p : s.kept_pods) kept.push_back(write(p));
  put_if(out, "keptPods", kept);
  put_if(out, "command", write(s.command));
  put_if(out, "waiting", write(s.waiting));
  put_if(out, "override", write(s.override_windows));
  put_if(out, "ticket", write(s.ticket));
  put_number(out, "collisionCount", s.collisions);
  put_if(out, "history", s.history);
  put_if(out, "log", s.log);
  put_if(out, "events", s.events);
  put_if(out, "conditions", s.conditions);
}

template <class T>
std::optional<T> when_there(const Value& v, T (*read)(const Value&)) {
  return v.is_object() ? std::optional(read(v)) : std::nullopt;
}

}  // namespace

std::string_view to_text(Phase phase) { return name_in(kPhases, phase); }
std::string_view to_text(Cause cause) { return name_in(kCauses, cause); }
std::string_view to_text(WaitReason reason) { return name_in(kWaitReasons, reason); }
std::string_view to_text(CheckState state) { return name_in(kChecks, state); }

bool rejects(Cause cause) {
  switch (cause) {
    case Cause::AnalysisFailed:
    case Cause::AnalysisInconclusive:
    case Cause::Restarts:
    case Cause::ProbeFailures:
    case Cause::Deadline:
    case Cause::HookFailed:
    case Cause::Stuck:
    case Cause::Aborted:
      return true;
    case Cause::Superseded:
    case Cause::Reverted:
    case Cause::Deleted:
      return false;
  }
  base::bug("unknown cause", __FILE__, __LINE__);
}

Check& Verification::check(std::string_view name) {
  for (Check& c : checks)
    if (c.name == name) return c;
  return checks.emplace_back(Check{std::string(name)});
}

std::string to_text(const Revision& revision) {
  return revision.config.empty() ? revision.images : revision.images + ", " + to_text(revision.config);
}

std::string stamp(Time t) { return base::format_micro_time(t); }

std::int64_t newest_number(const State& s) {
  std::int64_t out = 0;
  if (s.stable) out = std::max(out, s.stable->number);
  if (s.candidate) out = std::max(out, s.candidate->number);
  if (s.rejected) out = std::max(out, s.rejected->number);
  for (const Value& entry : s.history.items()) out = std::max(out, entry["revision"].as_int());
  return out;
}

bool claims_place(const State& state) { return state.candidate || state.waiting.reason == WaitReason::Place; }

FailedRequests read_failed_requests(const Value& v) {
  return {v["method"].str(),   v["path"].str(),         v["status"].as_int(),
          v["count"].as_int(), read_time(v["firstAt"]), v["firstOn"].str()};
}

State read_state(const Value& v) {
  State s;
  s.observed_generation = v["observedGeneration"].as_int();
  s.phase = value_in(kPhases, v["phase"].as_string(), Phase::Pending);
  s.message = v["message"].str();
  s.stable = when_there(v["stable"], read_revision);
  s.candidate = when_there(v["candidate"], read_revision);
  for (const Value& variant : v["variants"].items()) s.variants.push_back(read_variant(variant));
  s.rejected = when_there(v["rejected"], read_rejected);
  s.asking = read_asking(v["asking"]);
  s.position = read_position(v["position"]);
  s.user_step = static_cast<int>(v["step"]["index"].as_int(-1));
  s.user_steps = static_cast<int>(v["step"]["count"].as_int());
  for (const Value& name : v["steps"].items()) s.step_names.push_back(name.str());
  s.traffic = read_traffic(v["traffic"]);
  s.switched = read_switch(v["switch"]);
  s.begun = v["begun"];
  s.cohorts = v["cohorts"];
  s.standing = read_standing(v["route"]);
  s.replicas = read_replicas(v["replicas"]);
  s.preview = when_there(v["preview"], read_preview);
  s.guard = read_guard(v["guard"]);
  for (const Value& t : v["troubles"].items())
    if (auto trouble = trouble_of(t)) s.troubles.push_back(*std::move(trouble));
  for (const Value& a : v["analysis"].items()) s.analysis.push_back(read_analysis(a));
  s.halt = when_there(v["halt"], read_halt);
  s.retreat = when_there(v["rollback"], read_retreat);
  s.last_rollback = when_there(v["lastRollback"], read_retreat);
  for (const Value& p : v["keptPods"].items()) s.kept_pods.push_back(read_kept_pod(p));
  s.command = read_command(v["command"]);
  s.waiting = read_waiting(v["waiting"]);
  s.override_windows = read_override(v["override"]);
  s.ticket = read_ticket(v["ticket"]);
  s.collisions = v["collisionCount"].as_int();
  s.history = v["history"];
  s.log = v["log"];
  s.events = v["events"];
  s.conditions = v["conditions"];
  return s;
}

Value write_state(const State& s) {
  Value out = Value::object();
  write_main(s, out);
  write_details(s, out);
  return out;
}

}  // namespace slipway::delivery
