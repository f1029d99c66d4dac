#include "delivery/decide/traffic.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "control/mutants.h"
#include "control/pod_template.h"
#include "delivery/decide/switch.h"
#include "delivery/decide/variants.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using control::mutant;
using data::Value;
using plan::Share;
using Shape = RouteView::Shape;

// --- our two Services -------------------------------------------------------------------------------------

// The user's Service, pinned to one pod template hash.
Value service_object(const Turn& turn, const std::string& name, const std::string& hash) {
  const Value& like = turn.o.service["spec"];
  Value ports = Value::array();
  for (const Value& port : like["ports"].items()) ports.push_back(port.without("nodePort"));
  Value spec =
      Value::object({{"selector", like["selector"].with(control::kTemplateHashLabel, hash)}, {"ports", ports}});
  if (turn.plan.routing->headless) spec.set("clusterIP", "None");
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Service"},
       {"metadata", Value::object({{"name", name},
                                   {"namespace", api::space_of(turn.o.release)},
                                   {"labels", Value::object({{kReleaseLabel, api::name_of(turn.o.release)}})},
                                   {"ownerReferences", Value::array({reference_to_deployment(turn.o)})}})},
       {"spec", std::move(spec)}});
}

Reach ensure_service(Turn& turn, const Value& live, const std::string& name, const std::string& hash) {
  if (live.is_null()) {
    turn.act(control::Create{api::kServices, service_object(turn, name, hash)});
    return Reach::Waiting;
  }
  if (api::label(live, kReleaseLabel) != api::name_of(turn.o.release)) {
    turn.wait(
        fmt::format("Service {} exists and does not belong to this Release; rename it or set "
                    "spec.traffic.stableService/canaryService",
                    name));
    return Reach::Waiting;
  }
  if (live["spec"]["selector"][control::kTemplateHashLabel].as_string() == hash) return Reach::Done;
  turn.act(patch_of(
      api::kServices, live,
      Value::object({{"spec", Value::object({{"selector", Value::object({{control::kTemplateHashLabel, hash}})}})}})));
  return Reach::Waiting;
}

// --- capacity ---------------------------------------------------------------------------------------------

