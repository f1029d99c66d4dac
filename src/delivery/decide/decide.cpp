#include "delivery/decide/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "delivery/decide/analyses.h"
#include "delivery/decide/config.h"
#include "delivery/decide/finish.h"
#include "delivery/decide/gate.h"
#include "delivery/decide/keep_pods.h"
#include "delivery/decide/leave.h"
#include "delivery/decide/obey.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/retreat.h"
#include "delivery/decide/revisions.h"
#include "delivery/decide/services.h"
#include "delivery/decide/steps.h"
#include "delivery/decide/traffic.h"
#include "delivery/decide/troubles.h"
#include "delivery/decide/variants.h"
#include "delivery/decide/workload.h"
#include "delivery/names.h"
#include "delivery/notify/happenings.h"

namespace slipway::delivery {
namespace {

using control::Decision;
using control::Note;
using data::Value;

// --- a Release meets its Deployment -----------------------------------------------------------------------

void adopt(Turn& turn) {
  const Workload& workload = turn.workload();
  if (std::string why = workload.refusal(turn); !why.empty()) {
    turn.s.phase = Phase::Invalid;
    return turn.wait(std::move(why));
  }
  const Version* version = workload.settled(turn);
  if (!version) {
    turn.s.phase = Phase::Pending;
    workload.unblock(turn);
    return turn.wait(fmt::format("waiting for {} to finish its own rollout", turn.workload_name()));
  }
  const Revision r = workload.revision_of(turn, *version);
  turn.s.stable = r;
  turn.s.phase = Phase::Idle;
  turn.wait(fmt::format("revision {} serves all users", r.number));
  turn.log("adopt", fmt::format("revision {} ({}) is the stable version", r.number, to_text(r)));
  remember(turn, r, "Adopted");
}

// --- nothing under way ------------------------------------------------------------------------------------

// Nothing waits to begin any more.
void forget_claim(State& s) {
  s.ticket.since.reset();
  s.override_windows = {};
}

void stay(Turn& turn) {
  forget_claim(turn.s);
  forget_contents(turn);
  turn.s.asking = {};
  turn.s.rejected.reset();
  turn.s.phase = Phase::Idle;
  turn.wait(fmt::format("revision {} serves all users{}", turn.s.stable->number,
                        turn.o.release["spec"]["paused"].as_bool() ? "; spec.paused: a new version would wait" : ""));
}

void hold(Turn& turn) {
  forget_claim(turn.s);
  forget_contents(turn);
  turn.s.asking = {};
  turn.s.phase = Phase::RolledBack;
  const Rejected& r = *turn.s.rejected;
  if (r.restored)
    return turn.wait(fmt::format("revision {} was taken back, and the template of revision {} is there again: {}",
                                 r.number, turn.s.stable->number, r.message));
  turn.wait(fmt::format("revision {} is held: {}", r.number, r.message));
}

// Nothing tells when a kind of objects becomes known to the cluster.
constexpr base::Duration kRouterInterval = base::seconds(30);

// Its template was given back, and nobody has asked for anything else since.
bool is_restored(const Turn& turn) { return turn.s.rejected && turn.s.rejected->restored; }

void no_router(Turn& turn) {
  if (turn.s.phase != Phase::Invalid) turn.note(Note::Kind::Warning, "Invalid", turn.o.router_missing);
  turn.s.phase = Phase::Invalid;
  turn.wait(fmt::format("spec.traffic names {}, but {}", turn.route_name(), turn.o.router_missing));
  turn.wake_after(kRouterInterval);
}

void idle(Turn& turn) {
  if (end_preview(turn) == Reach::Waiting) return;
  // Left over from a release whose Deployment went away.
  if (turn.routed() && !turn.o.router_missing.empty()) return no_router(turn);
  if (turn.routed() && reach_plain(turn) == Reach::Waiting) return;
  turn.s.begun = {};
  trim_copies(turn);
  trim_services(turn);
  rest_preview(turn);
  if (is_config_missing(turn)) return turn.wait(turn.o.config.missing);
  if (asks_for(turn.o, *turn.s.stable)) return is_restored(turn) ? hold(turn) : stay(turn);
  if (turn.s.rejected && asks_for(turn.o, *turn.s.rejected)) return hold(turn);
  if (turn.o.release["spec"]["paused"].as_bool()) {
    turn.s.ticket.since.reset();
    turn.s.phase = Phase::Paused;
    return turn.wait("a new version waits: spec.paused");
  }
  if (!turn.workload().knows_what_is_asked(turn))
    return turn.wait(fmt::format("waiting for the controller of {} to see its new template", turn.workload_name()));
  const Revision next = turn.workload().asked_revision(turn);
  if (has_settled(turn) && can_keep_contents(turn, next) && may_begin(turn, next)) start(turn);
}

// The stable ReplicaSet has gone without us: begin again from what the Deployment has.
bool lost_stable(const Turn& turn) { return turn.s.stable && !turn.s.candidate && !turn.stable(); }

// Its ReplicaSets went with it. One that comes back under the same name is another Deployment.
void forget_target(Turn& turn) {
  if (turn.s.candidate) {
    turn.log("target.gone", fmt::format("{} was deleted in the middle of a release", turn.workload_name()));
    terminate_runs(turn, true);
    remember(turn, *turn.s.candidate, "Withdrawn");
  }
  // What it split is still split, by the names of that time, whatever the spec says by now.
  Value begun = std::move(turn.s.begun);
  clear_progress(turn.s);
  turn.s.begun = std::move(begun);
  turn.s.stable.reset();
  turn.s.phase = Phase::Pending;
  if (end_preview(turn) == Reach::Waiting) return;
  turn.wait(turn.o.workload_missing.empty() ? turn.workload_name() + " does not exist" : turn.o.workload_missing);
}

// --- which situation is it? -------------------------------------------------------------------------------

void choose(Turn& turn) {
  tend_kept_pods(turn);
  if (turn.o.workload.is_null()) return forget_target(turn);
  if (turn.workload().restore_stable(turn) == Reach::Waiting) return;
  if (lost_stable(turn)) turn.s.stable.reset();
  if (!turn.s.stable) adopt(turn);
  if (!turn.s.stable) return void(end_preview(turn));
  note_standing(turn);
  turn.workload().hold(turn);
  keep_revisions(turn);
  keep_copies(turn);
  if (turn.acts()) return;
  obey(turn);
  if (turn.acts()) return;  // what the command changed is seen by the next decision
  if (turn.s.retreat) return retreat(turn);
  if (turn.s.candidate) return progress(turn);
  idle(turn);
}

// A clock that jumped back must not make us wait for a future that was: what lies ahead of now counts as now.
void tame_clock(State& s, base::Time now) {
  const auto tame = [&](std::optional<base::Time>& t) {
    if (t && *t > now) t = now;
  };
  tame(s.position.since);
  tame(s.position.measured_from);
  tame(s.traffic.disturbed_at);
  tame(s.traffic.taken_at);
  tame(s.standing.since);
  tame(s.asking.since);
  for (Trouble& t : s.troubles) tame(t.since);
  if (!s.retreat) return;
  s.retreat->started_at = std::min(s.retreat->started_at, now);
  tame(s.retreat->requests_at);
  tame(s.retreat->traffic_zero_at);
  tame(s.retreat->kept_at);
  tame(s.retreat->verification.started_at);
}

// Of pods that are replaced in place nobody but the clock says when they count, and what was counted is shown also at
// rest.
void wake_when_available(Turn& turn) {
  for (const PlacedPod& pod : turn.o.placed)
    if (!pod.available && !pod.stopping && pod.available_at && *pod.available_at > turn.now)
      turn.wake_at(*pod.available_at);
}

void count_replicas(Turn& turn) {
  wake_when_available(turn);
  const Version* stable = turn.stable();
  const Version* candidate = turn.candidate();
  turn.s.replicas = {stable ? stable->spec : 0, stable ? stable->available : 0, candidate ? candidate->spec : 0,
                     candidate ? candidate->available : 0};
  if (turn.s.variants.empty()) return;
  count_variants(turn);
  turn.s.replicas.candidate = turn.s.replicas.candidate_ready = 0;
  for (const VariantState& v : turn.s.variants) {
    turn.s.replicas.candidate += v.replicas;
    turn.s.replicas.candidate_ready += v.ready;
  }
}

void set_conditions(State& s, base::Time now) {
  Value status = Value::object({{"conditions", s.conditions}});
  if (s.conditions.is_null()) status.erase("conditions");
  const auto put = [&](const char* type, bool on) {
    api::set_condition(status, type, on ? "True" : "False", to_text(s.phase), s.message, now);
  };
  put("Ready", s.phase == Phase::Idle || s.phase == Phase::Keeping);
  put("Paused", s.phase == Phase::Paused);
  put("RolledBack", s.phase == Phase::RolledBack);
  s.conditions = status["conditions"];
}

// --- what the API refuses ---------------------------------------------------------------------------------

constexpr const char* kStalled = "Stalled";

// A status of its own, once, that says so and nothing else; the runner holds the refused effects back meanwhile.
std::optional<Decision> tell_refusal(const Observation& o, base::Time now) {
  if (!o.refused) return std::nullopt;
  const std::string message = refusal_text(*o.refused);
  const Value& known = api::condition(o.release, kStalled);
  if (known["status"].as_string() == "True" && known["message"].as_string() == message) return std::nullopt;
  State s = read_state(o.release["status"]);
  const Trouble refusal{.kind = TroubleKind::WriteRefused,
                        .cure = Cure::Somebody,
                        .object = "Release " + o.release["metadata"]["name"].str(),
                        .message = message,
                        .since = now};
  if (std::ranges::none_of(s.troubles, [&](const Trouble& t) { return t.is_same(refusal); }))
    s.troubles.push_back(refusal);
  Decision out;
  out.status = write_state(s);
  api::set_condition(out.status, kStalled, "True", base::reason_of(o.refused->code), message, now);
  out.reasons.push_back({"stalled", message});
  return out;
}

// Written after all effects were taken: it goes on.
void end_refusal(Turn& turn) {
  std::erase_if(turn.s.troubles, [](const Trouble& t) { return t.kind == TroubleKind::WriteRefused; });
  Value status = Value::object({{"conditions", turn.s.conditions}});
  if (api::condition(Value::object({{"status", status}}), kStalled)["status"].as_string() != "True") return;
  api::set_condition(status, kStalled, "False", "Accepted", "", turn.now);
  turn.s.conditions = status["conditions"];
}

// How long what only people watch may wait to be told: pods that get ready one by one make one write, not one each.
constexpr base::Duration kNewsMayWait = base::seconds(1);

Value without_messages(const Value& conditions) {
  Value out = Value::array();
  for (const Value& c : conditions.items()) out.push_back(c.without("message"));
  return out;
}

// Nothing but the sentence and the numbers of pods has changed.
bool is_news_only(const Value& observed, const Value& wanted) {
  State before = read_state(observed), now = read_state(wanted);
  before.message = now.message;
  before.replicas = now.replicas;
  if (before.preview && now.preview && before.preview->space == now.preview->space) before.preview = now.preview;
  before.traffic.stable_requests = now.traffic.stable_requests;
  if (std::ranges::equal(before.troubles, now.troubles, &Trouble::is_same)) before.troubles = now.troubles;
  for (std::size_t i = 0; i < before.variants.size() && i < now.variants.size(); ++i) {
    before.variants[i].replicas = now.variants[i].replicas;
    before.variants[i].ready = now.variants[i].ready;
    before.variants[i].requests = now.variants[i].requests;
    before.variants[i].requests_before = now.variants[i].requests_before;
  }
  before.conditions = without_messages(before.conditions);
  now.conditions = without_messages(now.conditions);
  return before == now;
}

Decision finish(Turn& turn) {
  turn.s.observed_generation = api::generation_of(turn.o.release);
  if (turn.s.phase != Phase::Waiting) turn.s.waiting = {};
  if (!turn.o.workload.is_null()) count_replicas(turn);
  count_preview(turn);
  turn.s.message = base::one_line(turn.s.message);
  for (Trouble& t : turn.s.troubles) t.message = base::one_line(t.message);
  set_conditions(turn.s, turn.now);
  if (!turn.o.refused || !turn.out.effects.empty()) end_refusal(turn);
  turn.out.status = write_state(turn.s);
  ask_about_troubles(turn);
  const Value& observed = turn.o.release["status"];
  if (turn.out.status != observed && is_news_only(observed, turn.out.status)) turn.out.status_may_wait = kNewsMayWait;
  return std::move(turn.out);
}

Decision refuse(const Observation& o, State s, const base::Error& why, base::Time now) {
  Decision out;
  refuse_command(o, s, why.message, now);
  if (s.phase != Phase::Invalid) out.notes.push_back({Note::Kind::Warning, "Invalid", why.message});
  s.phase = Phase::Invalid;
  s.waiting = {};
  s.message = why.message;
  s.observed_generation = api::generation_of(o.release);
  set_conditions(s, now);
  out.status = write_state(s);
  return out;
}

// Nothing tells a Release that another one is gone.
Decision refuse_rival(const Observation& o, State s, base::Time now) {
  const std::string why = fmt::format("{} {} has a Release already, {}: a workload has one. Delete either of them",
                                      plan::to_text(o.kind), o.release["spec"]["target"]["name"].as_string(), o.rival);
  Decision out = refuse(o, std::move(s), {.code = base::Code::Conflict, .message = why}, now);
  out.wake_at = now + kRouterInterval;
  return out;
}

// Only objects are missing that the spec names: at rest nobody needs them.
bool may_come(const base::Error& error) {
  return !error.causes.empty() &&
         std::ranges::all_of(error.causes, [](const base::Cause& cause) { return cause.reason == plan::kNotFound; });
}

// The plan of a test goes by which variants are stopped. A release that goes without steps, or whose spec has become a
// test under way, has one candidate.
void fit_variants(const State& state, plan::ReleasePlan& plan) {
  if (!plan.routing) return;
  if (state.candidate && state.variants.empty()) {
    plan.routing->variants.clear();
    plan.routing->chosen = 0;
  }
  std::vector<std::size_t> stopped;
  for (std::size_t i = 0; i < state.variants.size(); ++i)
    if (state.variants[i].stopped_at) stopped.push_back(i);
  if (!stopped.empty()) plan = plan::without_variants(std::move(plan), stopped);
}

Decision add_finalizer(const Observation& o) {
  Value list = o.release["metadata"]["finalizers"];
  list.push_back(kFinalizer);
  Decision out;
  out.effects.push_back(
      patch_of(api::kReleases, o.release, Value::object({{"metadata", Value::object({{"finalizers", list}})}})));
  return out;
}

Decision decide_what(const Observation& o, const plan::RouterCapabilities& router, base::Time now) {
  const bool leaving = api::is_deleting(o.release);
  if (leaving && !api::has_finalizer(o.release, kFinalizer)) return {};
  if (!leaving && !api::has_finalizer(o.release, kFinalizer)) return add_finalizer(o);
  if (auto told = tell_refusal(o, now)) return *std::move(told);
  State state = read_state(o.release["status"]);
  tame_clock(state, now);
  if (!o.rival.empty() && !leaving) return refuse_rival(o, std::move(state), now);
  const auto compiled = plan::compile(o.release, router, o.cohorts);
  if (!compiled && !leaving && !state.candidate && !may_come(compiled.error()))
    return refuse(o, std::move(state), compiled.error(), now);
  plan::ReleasePlan plan = compiled ? *compiled : plan::way_back(o.release, router);
  if (state.position.fast && compiled) plan = plan::without_steps(plan);
  std::string id = plan::fingerprint(plan);
  fit_variants(state, plan);
  Turn turn{.o = o, .plan = plan, .now = now, .s = std::move(state), .plan_id = std::move(id)};
  turn.recorded = turn.s.traffic;
  if (!compiled) turn.invalid = compiled.error().message;
  note_troubles(turn);
  leaving ? leave(turn) : choose(turn);
  return finish(turn);
}

}  // namespace

Decision decide(const Observation& o, const plan::RouterCapabilities& router, base::Time now) {
  Decision out = decide_what(o, router, now);
  notify::keep_events(o.release["status"], out.status, o.told, now);
  return out;
}

}  // namespace slipway::delivery
