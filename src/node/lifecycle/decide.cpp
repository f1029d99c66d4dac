#include "node/lifecycle/decide.h"

#include <signal.h>

#include <algorithm>

#include "api/meta.h"
#include "node/lifecycle/spec.h"
#include "node/lifecycle/status.h"

namespace slipway::node::lifecycle {

using data::Value;
using End = PodRecord::End;
using Phase = ContainerRecord::Phase;
using Stop = ContainerRecord::Stop;

namespace {

constexpr base::Duration kBackoffFirst = base::seconds(10), kBackoffMost = base::minutes(5);
constexpr base::Duration kLeastAfterHook =
    base::seconds(2);  // for SIGTERM to work when preStop has eaten the grace period

class Decider {
 public:
  Decider(const Value& pod, PodRecord record, const Clock& clock, const Limits& limits)
      : pod_(pod), r_(std::move(record)), t_(clock), limits_(limits) {}

  Step run() {
    if (!r_.start_time) r_.start_time = t_.now;
    check_deadline();
    if (r_.gone || api::is_deleting(pod_) || r_.end != End::No)
      end_pod();
    else if (!r_.failed_reason.empty() || outcome_of(pod_, r_) != Outcome::Open)
      stop_rest();
    else
      go_on();
    r_.status = status_of(pod_, r_, t_);
    return {std::move(r_), std::move(actions_), wake_};
  }

 private:
  void act(Action action) { actions_.push_back(std::move(action)); }
  void wake(base::MonoTime at) { wake_ = wake_ ? std::min(*wake_, at) : at; }
  // Has this moment come? Otherwise a wake-up is set for it.
  bool due(base::MonoTime at) {
    if (t_.mono >= at) return true;
    wake(at);
    return false;
  }
  ContainerKey key_of(const std::string& name) const {
    return {std::string(api::uid_of(pod_)), name, r_.containers.at(name).attempt};
  }

  // --- on the way up -------------------------------------------------------------------------------------------------

  void check_deadline() {
    const Value& limit = pod_["spec"]["activeDeadlineSeconds"];
    if (!limit.is_int() || !r_.failed_reason.empty() || outcome_of(pod_, r_) != Outcome::Open) return;
    const base::Duration left = *r_.start_time + base::seconds(limit.as_int()) - t_.now;
    if (left > base::Duration(0)) return wake(t_.mono + left);
    r_.failed_reason = "DeadlineExceeded";
    r_.failed_message = "Pod was active on the node longer than the specified deadline";
    act(Tell{true, "DeadlineExceeded", r_.failed_message});
  }

  void go_on() {
    if (!r_.prepared) return prepare();
    for (const Value& spec : pod_["spec"]["initContainers"].items())
      if (!init_step(spec)) return;
    for (const Value& spec : pod_["spec"]["containers"].items()) keep_running(spec);
  }

  void prepare() {
    if (r_.preparing || !due(r_.prepare_at)) return;
    r_.preparing = true;
    act(Prepare{});
  }

  // True when the next one may come.
  bool init_step(const Value& spec) {
    const ContainerRecord& c = r_.containers[spec["name"].str()];
    const bool sidecar = is_sidecar(spec);
    if (!sidecar && c.phase == Phase::Ended && c.current.exit_code == 0) return true;
    keep_running(spec);
    const bool main_has_begun =
        std::any_of(pod_["spec"]["containers"].items().begin(), pod_["spec"]["containers"].items().end(),
                    [&](const Value& m) { return r_.containers.contains(m["name"].str()); });
    return sidecar && (c.started || main_has_begun);
  }

  void keep_running(const Value& spec) {
    const std::string name = spec["name"].str();
    ContainerRecord& c = r_.containers[name];
    switch (c.phase) {
      case Phase::Waiting:
        return start(name, c);
      case Phase::Starting:
        return;
      case Phase::Running:
        return watch(spec, name, c);
      case Phase::Ended:
        return start_again(name, c);
    }
  }

  void start(const std::string& name, ContainerRecord& c) {
    if (!due(c.start_at)) return;
    c.phase = Phase::Starting;
    act(Start{name, c.attempt});
  }

  // The first restart comes at once, the next ones after 10 s, 20 s ... 5 min; ten good minutes are forgiven
  // (note_ended).
  void start_again(const std::string& name, ContainerRecord& c) {
    if (!restarts(pod_, name, c.current.exit_code)) return;
    if (!due(c.ended_at + c.backoff)) return;
    act(Forget{key_of(name)});
    c.last = terminated_value(c);
    c.backoff = std::clamp(c.backoff * 2, kBackoffFirst, kBackoffMost);
    ++c.attempt;
    c.phase = Phase::Waiting;
    c.start_at = t_.mono;
    start(name, c);
  }

  // --- while it runs
  // ---------------------------------------------------------------------------------------------------

  void watch(const Value& spec, const std::string& name, ContainerRecord& c) {
    if (c.post_start_failed && c.stop == Stop::No && !c.stop_asked) {
      c.stop_asked = true;
      c.stop_grace = grace_of(pod_);
      act(Tell{true, "FailedPostStartHook", "PostStartHook of container " + name + " failed"});
    }
    if (c.stop_asked) return stop(spec, name, c, c.stop_grace);
    if (c.post_start_due) return run_post_start(name, c);
    if (probe_spec(spec, ProbeKind::Startup).is_null()) c.started = true;
    if (!c.started) return probe(spec, name, c, ProbeKind::Startup);
    probe(spec, name, c, ProbeKind::Liveness);
    if (probe_spec(spec, ProbeKind::Readiness).is_null()) c.ready = true;
    probe(spec, name, c, ProbeKind::Readiness);
  }

