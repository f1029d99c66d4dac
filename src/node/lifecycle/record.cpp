#include "node/lifecycle/record.h"

#include <algorithm>

#include "node/lifecycle/spec.h"

namespace slipway::node::lifecycle {

using data::Value;

namespace {

constexpr base::Duration kRetryFirst = base::seconds(1),
                         kRetryMost = base::seconds(30);  // of what could not even be tried
constexpr base::Duration kBackoffForgiven = base::minutes(10);
constexpr base::Duration kEagerFirst = base::milliseconds(10);

base::Duration retry_delay(int failures) {
  return std::min(kRetryFirst * (1 << std::min(failures - 1, 5)), kRetryMost);
}

// The record of this very run, or null when the answer is about an older one.
ContainerRecord* current(PodRecord& record, const ContainerKey& key) {
  const auto it = record.containers.find(key.container);
  return it != record.containers.end() && it->second.attempt == key.attempt ? &it->second : nullptr;
}

void begin_run(ContainerRecord& c, const ContainerState& state, const Clock& clock) {
  c.phase = ContainerRecord::Phase::Running;
  c.current = state;
  c.end_reason = c.end_message = {};
  c.running_since = clock.mono;
  c.failed_starts = 0;
  c.probes.clear();
  c.started = c.ready = false;
  c.stop = ContainerRecord::Stop::No;
  c.stop_asked = c.hook_done = c.kill_extended = c.post_start_asking = c.post_start_failed = false;
}

void end_run(ContainerRecord& c, const Clock& clock) {
  c.phase = ContainerRecord::Phase::Ended;
  c.ended_at = clock.mono;
  c.started = c.ready = c.post_start_due = false;
  if (clock.mono - c.running_since >= kBackoffForgiven) c.backoff = base::Duration(0);
}

// The first attempts come quickly, since most programs listen within milliseconds; what fails then is not counted.
bool is_eager(ProbeRecord& p, ProbeKind kind, bool ok, const Clock& clock) {
  if (ok || kind == ProbeKind::Liveness || p.successes > 0 || p.failures > 0) return false;
  const base::Duration delay = kEagerFirst * (1 << std::min(p.eager, 5));
  if (clock.mono + delay >= p.eager_until) return false;
  ++p.eager;
  p.next = clock.mono + delay;
  return true;
}

}  // namespace

void note_prepared(PodRecord& record) {
  record.preparing = false;
  record.prepared = true;
  record.prepare_reason = record.prepare_message = {};
}

void note_prepare_failed(PodRecord& record, std::string reason, std::string message, const Clock& clock) {
  record.preparing = false;
  record.prepare_reason = std::move(reason);
  record.prepare_message = std::move(message);
  record.prepare_at = clock.mono + retry_delay(++record.failed_prepares);
}

void note_started(PodRecord& record, const ContainerState& state, const Image& image, bool has_post_start,
                  const Clock& clock) {
  ContainerRecord* c = current(record, state.key);
  if (c == nullptr || c->phase != ContainerRecord::Phase::Starting) return;
  begin_run(*c, state, clock);
  c->post_start_due = has_post_start;
  c->image = image.reference;
  c->image_id = image.digest;
}

void note_not_startable(PodRecord& record, const std::string& container, std::string reason, std::string message,
                        const Clock& clock) {
  ContainerRecord& c = record.containers[container];
  c.phase = ContainerRecord::Phase::Waiting;
  c.waiting_reason = std::move(reason);
  c.waiting_message = std::move(message);
  c.start_at = clock.mono + retry_delay(++c.failed_starts);
}

void note_start_failed(PodRecord& record, const ContainerKey& key, std::string message, const Clock& clock) {
  ContainerRecord* c = current(record, key);
  if (c == nullptr || c->phase != ContainerRecord::Phase::Starting) return;
  begin_run(*c, {.key = key, .started = clock.now, .ended = clock.now, .exit_code = 128}, clock);
  end_run(*c, clock);
  c->end_reason = "StartError";
  c->end_message = std::move(message);
}

void note_ended(PodRecord& record, const ContainerState& state, const Clock& clock) {
  ContainerRecord* c = current(record, state.key);
  if (c == nullptr || c->phase == ContainerRecord::Phase::Ended || c->phase == ContainerRecord::Phase::Waiting) return;
  if (c->phase == ContainerRecord::Phase::Starting) begin_run(*c, state, clock);  // ended before its start was told
  c->current = state;
  end_run(*c, clock);
}

void note_check(PodRecord& record, const Value& pod, const ContainerKey& key, ProbeKind kind, const CheckResult& result,
                const Clock& clock) {
  ContainerRecord* c = current(record, key);
  if (c == nullptr || c->phase != ContainerRecord::Phase::Running) return;
  ProbeRecord& p = c->probes[kind];
  const Value& spec = probe_spec(container_spec(pod, key.container), kind);
  p.asking = false;
  if (is_eager(p, kind, result.ok, clock)) return;
  p.next = clock.mono + probe_period(spec);
  p.successes = result.ok ? p.successes + 1 : 0;
  p.failures = result.ok ? 0 : p.failures + 1;
  const bool passed = p.successes >= probe_successes(spec, kind), failed = p.failures >= probe_failures(spec);
  if (kind == ProbeKind::Startup && passed) c->started = true;
  if (kind == ProbeKind::Readiness && (passed || failed)) c->ready = passed;
  if (kind != ProbeKind::Readiness && failed && c->stop == ContainerRecord::Stop::No && !c->stop_asked) {
    c->stop_asked = true;
    const Value& own = spec["terminationGracePeriodSeconds"];
    c->stop_grace = own.is_int() ? base::seconds(own.as_int()) : grace_of(pod);
    p.failures = 0;
  }
}

void note_post_start(PodRecord& record, const ContainerKey& key, bool ok) {
  ContainerRecord* c = current(record, key);
  if (c == nullptr || c->phase != ContainerRecord::Phase::Running) return;
  c->post_start_due = c->post_start_asking = false;
  c->post_start_failed = !ok;
}

void note_pre_stop(PodRecord& record, const ContainerKey& key) {
  if (ContainerRecord* c = current(record, key)) c->hook_done = true;
}

}  // namespace slipway::node::lifecycle