std::int64_t in(const std::map<std::string, std::int64_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

// Pods that can be reached: available, and known to the Service that the router has for them.
std::int64_t reachable(const Turn& turn, const Version* version, const std::string& service) {
  if (!version) return 0;
  return std::min(version->available, turn.plan.routing->own_services() ? in(turn.o.ready_endpoints, service)
                                                                        : in(turn.o.ready_by_hash, version->hash));
}

// Why the two versions cannot take these shares now; empty when they can.
std::string missing_capacity(const Turn& turn, const plan::Traffic& wanted) {
  const Share candidate = wanted.share;
  const auto& r = *turn.plan.routing;
  const std::int64_t n = turn.o.replicas();
  const std::int64_t stable_pods = reachable(turn, turn.stable(), r.stable_service);
  for (const Beside& v : versions_beside(turn)) {
    const std::int64_t pods = reachable(turn, v.version, v.service), needed = pods_needed_of(turn, wanted, v.index);
    if (pods < needed)
      return fmt::format(
          "{} of {} {} can be reached", pods, needed,
          turn.s.variants.empty() ? "candidate pods" : "pods of variant " + turn.s.variants[v.index].name);
  }
  const Share rest{plan::kWhole.points - candidate.points};
  if (!can_carry(stable_pods, rest, n, turn.budget()))
    return fmt::format("{} of {} stable pods can be reached", stable_pods, pods_for(rest, n));
  return "";
}

// --- routers that tell nothing ----------------------------------------------------------------------------

// By the status of an HTTPRoute that is not our gateway's.
bool by_acceptance(const Turn& turn) {
  return turn.plan.routing->kind == plan::RouterKind::HttpRoute && turn.o.traffic &&
         !turn.o.traffic->by_status_of.empty();
}

bool has_to_settle(const Turn& turn) { return turn.o.traffic && (turn.o.traffic->assumed || by_acceptance(turn)); }

base::Duration settle_of(const Turn& turn) {
  return by_acceptance(turn) ? plan::kAcceptedSettle : plan::capabilities_of(turn.plan.routing->kind).settle;
}

bool is_settled(const Turn& turn) {
  const auto& since = turn.s.standing.since;
  return since && turn.now >= *since + settle_of(turn);
}

void wake_when_settled(Turn& turn) {
  if (turn.s.standing.since) turn.wake_at(*turn.s.standing.since + settle_of(turn));
}

// --- writing and verifying --------------------------------------------------------------------------------

// "5 %", "5 %, all of staff"
std::string share_text(const plan::Traffic& wanted) {
  const std::string beside = plan::beside_text(wanted);
  return plan::to_text(wanted.share) + (beside.empty() ? "" : ", " + beside);
}

// "route web", "VirtualService web"
std::string route_text(const Turn& turn) {
  return turn.plan.routing->kind == plan::RouterKind::HttpRoute ? "route " + turn.plan.routing->route
                                                                : turn.route_name();
}

void act_all(Turn& turn, std::vector<control::Effect> effects) {
  for (control::Effect& effect : effects) turn.act(std::move(effect));
}

void write_route(Turn& turn, std::vector<control::Effect> effects, const plan::Traffic& wanted, std::string text) {
  act_all(turn, std::move(effects));
  turn.s.traffic.wanted = wanted.share.points;
  turn.s.traffic.rules = plan::rules_of(wanted);
  // Where Kubernetes counts no generation, the same content written again looks as it did when it was verified.
  if (turn.plan.routing->kind != plan::RouterKind::HttpRoute) turn.s.traffic.generation = 0;
  turn.log("traffic.write", std::move(text));
}

bool shows(const ReadBack& rb, const plan::Traffic& wanted) {
  const std::int64_t rest = plan::kWhole.points - wanted.share.points;
  const auto side = [](const ReadBack::Side& s, std::int64_t share) {
    return s.present && s.uniform && s.share == share && (share == 0 || s.servers > 0);
  };
  for (std::size_t i = 0; i < wanted.parts.size() && i < rb.versions.size(); ++i) {
    const plan::Part& part = wanted.parts[i];
    if (!part.stopped && !side(rb.versions[i], part.share.points)) return false;
  }
  return side(rb.candidate, wanted.share.points) && side(rb.stable, rest);
}

std::string seen_text(const ReadBack* rb) {
  if (!rb) return "no answer from the router yet";
  if (!rb->candidate.present) return "the router does not know the split yet";
  if (rb->candidate.share > 0 && rb->candidate.servers == 0) return "the router has no candidate server yet";
  if (rb->stable.share > 0 && rb->stable.servers == 0) return "the router has no stable server yet";
  return fmt::format("the router shows {}", plan::to_text(Share{rb->candidate.share}));
}

std::string verified_text(const Turn& turn, const ReadBack& rb, Share share) {
  const std::string part = plan::to_text(share);
  if (rb.by_status_of.empty()) return fmt::format("router read-back shows {} for the candidate", part);
  if (rb.assumed)
    return fmt::format("{} has stood for {} with {} for the candidate; {} does not tell what it routes",
                       turn.route_name(), base::format_duration(settle_of(turn)), part, rb.by_status_of);
  if (turn.plan.routing->kind == plan::RouterKind::Service)
    return fmt::format("{} show {} for the candidate", rb.by_status_of, part);
  return fmt::format("{} has accepted the route with {} for the candidate", rb.by_status_of, part);
}

void record_verified(Turn& turn, const ReadBack& rb, Share share) {
  TrafficState& t = turn.s.traffic;
  const std::int64_t generation = turn.view().generation;
  if (t.verified == share.points && t.generation == generation && t.wanted == share.points) return;
  t.wanted = t.verified = share.points;
  t.generation = generation;
  const bool told = rb.by_status_of.empty();
  t.verified_at = told ? rb.answered : turn.now;
  turn.log(rb.assumed ? "traffic.assumed" : "traffic.verified", verified_text(turn, rb, share));
  note_switch_verified(turn);
}

bool is_verified(const Turn& turn, Share share) {
  const TrafficState& t = turn.s.traffic;
  return t.verified == share.points && t.generation == turn.view().generation;
}

std::string unverified_text(const Turn& turn, const ReadBack* rb) {
  if (!turn.o.traffic) return seen_text(rb);
  if (!turn.o.traffic->error.empty()) return "router: " + turn.o.traffic->error;
  if (has_to_settle(turn) && !rb && turn.s.standing.since)
    return fmt::format("{} {}; {} is believed at {}", turn.o.traffic->by_status_of,
                       turn.o.traffic->assumed ? "does not tell what it routes" : "has accepted the route",
                       turn.route_name(), stamp(*turn.s.standing.since + settle_of(turn)));
  return seen_text(rb);
}

Reach verify(Turn& turn, const plan::Traffic& wanted) {
  const Share share = wanted.share;
  if (is_verified(turn, share) || mutant(Mutant::SkipVerification)) return Reach::Done;
  const ReadBack* rb = current_read_back(turn);
  if (rb && shows(*rb, wanted)) {
    record_verified(turn, *rb, share);
    return Reach::Done;
  }
  ask_router(turn, kAskInterval);
  turn.wait(fmt::format("verifying {}: {}", plan::to_text(share), unverified_text(turn, rb)));
  return Reach::Waiting;
}

// What a split is going to name has to be known to the router before. Once a split of this release has been verified it
// is known already, and somebody who took the split away is answered at once.
Reach prepare(Turn& turn, const RouteView& view) {
  if (!turn.router().prepares(*turn.plan.routing)) return Reach::Done;
  auto effects = turn.router().prepare(turn.o.objects(), *turn.plan.routing, turn.claim());
  const bool known = view.shape == Shape::Split || turn.s.traffic.verified >= 0 || is_settled(turn);
  if (effects.empty() && known) return Reach::Done;
  if (effects.empty()) wake_when_settled(turn);
  act_all(turn, std::move(effects));
  turn.wait(fmt::format("before {} is split: the router learns of the two versions", turn.route_name()));
  return Reach::Waiting;
}

// What is left of ours when the route is plain again.
Reach clean(Turn& turn) {
  auto effects = turn.router().clean(turn.o.objects(), *turn.plan.routing, turn.claim());
  if (effects.empty()) return Reach::Done;
  act_all(turn, std::move(effects));
  turn.wait("taking away what was only for the split");
  return Reach::Waiting;
}

// What part of the traffic must stay with the candidate because the stable version cannot carry it yet.
Share leftover(const Turn& turn, Share now, bool forced) {
  const std::int64_t n = turn.o.replicas();
  const std::int64_t pods = reachable(turn, turn.stable(), turn.plan.routing->stable_service);
  std::int64_t beside = 0;
  for (const Beside& v : versions_beside(turn)) beside += v.version ? v.version->available : 0;
  if (can_carry(pods, plan::kWhole, n, turn.budget()) || beside == 0 ||
      ((forced || mutant(Mutant::BackWithoutCapacity)) && pods > 0))
    return plan::kNone;
  const std::int64_t carried = n > 0 ? pods * plan::kWhole.points / n : plan::kWhole.points;
  const std::int64_t left = std::max<std::int64_t>(plan::kWhole.points - carried, 0);
  const std::int64_t step = plan::capabilities_of(turn.plan.routing->kind).granularity;
  return std::min(now, Share{(left + step - 1) / step * step});
}

}  // namespace