  void run_post_start(const std::string& name, ContainerRecord& c) {
    if (c.post_start_asking) return;
    c.post_start_asking = true;
    act(PostStart{key_of(name)});
  }

  void probe(const Value& spec, const std::string& name, ContainerRecord& c, ProbeKind kind) {
    const Value& p = probe_spec(spec, kind);
    if (p.is_null()) return;
    const auto [it, fresh] = c.probes.try_emplace(kind);
    if (fresh) {
      it->second.next = std::max(c.running_since + probe_delay(p), t_.mono);
      it->second.eager_until = it->second.next + probe_period(p);
    }
    if (it->second.asking || !due(it->second.next)) return;
    it->second.asking = true;
    act(Check{key_of(name), kind});
  }

  // --- on the way down
  // -------------------------------------------------------------------------------------------------

  bool is_over(const ContainerRecord& c) const { return c.phase == Phase::Ended || c.phase == Phase::Waiting; }

  // preStop, SIGTERM, SIGKILL: one step further where its time has come.
  void stop(const Value& spec, const std::string& name, ContainerRecord& c, base::Duration grace) {
    if (c.phase != Phase::Running) return;
    if (c.stop == Stop::No) {
      c.kill_at = t_.mono + grace;
      c.ready = c.ready && !c.stop_asked;
      act(Tell{false, "Killing", "Stopping container " + name});
      const bool hook = grace > base::Duration(0) && !spec["lifecycle"]["preStop"].is_null();
      if (hook) act(PreStop{key_of(name), grace});
      c.stop = hook ? Stop::Hook : Stop::Terminated;
      if (!hook) return terminate(name, c);
    }
    if (!c.kill_extended) c.kill_at = std::min(c.kill_at, t_.mono + grace);
    if (c.stop == Stop::Hook && (c.hook_done || due(c.kill_at))) {
      c.kill_extended = c.kill_at < t_.mono + kLeastAfterHook;
      c.kill_at = std::max(c.kill_at, t_.mono + kLeastAfterHook);
      c.stop = Stop::Terminated;
      return terminate(name, c);
    }
    if (c.stop == Stop::Terminated && due(c.kill_at)) kill(name, c);
  }

  void terminate(const std::string& name, ContainerRecord& c) {
    if (t_.mono >= c.kill_at) return kill(name, c);
    act(Signal{key_of(name), SIGTERM});
    wake(c.kill_at);
  }

  void kill(const std::string& name, ContainerRecord& c) {
    c.stop = Stop::Killed;
    act(Signal{key_of(name), SIGKILL});
  }

  // Main containers together, then sidecars from the last to the first. True when nothing runs any more.
  bool stop_all(base::Duration grace) {
    bool over = true;
    const auto stop_one = [&](const Value& spec) {
      const auto it = r_.containers.find(spec["name"].str());
      if (it == r_.containers.end()) return;
      stop(spec, it->first, it->second, grace);
      over = over && is_over(it->second);
    };
    for (const Value& spec : pod_["spec"]["containers"].items()) stop_one(spec);
    const auto inits = pod_["spec"]["initContainers"].items();
    for (auto it = inits.rbegin(); it != inits.rend(); ++it)
      if (over || !is_sidecar(*it)) stop_one(*it);
    return over;
  }

  // A pod that has come to its end by itself may still have sidecars, or containers that outlive its deadline.
  void stop_rest() { stop_all(grace_of(pod_)); }

  void end_pod() {
    if (r_.end == End::No) begin_end();
    // A second, shorter deletion counts; a longer one does not.
    r_.kill_at = std::min(r_.kill_at, t_.mono + remaining_grace());
    if (r_.end == End::Draining && (r_.drained || due(r_.drain_until))) r_.end = End::Stopping;
    if (r_.end == End::Stopping && !r_.preparing && stop_all(std::max(r_.kill_at - t_.mono, base::Duration(0)))) {
      r_.end = End::Removing;
      forget_all();
      act(Remove{});
    }
    if (r_.end == End::Removing && r_.removed) {
      r_.end = End::Deleting;
      if (!r_.gone) act(Finish{});
    }
  }

  void begin_end() {
    const bool runs =
        std::any_of(r_.containers.begin(), r_.containers.end(), [&](const auto& c) { return !is_over(c.second); });
    const base::Duration grace = remaining_grace();
    r_.kill_at = t_.mono + grace;
    r_.end = End::Stopping;
    if (!runs || grace == base::Duration(0)) return;
    r_.end = End::Draining;
    r_.drain_until = t_.mono + std::min(grace, limits_.drain);
    act(Drain{});
  }

  // deletionTimestamp is the moment at which the grace period ends. A clock that jumps cannot make it longer.
  base::Duration remaining_grace() const {
    if (r_.gone) return base::Duration(0);
    const base::Duration grace = grace_of(pod_);
    const auto until = api::time_at(pod_["metadata"]["deletionTimestamp"]);
    return until ? std::clamp(*until + base::milliseconds(999) - t_.now, base::Duration(0), grace) : grace;
  }

  void forget_all() {
    for (const auto& [name, c] : r_.containers)
      if (c.phase == Phase::Ended) act(Forget{key_of(name)});
  }

  const Value& pod_;
  PodRecord r_;
  const Clock& t_;
  const Limits& limits_;
  std::vector<Action> actions_;
  std::optional<base::MonoTime> wake_;
};

}  // namespace

Step decide(const Value& pod, PodRecord record, const Clock& clock, const Limits& limits) {
  return Decider(pod, std::move(record), clock, limits).run();
}

}  // namespace slipway::node::lifecycle
