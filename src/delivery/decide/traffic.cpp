#include "delivery/decide/traffic.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "control/mutants.h"
#include "control/pod_template.h"
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

// Pods that can be reached: available, and known to the router's Service.
std::int64_t reachable(const Turn& turn, const Version* version, const std::string& service) {
  const auto found = turn.o.ready_endpoints.find(service);
  const std::int64_t endpoints = found == turn.o.ready_endpoints.end() ? 0 : found->second;
  return version ? std::min(version->available, endpoints) : 0;
}

// Why the two versions cannot take these shares now; empty when they can.
std::string missing_capacity(const Turn& turn, Share candidate) {
  const auto& r = *turn.plan.routing;
  const std::int64_t n = turn.o.replicas();
  const std::int64_t canary_pods = reachable(turn, turn.candidate(), r.canary_service);
  const std::int64_t stable_pods = reachable(turn, turn.stable(), r.stable_service);
  if (canary_pods < pods_for(candidate, n))
    return fmt::format("{} of {} candidate pods can be reached", canary_pods, pods_for(candidate, n));
  const Share rest{plan::kWhole.points - candidate.points};
  if (!can_carry(stable_pods, rest, n, turn.budget()))
    return fmt::format("{} of {} stable pods can be reached", stable_pods, pods_for(rest, n));
  return "";
}

// --- writing and verifying --------------------------------------------------------------------------------

void write_rules(Turn& turn, Value rules, Share wanted, std::string text) {
  turn.act(patch_of(api::kHttpRoutes, turn.o.route,
                    Value::object({{"spec", Value::object({{"rules", std::move(rules)}})}})));
  turn.s.traffic.wanted = wanted.points;
  turn.log("traffic.write", std::move(text));
}

bool shows(const ReadBack& rb, Share candidate) {
  const std::int64_t rest = plan::kWhole.points - candidate.points;
  const auto side = [](const ReadBack::Side& s, std::int64_t share) {
    return s.present && s.uniform && s.share == share && (share == 0 || s.servers > 0);
  };
  return side(rb.candidate, candidate.points) && side(rb.stable, rest);
}

std::string seen_text(const ReadBack* rb) {
  if (!rb) return "no answer from the router yet";
  if (!rb->candidate.present) return "the router does not know the split yet";
  if (rb->candidate.share > 0 && rb->candidate.servers == 0) return "the router has no candidate server yet";
  if (rb->stable.share > 0 && rb->stable.servers == 0) return "the router has no stable server yet";
  return fmt::format("the router shows {}", plan::to_text(Share{rb->candidate.share}));
}

void record_verified(Turn& turn, const ReadBack& rb, Share share) {
  TrafficState& t = turn.s.traffic;
  const std::int64_t generation = api::generation_of(turn.o.route);
  if (t.verified == share.points && t.generation == generation && t.wanted == share.points) return;
  t.wanted = t.verified = share.points;
  t.generation = generation;
  const bool told = rb.by_status_of.empty();
  t.verified_at = told ? rb.answered : turn.now;
  turn.log("traffic.verified", told ? fmt::format("router read-back shows {} for the candidate", plan::to_text(share))
                                    : fmt::format("{} has accepted the route with {} for the candidate",
                                                  rb.by_status_of, plan::to_text(share)));
}

bool is_verified(const Turn& turn, Share share) {
  const TrafficState& t = turn.s.traffic;
  return t.verified == share.points && t.generation == api::generation_of(turn.o.route);
}

Reach verify(Turn& turn, Share share) {
  if (is_verified(turn, share) || mutant(Mutant::SkipVerification)) return Reach::Done;
  const ReadBack* rb = current_read_back(turn);
  if (rb && shows(*rb, share)) {
    record_verified(turn, *rb, share);
    return Reach::Done;
  }
  ask_router(turn, kAskInterval);
  const std::string why =
      turn.o.traffic && !turn.o.traffic->error.empty() ? "router: " + turn.o.traffic->error : seen_text(rb);
  turn.wait(fmt::format("verifying {}: {}", plan::to_text(share), why));
  return Reach::Waiting;
}

// What part of the traffic must stay with the candidate because the stable version cannot carry it yet.
Share leftover(const Turn& turn, Share now, bool forced) {
  const std::int64_t n = turn.o.replicas();
  const std::int64_t pods = reachable(turn, turn.stable(), turn.plan.routing->stable_service);
  const Version* candidate = turn.candidate();
  if (can_carry(pods, plan::kWhole, n, turn.budget()) || !candidate || candidate->available == 0 ||
      (forced && pods > 0))
    return plan::kNone;
  const std::int64_t carried = n > 0 ? pods * plan::kWhole.points / n : plan::kWhole.points;
  return std::min(now, Share{std::max<std::int64_t>(plan::kWhole.points - carried, 0)});
}

}  // namespace