void note_standing(Turn& turn) {
  if (!turn.routed() || settle_of(turn) == base::Duration{}) return void(turn.s.standing = {});
  const RouteView view = turn.view();
  // What is not accepted yet does not stand yet.
  const bool pending =
      by_acceptance(turn) && (!turn.o.traffic->error.empty() || turn.o.traffic->generation < view.generation);
  const bool busy =
      turn.s.candidate || turn.s.retreat || turn.s.traffic != TrafficState{} || view.shape == Shape::Split;
  if (!busy || pending) return void(turn.s.standing = {});
  Standing& standing = turn.s.standing;
  if (!standing.since || standing.generation != view.generation) standing = {view.generation, turn.now};
}

void write_traffic(Turn& turn, const plan::Traffic& wanted, std::string text) {
  note_switch_written(turn, wanted.share);
  write_route(turn, turn.router().split(turn.o.objects(), *turn.plan.routing, turn.claim(), wanted), wanted,
              std::move(text));
}

bool is_written(const Turn& turn, const RouteView& view, const plan::Traffic& wanted) {
  return view.shape == Shape::Split && view.uniform && view.candidate == wanted.share &&
         turn.router().says_rules_of(turn.o.objects(), *turn.plan.routing, wanted);
}

std::string traffic_problem(const Turn& turn) {
  if (!turn.routed()) return "";
  for (const plan::Step& step : turn.plan.steps) {
    const auto* wanted = std::get_if<plan::Traffic>(&step.action);
    if (!wanted || plan::rules_of(*wanted).empty() || !turn.o.route.is_object()) continue;
    if (const auto why = turn.router().problem(turn.o.objects(), *turn.plan.routing, turn.claim(), *wanted))
      return step.field + ": " + *why;
  }
  return "";
}

