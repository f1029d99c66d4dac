#include "delivery/decide/steady.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "delivery/decide/analyses.h"
#include "delivery/decide/variants.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Share;

// Another writer is answered at once a few times, then seldom: two programs that both insist must not load the API.
constexpr std::int64_t kAnsweredAtOnce = 3;
constexpr base::Duration kAnswerInterval = base::seconds(30);

std::int64_t available(const Version* v) { return v ? v->available : 0; }
// What serves is ready; available is less, after a wall clock has jumped back even none (minReadySeconds counts anew).
std::int64_t ready(const Version* v) { return v ? v->ready : 0; }

bool has_endpoints(const Turn& turn, const std::string& service, const std::string& hash) {
  const bool by_service = turn.plan.routing->own_services();
  const auto& counts = by_service ? turn.o.ready_endpoints : turn.o.ready_by_hash;
  const auto found = counts.find(by_service ? service : hash);
  return found != counts.end() && found->second > 0;
}

// Pods that are on their way out may still be served to for a moment.
bool stable_has_endpoints(const Turn& turn) {
  return has_endpoints(turn, turn.plan.routing->stable_service, turn.s.stable->hash);
}

bool is_starved(const Turn& turn, const RouteView& view) {
  return view.shape == RouteView::Shape::Split && view.gives_candidate() && available(turn.stable()) > 0 &&
         std::ranges::all_of(versions_beside(turn), [](const Beside& v) { return v.stopped || ready(v.version) == 0; });
}

// Of several variants those that have no pod for what they are given, while others have.
std::vector<std::size_t> starved_variants(const Turn& turn, const plan::Traffic& reached) {
  std::vector<std::size_t> out;
  if (turn.s.variants.empty() || available(turn.stable()) == 0) return out;
  for (const Beside& v : versions_beside(turn))
    if (!v.stopped && ready(v.version) == 0 && pods_needed_of(turn, reached, v.index) > 0) out.push_back(v.index);
  return out;
}

// Its own pods can be reached, and none of the stable version: a pod that has just become ready may have no endpoint
// yet (seed 820074).
bool is_alone(const Turn& turn, const RouteView& view) {
  std::int64_t beside = 0;
  for (const Beside& v : versions_beside(turn))
    if (!v.stopped && has_endpoints(turn, v.service, v.revision->hash)) beside += available(v.version);
  return view.shape == RouteView::Shape::Split && view.candidate < plan::kWhole && beside > 0 &&
         ready(turn.stable()) == 0 && !stable_has_endpoints(turn) && turn.o.replicas() > 0;
}

Reach disturbed(Turn& turn, std::string rule, std::string why) {
  auto& since = turn.s.traffic.disturbed_at;
  if (!since) {
    since = turn.now;
    turn.log(std::move(rule), why);
    turn.note(control::Note::Kind::Warning, "TrafficDisturbed", why);
  }
  turn.wait(std::move(why));
  return Reach::Waiting;
}

// Who wrote the route last, as far as the API server knows.
std::string last_writer(const Value& route) {
  std::string who = "somebody", when;
  for (const Value& m : route["metadata"]["managedFields"].items()) {
    if (m["subresource"].as_string() == "status" || m["time"].as_string() < when) continue;
    when = m["time"].str();
    who = m["manager"].str();
  }
  return who;
}

// Could a decision have gone on from this step, so that its route was written and its status got lost? Not as long as
// the step waits: for a time, a person or an analysis.
bool may_be_done(const Turn& turn, const plan::Action& action) {
  const Position& p = turn.s.position;
  if (p.full) return true;
  if (std::holds_alternative<plan::Approve>(action)) return false;
  if (const auto* wait = std::get_if<plan::Wait>(&action)) return !p.since || turn.now >= *p.since + wait->duration;
  if (std::holds_alternative<plan::Analyse>(action))
    return verdict_of(turn.o.run(run_name(turn, RunKind::Step))) == Verdict::Passed;
  return true;
}

// A crash between writing the route and writing the status leaves the next step's weight in force, and this step not
// yet done.
bool is_ahead(const Turn& turn, const RouteView& view) {
  const auto& steps = turn.plan.steps;
  const auto present = static_cast<std::size_t>(turn.s.position.index);
  if (present >= steps.size() || !may_be_done(turn, steps[present].action)) return false;
  const TrafficState& t = turn.s.traffic;
  for (auto i = static_cast<std::size_t>(turn.s.position.index) + 1; i < steps.size(); ++i) {
    if (const auto* next = std::get_if<plan::Traffic>(&steps[i].action))
      return is_written(turn, view, *next) &&
             (next->share != Share{t.wanted} || plan::rules_of(*next) != t.rules);  // else the status knows of it
    if (!std::holds_alternative<plan::Scale>(steps[i].action)) return false;
  }
  return false;
}