void write_share(Turn& turn, Share candidate, std::string text) {
  write_rules(turn, split_rules(turn.o.route, *turn.plan.routing, candidate), candidate, std::move(text));
}

Reach ensure_services(Turn& turn) {
  if (turn.o.service.is_null()) {
    turn.wait(fmt::format("Service {} does not exist", turn.plan.routing->service));
    return Reach::Waiting;
  }
  const Reach stable =
      ensure_service(turn, turn.o.stable_service, turn.plan.routing->stable_service, turn.s.stable->hash);
  const Reach canary = turn.s.candidate ? ensure_service(turn, turn.o.canary_service, turn.plan.routing->canary_service,
                                                         turn.s.candidate->hash)
                                        : Reach::Done;
  return stable == Reach::Done && canary == Reach::Done ? Reach::Done : Reach::Waiting;
}

void ask_router(Turn& turn, base::Duration interval) {
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
  return rb && rb->error.empty() && rb->generation >= api::generation_of(turn.o.route) ? &*rb : nullptr;
}

Reach reach_share(Turn& turn, Share candidate) {
  if (ensure_services(turn) == Reach::Waiting) return Reach::Waiting;
  if (const auto problem = splitting_problem(turn.o.route, *turn.plan.routing)) {
    turn.wait(*problem);
    return Reach::Waiting;
  }
  const RouteView view = look_at(turn.o.route, *turn.plan.routing);
  if (view.shape == Shape::Split && view.uniform && view.candidate == candidate) return verify(turn, candidate);
  if (const std::string missing = missing_capacity(turn, candidate);
      !missing.empty() && !mutant(Mutant::WeightWithoutCapacity)) {
    turn.wait(fmt::format("before {} of the traffic: {}", plan::to_text(candidate), missing));
    return Reach::Waiting;
  }
  write_share(turn, candidate,
              fmt::format("route {} gives {} to the candidate", turn.plan.routing->route, plan::to_text(candidate)));
  turn.wait(fmt::format("route written: {} to the candidate", plan::to_text(candidate)));
  return Reach::Waiting;
}

namespace {

// A plain route gives requests to both versions' pods. Somebody who insists on it is not fought: the candidate's pods
// go soon.
Reach split_again(Turn& turn) {
  constexpr std::int64_t kTolerated = 3;
  if (turn.s.traffic.taken >= kTolerated) return Reach::Done;
  const Reach reach = reach_share(turn, plan::kNone);
  if (turn.acts()) ++turn.s.traffic.taken;
  return reach;
}

}  // namespace

Reach reach_stable(Turn& turn, bool forced) {
  const RouteView view = look_at(turn.o.route, *turn.plan.routing);
  const Version* candidate = turn.candidate();
  if (view.shape == Shape::Absent || view.shape == Shape::Foreign) return Reach::Done;
  if (view.shape == Shape::Plain && (!candidate || candidate->remaining == 0)) return Reach::Done;
  if (view.shape == Shape::Plain) return split_again(turn);
  const Share left = leftover(turn, view.candidate, forced);
  if (view.candidate != left || !view.uniform) {
    write_share(turn, left,
                fmt::format("route {} goes back to stable, {} left to the candidate", turn.plan.routing->route,
                            plan::to_text(left)));
    turn.wait("route written: traffic goes back to stable");
    return Reach::Waiting;
  }
  const Reach verified = verify(turn, left);
  if (left == plan::kNone) return verified;
  turn.wait("waiting for stable pods that can take all traffic");
  return Reach::Waiting;
}

Reach reach_plain(Turn& turn) {
  const RouteView view = look_at(turn.o.route, *turn.plan.routing);
  if (view.shape == Shape::Absent || view.shape == Shape::Foreign) return Reach::Done;
  if (view.shape == Shape::Split) {
    const auto found = turn.o.ready_endpoints.find(turn.plan.routing->service);
    if (!can_carry(found == turn.o.ready_endpoints.end() ? 0 : found->second, plan::kWhole, turn.o.replicas(),
                   turn.budget())) {
      turn.wait(
          fmt::format("Service {} has too few ready endpoints to take the route back", turn.plan.routing->service));
      return Reach::Waiting;
    }
    write_rules(turn, plain_rules(turn.o.route, *turn.plan.routing), plan::kNone,
                fmt::format("route {} names {} again", turn.plan.routing->route, turn.plan.routing->service));
    turn.s.traffic.verified = -1;
    turn.wait("route written: without the split");
    return Reach::Waiting;
  }
  if (turn.s.traffic == TrafficState{}) return Reach::Done;  // it was never split, or that is long over
  const ReadBack* rb = current_read_back(turn);
  if (rb && rb->plain.present && rb->plain.share == plan::kWhole.points) {
    turn.s.traffic = {};
    return Reach::Done;
  }
  ask_router(turn, kAskInterval);
  turn.wait("verifying the route without the split");
  return Reach::Waiting;
}

}  // namespace slipway::delivery