Reach ensure_services(Turn& turn) {
  if (turn.o.service.is_null()) {
    turn.wait(fmt::format("Service {} does not exist", turn.plan.routing->service));
    return Reach::Waiting;
  }
  if (!turn.plan.routing->own_services()) return Reach::Done;
  const Reach stable =
      ensure_service(turn, turn.o.stable_service, turn.plan.routing->stable_service, turn.s.stable->hash);
  bool done = stable == Reach::Done;
  for (const Beside& v : versions_beside(turn)) {
    const bool is_variant = v.index < turn.o.variant_services.size() && !turn.s.variants.empty();
    const Value& live = is_variant ? turn.o.variant_services[v.index] : turn.o.canary_service;
    done = ensure_service(turn, live, v.service, v.revision->hash) == Reach::Done && done;
  }
  return done ? Reach::Done : Reach::Waiting;
}

void rest_preview(Turn& turn) {
  if (turn.plan.strategy != plan::Strategy::BlueGreen || !turn.routed() || !turn.plan.routing->own_services()) return;
  const Value& live = turn.o.canary_service;
  const bool foreign = live.is_object() && api::label(live, kReleaseLabel) != api::name_of(turn.o.release);
  if (foreign || !turn.o.service.is_object()) return;  // the next release says what is wrong
  ensure_service(turn, live, turn.plan.routing->canary_service, turn.s.stable->hash);
}

void ask_router(Turn& turn, base::Duration interval) {
  if (has_to_settle(turn) && turn.s.standing.since && !is_settled(turn)) return wake_when_settled(turn);
  if (turn.o.traffic && !turn.o.traffic->by_status_of.empty()) return turn.wake_after(interval);  // nobody to ask
  if (turn.o.traffic_pending) return;
  const std::string id = traffic_fact(turn.o.release);
  if (turn.o.traffic && turn.now < turn.o.traffic->answered + interval && turn.now >= turn.o.traffic->answered)
    return turn.wake_at(turn.o.traffic->answered + interval);
  if (turn.o.traffic) turn.act(control::Forget{id});
  const Value route = Value::object({{"namespace", api::space_of(turn.o.release)}, {"name", turn.plan.routing->route}});
  turn.act(control::Ask{.id = id,
                        .port = std::string(kTrafficPort),
                        .question = Value::object({{"route", route}}),
                        .timeout = base::seconds(5)});
}

const ReadBack* current_read_back(const Turn& turn) {
  const auto& rb = turn.o.traffic;
  if (!rb || (has_to_settle(turn) && !is_settled(turn))) return nullptr;
  return rb->error.empty() && rb->generation >= turn.view().generation ? &*rb : nullptr;
}

Reach reach_traffic(Turn& turn, const plan::Traffic& wanted) {
  if (ensure_services(turn) == Reach::Waiting) return Reach::Waiting;
  if (const auto problem = turn.router().problem(turn.o.objects(), *turn.plan.routing, turn.claim(), wanted)) {
    turn.wait(turn.o.router_missing.empty() ? *problem : *problem + ": " + turn.o.router_missing);
    return Reach::Waiting;
  }
  const RouteView view = turn.view();
  if (prepare(turn, view) == Reach::Waiting) return Reach::Waiting;
  if (is_written(turn, view, wanted)) {
    turn.s.traffic.rules = plan::rules_of(wanted);  // a crash after the write has left them unsaid
    return verify(turn, wanted);
  }
  const std::string part = share_text(wanted);
  if (const std::string missing = missing_capacity(turn, wanted);
      !missing.empty() && !mutant(Mutant::WeightWithoutCapacity)) {
    turn.wait(fmt::format("before {} of the traffic: {}", part, missing));
    return Reach::Waiting;
  }
  write_traffic(turn, wanted, fmt::format("{} gives {} to the candidate", route_text(turn), part));
  turn.wait(fmt::format("route written: {} to the candidate", part));
  return Reach::Waiting;
}

namespace {

// A plain route gives requests to both versions' pods. Somebody who insists on it is not fought: the candidate's pods
// go soon.
Reach split_again(Turn& turn) {
  constexpr std::int64_t kTolerated = 3;
  if (turn.s.traffic.taken >= kTolerated) return Reach::Done;
  const Reach reach = reach_traffic(turn, {plan::kNone});
  if (turn.acts()) ++turn.s.traffic.taken;
  return reach;
}

}  // namespace

