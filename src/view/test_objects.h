// Objects of a release, as views are computed from them. Test code only.
#pragma once

#include <string>

#include "base/error.h"
#include "base/strings.h"
#include "data/json.h"
#include "delivery/plan/compile.h"
#include "view/render.h"
#include "view/view.h"

namespace slipway::view::test {

using data::Value;

inline Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

inline const Time kNow = *base::parse_time("2026-11-23T12:02:18Z");
inline Time ago(int seconds) { return kNow - base::seconds(seconds); }

inline Value replica_set(const char* name, const char* hash, const char* revision, int replicas, const char* image) {
  Value v = json(R"({"metadata":{"namespace":"shop"},"spec":{}})");
  v.set({"metadata", "name"}, name);
  v.set({"metadata", "uid"}, std::string("uid-") + name);
  v.set({"metadata", "labels", "pod-template-hash"}, hash);
  v.set({"metadata", "annotations", "deployment.kubernetes.io/revision"}, revision);
  v.set({"spec", "replicas"}, replicas);
  v.set({"spec", "template", "spec", "containers"}, Value::array({Value::object({{"name", "web"}, {"image", image}})}));
  return v;
}

inline Value pod(const char* name, const char* rs, bool ready, int restarts) {
  Value v = json(R"({"metadata":{"namespace":"shop"},"status":{"phase":"Running"}})");
  v.set({"metadata", "name"}, name);
  v.set({"metadata", "creationTimestamp"}, base::format_time(ago(180)));
  v.set(
      {"metadata", "ownerReferences"},
      Value::array({Value::object({{"kind", "ReplicaSet"}, {"uid", std::string("uid-") + rs}, {"controller", true}})}));
  v.set({"status", "conditions"},
        Value::array({Value::object({{"type", "Ready"}, {"status", ready ? "True" : "False"}})}));
  Value container = Value::object({{"restartCount", restarts}});
  if (!ready)
    container.set({"state", "waiting"}, json(R"({"reason":"ImagePullBackOff","message":"shop/web:v9 is not there"})"));
  v.set({"status", "containerStatuses"}, Value::array({container}));
  return v;
}

inline Value measurement(double value, double stable, const char* verdict) {
  return Value::object({{"verdict", verdict},
                        {"value", value},
                        {"stable", stable},
                        {"samples", 1000},
                        {"stableSamples", 3000},
                        {"finishedAt", delivery::stamp(ago(5))}});
}

inline Value run(const char* name, int step, const char* phase, double value) {
  Value v = json(R"({"metadata":{"namespace":"shop"},"spec":{"kind":"Step"},"status":{}})");
  v.set({"metadata", "name"}, name);
  v.set({"spec", "step"}, step);
  v.set({"status", "startedAt"}, delivery::stamp(ago(30)));
  v.set({"status", "phase"}, phase);
  Value m = json(R"({"name":"error-rate","unit":"ratio","limit":"1 %","successful":2,"failed":0,"wanted":3})");
  m.set("phase", phase);
  m.set("measurements",
        Value::array({measurement(value / 2, 0.001, "Passed"),
                      measurement(value, 0.002, std::string_view(phase) == "Failed" ? "Failed" : "Passed")}));
  v.set({"status", "metricResults"}, Value::array({m}));
  return v;
}

inline Value entry(int seconds_ago, const char* rule, const char* text, int step = -1) {
  Value e = Value::object({{"time", delivery::stamp(ago(seconds_ago))}, {"rule", rule}, {"text", text}});
  if (step >= 0) e.set({"inputs", "step"}, step);
  return e;
}

inline delivery::State canary_state() {
  delivery::State s;
  s.phase = delivery::Phase::Progressing;
  s.message = "analysis web-13-1-2 is measuring";
  s.stable = {.number = 12, .hash = "h12", .images = "web=shop/web:1.8.2"};
  s.candidate = {.number = 13, .hash = "h13", .images = "web=shop/web:1.9.0", .started_at = ago(138)};
  s.user_step = 1;
  s.user_steps = 4;
  s.traffic = {.wanted = 500, .verified = 500, .generation = 3, .verified_at = ago(40)};
  s.log =
      Value::array({entry(138, "release.start", "revision 13 is to replace revision 12"),
                    entry(70, "traffic.verified", "router read-back shows 5 %"),
                    entry(40, "step.done", "done: 5 % of the traffic to the candidate, verified at the router", 0)});
  return s;
}

inline Objects objects_with(const delivery::State& s) {
  Objects o;
  o.release = json(
      R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
    "strategy":{"canary":{"steps":[{"weight":5},{"analysis":{"templates":[{"name":"errors"}]}},{"weight":50},{"pause":{}}]}}}})");
  o.release.set("status", delivery::write_state(s));
  o.replica_sets = {replica_set("web-a", "h12", "12", 2, "shop/web:1.8.2"),
                    replica_set("web-b", "h13", "13", 1, "shop/web:1.9.0")};
  o.pods = {pod("web-a-1", "web-a", true, 0), pod("web-a-2", "web-a", true, 1), pod("web-b-1", "web-b", false, 0)};
  o.runs = {run("web-13-1-2", 1, "Running", 0.004)};
  return o;
}

// Where the last part of a step of the Release, counted from 0, is in its plan.
inline std::int64_t place_of(const Value& release, int user_step) {
  delivery::plan::CohortSpecs cohorts;
  for (const data::Member& m : release["status"]["cohorts"].members()) cohorts[std::string(m.key.view())] = m.value;
  const auto plan = delivery::plan::compile(release, delivery::plan::gateway_capabilities(), cohorts);
  SLIPWAY_CHECK(plan.has_value());
  std::int64_t out = -1;
  for (std::size_t i = 0; i < plan->steps.size(); ++i)
    if (plan->steps[i].user_step == user_step) out = static_cast<std::int64_t>(i);
  return out;
}

// In that part of the step, or so many before it.
inline void stand_at(Objects& o, int user_step, int before = 0) {
  o.release.set({"status", "position", "index"}, place_of(o.release, user_step) - before);
}

inline std::string text(const Lines& lines) { return base::join(lines, "\n") + "\n"; }

inline Objects rolled_back() {
  delivery::State s = canary_state();
  delivery::Retreat r{.cause = delivery::Cause::AnalysisFailed,
                      .message = "error-rate failed once, 0 tolerated",
                      .metric = "error-rate"};
  r.evidence = Value::array({measurement(0.031, 0.002, "Failed"), measurement(0.047, 0.002, "Failed")});
  r.from = *s.candidate;
  r.user_step = 1;
  r.share = 500;
  r.failing_at = ago(5);
  r.started_at = ago(5) + base::milliseconds(20);
  r.traffic_zero_at = ago(5) + base::milliseconds(420);
  r.drained_at = ago(4);
  r.verification = {.state = delivery::CheckState::Passed,
                    .checks = {{"traffic", delivery::CheckState::Passed, "the router gives nothing to the candidate"},
                               {"metrics", delivery::CheckState::Skipped, "the release has no analysis"}}};
  s.last_rollback = r;
  s.rejected = delivery::Rejected{*s.candidate};
  s.candidate.reset();
  s.phase = delivery::Phase::RolledBack;
  s.message = "revision 13 is held";
  Objects o = objects_with(s);
  o.runs = {run("web-13-1-2", 1, "Failed", 0.047)};
  return o;
}

}  // namespace slipway::view::test
