#include "base/error.h"
#include "view/view.h"

namespace slipway::view {
namespace {

using data::Value;

void put(Value& out, const char* key, const std::optional<Time>& t) {
  if (t) out.set(key, delivery::stamp(*t));
}
void put(Value& out, const char* key, const std::optional<double>& d) {
  if (d) out.set(key, *d);
}

const char* text_of(StepState state) {
  switch (state) {
    case StepState::Done:
      return "done";
    case StepState::Current:
      return "current";
    case StepState::Waiting:
      return "waiting";
    case StepState::Failed:
      return "failed";
    case StepState::Skipped:
      return "skipped";
  }
  base::bug("unknown state", __FILE__, __LINE__);
}

const char* text_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::UnderWay:
      return "under-way";
    case Outcome::Healthy:
      return "healthy";
    case Outcome::WaitsForPerson:
      return "waits-for-person";
    case Outcome::EndedBadly:
      return "ended-badly";
    case Outcome::Invalid:
      return "invalid";
  }
  base::bug("unknown outcome", __FILE__, __LINE__);
}

template <class T, class F>
Value list(const std::vector<T>& items, F each) {
  Value out = Value::array();
  for (const T& item : items) out.push_back(each(item));
  return out;
}

Value of(const MetricView& m) {
  Value out = Value::object({{"name", m.name},
                             {"unit", m.unit},
                             {"limit", m.limit},
                             {"phase", m.phase},
                             {"samples", m.samples},
                             {"passed", m.passed},
                             {"failed", m.failed},
                             {"series", list(m.series, [](double d) { return Value(d); })}});
  put(out, "value", m.value);
  put(out, "stable", m.stable);
  return out;
}

Value of(const CommandView& c) {
  Value out = Value::object();
  put(out, "at", c.at);
  for (const auto& [key, text] : {std::pair{"verb", &c.verb}, {"by", &c.by}, {"reason", &c.reason}, {"tool", &c.tool}})
    if (!text->empty()) out.set(key, *text);
  return out;
}

Value of(const Difference& d) { return Value::object({{"field", d.field}, {"from", d.from}, {"to", d.to}}); }

Value of(const TimeLeft& left) {
  return Value::object(
      {{"seconds", base::to_seconds(left.time)}, {"approvals", left.approvals}, {"complete", left.complete}});
}

Value of(const StepView& s) {
  Value out = Value::object({{"number", s.number}, {"text", s.text}, {"state", text_of(s.state)}});
  put(out, "began", s.began);
  put(out, "ended", s.ended);
  put(out, "ends", s.ends);
  if (s.length) out.set("lengthSeconds", base::to_seconds(*s.length));
  if (!s.commands.empty()) out.set("commands", list(s.commands, [](const CommandView& c) { return of(c); }));
  if (!s.metrics.empty()) out.set("metrics", list(s.metrics, [](const MetricView& m) { return of(m); }));
  return out;
}

Value of(const PodView& p) {
  return Value::object({{"name", p.name},
                        {"ready", p.ready},
                        {"status", p.status},
                        {"restarts", p.restarts},
                        {"ageSeconds", base::to_seconds(p.age)}});
}

Value of(const VersionView& v) {
  Value out = Value::object({{"role", v.role},
                             {"revision", v.revision},
                             {"replicaSet", v.replica_set},
                             {"images", v.images},
                             {"ready", v.ready},
                             {"wanted", v.wanted},
                             {"pods", list(v.pods, [](const PodView& p) { return of(p); })}});
  put(out, "until", v.until);
  return out;
}

Value of(const LogFinding& f) { return Value::object({{"text", f.text}, {"pod", f.pod}, {"count", f.count}}); }

Value of(const delivery::Trouble& t, const ReleaseView& v) {
  return delivery::to_value(t)
      .with("meaning", delivery::entry_of(t.kind).meaning)
      .with("remedy", delivery::remedy_of(t, v.name, v.space));
}

Value of(const LogEntry& e) {
  Value out = Value::object({{"time", delivery::stamp(e.time)}, {"rule", e.rule}, {"text", e.text}});
  if (!e.inputs.is_empty()) out.set("inputs", e.inputs);
  return out;
}

Value of(const HistoryEntry& h) {
  Value out = Value::object({{"revision", h.revision}, {"images", h.images}, {"result", h.result}});
  for (const auto& [key, text] : {std::pair{"cause", &h.cause},
                                  {"message", &h.message},
                                  {"verification", &h.verification},
                                  {"by", &h.by},
                                  {"reason", &h.reason}})
    if (!text->empty()) out.set(key, *text);
  if (!h.config.empty()) out.set("config", delivery::to_value(h.config));
  put(out, "started", h.started);
  put(out, "finished", h.finished);
  return out;
}

// Revisions, rollback and the like as the status says them.
Value status_of(const ReleaseView& v) {
  delivery::State part;
  part.stable = v.stable;
  part.candidate = v.candidate;
  part.rejected = v.rejected;
  part.retreat = v.rollback;
  part.variants = v.variants;
  part.preview = v.preview;
  part.switched = v.switched;
  if (v.waiting) part.waiting = *v.waiting;
  if (v.overridden) part.override_windows = *v.overridden;
  return delivery::write_state(part);
}

}  // namespace

Value to_value(const ReleaseView& v) {
  const Value status = status_of(v);
  Value out = Value::object({{"schema", "slipway.dev/release-view/v1"},
                             {"name", v.name},
                             {"namespace", v.space},
                             {"target", v.target},
                             {"targetKind", v.target_kind},
                             {"strategy", v.strategy},
                             {"phase", delivery::to_text(v.phase)},
                             {"outcome", text_of(outcome_of(v))},
                             {"message", v.message}});
  for (const char* key :
       {"stable", "candidate", "variants", "preview", "switch", "rejected", "rollback", "waiting", "override"})
    if (status.has(key)) out.set(key, status[key]);
  if (v.routed) {
    Value traffic = Value::object({{"wanted", v.wanted}});
    put(traffic, "verified", v.verified);
    if (!v.beside.empty()) traffic.set("beside", v.beside);
    if (v.stable_requests >= 0) traffic.set("stableRequests", v.stable_requests);
    out.set("traffic", traffic);
  }
  if (!v.preview_address.empty()) out.set("previewAddress", v.preview_address);
  put(out, "began", v.began);
  if (v.asked) out.set("asked", of(*v.asked));
  if (v.left) out.set("left", of(*v.left));
  if (!v.changed.empty()) out.set("changed", list(v.changed, [](const Difference& d) { return of(d); }));
  if (!v.findings.empty()) out.set("findings", list(v.findings, [](const LogFinding& f) { return of(f); }));
  out.set("steps", list(v.steps, [](const StepView& s) { return of(s); }));
  out.set("metrics", list(v.metrics, [](const MetricView& m) { return of(m); }));
  out.set("versions", list(v.versions, [](const VersionView& s) { return of(s); }));
  out.set("troubles", list(v.troubles, [&](const delivery::Trouble& t) { return of(t, v); }));
  out.set("log", list(v.log, [](const LogEntry& e) { return of(e); }));
  out.set("history", list(v.history, [](const HistoryEntry& h) { return of(h); }));
  return out;
}

}  // namespace slipway::view