Reach reach_stable(Turn& turn, bool forced) {
  const RouteView view = turn.view();
  const auto beside = versions_beside(turn);
  if (view.shape == Shape::Absent || view.shape == Shape::Foreign) return Reach::Done;
  const auto is_gone = [](const Beside& v) { return !v.version || v.version->remaining == 0; };
  if (view.shape == Shape::Plain && std::ranges::all_of(beside, is_gone)) return Reach::Done;
  if (view.shape == Shape::Plain) return split_again(turn);
  const Share left = leftover(turn, view.candidate, forced);
  const plan::Traffic wanted = traffic_of_share(turn, left);
  const bool done =
      mutant(Mutant::KeepAudience) ? view.uniform && view.candidate == left : is_written(turn, view, wanted);
  if (!done) {
    write_traffic(
        turn, wanted,
        fmt::format("{} goes back to stable, {} left to the candidate", route_text(turn), plan::to_text(left)));
    turn.wait("route written: traffic goes back to stable");
    return Reach::Waiting;
  }
  const Reach verified = verify(turn, wanted);
  if (left == plan::kNone) return verified;
  turn.wait("waiting for stable pods that can take all traffic");
  return Reach::Waiting;
}

Reach drop_split(Turn& turn) {
  const RouteView view = turn.view();
  if (view.shape == Shape::Absent || view.shape == Shape::Foreign) return Reach::Done;
  if (view.shape != Shape::Split) return clean(turn);
  write_route(turn, turn.router().join(turn.o.objects(), *turn.plan.routing), {plan::kNone},
              fmt::format("{} names {} again: the workload is gone", route_text(turn), turn.plan.routing->service));
  turn.wait("route written: without the split");
  return Reach::Waiting;
}

namespace {

// Whoever writes a field owns it: the next one who applies the manifest of the route would be in conflict with us,
// although the route says what he wrote. What we own of it is given up with the split.
void give_up_fields(Turn& turn, const api::Resource& kind, const Value& object) {
  Value rest = Value::array();
  bool ours = false;
  for (const Value& entry : object["metadata"]["managedFields"].items()) {
    const bool is_ours = entry["manager"].as_string() == kReleaseManager && entry["subresource"].as_string().empty();
    ours = ours || is_ours;
    if (!is_ours) rest.push_back(entry);
  }
  if (!ours || rest.size() == 0) return;  // an empty list would change nothing
  turn.act(patch_of(kind, object, Value::object({{"metadata", Value::object({{"managedFields", rest}})}})));
}

void give_up_route(Turn& turn) {
  give_up_fields(turn, turn.router().route_kind(), turn.o.route);
  if (const auto second = turn.router().companion(*turn.plan.routing))
    give_up_fields(turn, second->kind, turn.o.companion);
}

}  // namespace

Reach reach_plain(Turn& turn) {
  const RouteView view = turn.view();
  if (view.shape == Shape::Absent || view.shape == Shape::Foreign) return Reach::Done;
  if (view.shape == Shape::Split) {
    const auto found = turn.o.ready_endpoints.find(turn.plan.routing->service);
    if (!can_carry(found == turn.o.ready_endpoints.end() ? 0 : found->second, plan::kWhole, turn.o.replicas(),
                   turn.budget())) {
      turn.wait(
          fmt::format("Service {} has too few ready endpoints to take the route back", turn.plan.routing->service));
      return Reach::Waiting;
    }
    write_route(turn, turn.router().join(turn.o.objects(), *turn.plan.routing), {plan::kNone},
                fmt::format("{} names {} again", route_text(turn), turn.plan.routing->service));
    turn.s.traffic.verified = -1;
    turn.wait("route written: without the split");
    return Reach::Waiting;
  }
  if (turn.s.traffic == TrafficState{}) return clean(turn);  // it was never split, or that is long over
  const ReadBack* rb = current_read_back(turn);
  if (rb && rb->plain.present && rb->plain.share == plan::kWhole.points) {
    if (clean(turn) == Reach::Waiting) return Reach::Waiting;
    turn.s.traffic = {};
    give_up_route(turn);
    return Reach::Done;
  }
  ask_router(turn, kAskInterval);
  turn.wait("verifying the route without the split");
  return Reach::Waiting;
}

}  // namespace slipway::delivery