// The route shows something else than what we verified there: somebody else wrote it.
Reach restore(Turn& turn, const plan::Traffic& reached) {
  TrafficState& t = turn.s.traffic;
  // We had written it. A route that is not there can be put back by nobody, and is at once when it comes again.
  const bool foreign = t.wanted == reached.share.points && t.rules == plan::rules_of(reached) &&
                       turn.view().shape != RouteView::Shape::Absent;
  if (foreign && t.taken >= kAnsweredAtOnce && t.taken_at && turn.now < *t.taken_at + kAnswerInterval) {
    turn.wake_at(*t.taken_at + kAnswerInterval);
    return Reach::Waiting;
  }
  if (foreign) {
    ++t.taken;
    t.taken_at = turn.now;
    if (!t.disturbed_at) t.disturbed_at = turn.now;
    const std::string why =
        fmt::format("{} was changed by {}; {} for the candidate is restored{}", turn.route_name(),
                    last_writer(turn.o.route), plan::to_text(reached.share),
                    t.taken >= kAnsweredAtOnce ? ". Let it leave the weights alone while a release runs" : "");
    turn.log("traffic.foreign", why);
    turn.note(control::Note::Kind::Warning, "RouteChanged", why);
  }
  return reach_traffic(turn, reached);
}

// What the last finished traffic step brought about.
plan::Traffic reached_traffic(const Turn& turn) {
  plan::Traffic out = plan::traffic_before(turn.plan, static_cast<std::size_t>(turn.s.position.index))
                          .value_or(plan::Traffic{plan::kNone});
  if (out.parts.empty()) out.share = {turn.s.traffic.reached};  // a test's share falls when a variant is stopped
  return out;
}

// As if these variants were stopped, which they are not.
plan::Traffic without(const plan::Traffic& reached, const std::vector<std::size_t>& variants) {
  plan::ReleasePlan one;
  one.steps.push_back({reached});
  return std::get<plan::Traffic>(plan::without_variants(std::move(one), variants).steps.front().action);
}

std::string names_of(const Turn& turn, const std::vector<std::size_t>& variants) {
  std::string out;
  for (const std::size_t i : variants) out += (out.empty() ? "" : " and ") + turn.s.variants[i].name;
  return out;
}

// The others go on while these users are with the stable version.
Reach spare_variants(Turn& turn, const RouteView& view, const plan::Traffic& reached,
                     const std::vector<std::size_t>& starved) {
  const plan::Traffic wanted = without(reached, starved);
  if (!is_written(turn, view, wanted)) reach_traffic(turn, wanted);
  return disturbed(turn, "traffic.starved",
                   fmt::format("no pod of variant {} is ready: its users get the stable version until one is",
                               names_of(turn, starved)));
}

}  // namespace

Reach keep_traffic(Turn& turn, bool step_moves_it) {
  TrafficState& t = turn.s.traffic;
  if (!turn.routed() || turn.s.position.handed_over || t.reached < 0) return Reach::Done;
  const RouteView view = turn.view();
  if (is_starved(turn, view)) {
    reach_stable(turn, false);
    return disturbed(turn, "traffic.starved",
                     "no candidate pod is ready: all traffic is with the stable version until one is");
  }
  if (is_alone(turn, view)) {
    write_traffic(turn, traffic_of_share(turn, plan::kWhole),
                  "no stable pod is ready: everything goes to the candidate");
    return disturbed(turn, "traffic.alone", "no stable pod is ready: all traffic is with the candidate until one is");
  }
  const plan::Traffic reached = reached_traffic(turn);
  if (!reached.parts.empty()) t.reached = reached.share.points;
  if (const auto starved = starved_variants(turn, reached); !starved.empty())
    return spare_variants(turn, view, reached, starved);
  const bool shown = is_written(turn, view, reached);
  if (!step_moves_it && !shown && is_ahead(turn, view)) return Reach::Done;
  if (!step_moves_it && !shown && restore(turn, reached) == Reach::Waiting) return Reach::Waiting;
  if (!step_moves_it && shown && reach_traffic(turn, reached) == Reach::Waiting) return Reach::Waiting;
  t.disturbed_at.reset();
  return Reach::Done;
}

}  // namespace slipway::delivery
