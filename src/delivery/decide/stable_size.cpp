#include "delivery/decide/stable_size.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/mutants.h"
#include "delivery/decide/variants.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using control::mutant;
using plan::Share;

bool holds(const Version* version) { return version && version->owner == Owner::Release; }

// The router has been seen to do what the route says now.
bool is_seen(const TrafficState& t, const RouteView& view) {
  return view.shape == RouteView::Shape::Split && view.uniform && t.verified == view.candidate.points &&
         t.generation == view.generation;
}

// The least that the candidate has, had a moment ago, or is about to get: what is left is the stable version's.
Share least_of_candidate(const Turn& turn, const RouteView& view) {
  const TrafficState& t = turn.s.traffic;
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  const plan::Traffic* step =
      index < turn.plan.steps.size() ? std::get_if<plan::Traffic>(&turn.plan.steps[index].action) : nullptr;
  if (mutant(Mutant::ShrinkStableEarly)) return step ? step->share : plan::share_before(turn.plan, index + 1);
  if (view.shape != RouteView::Shape::Split) return plan::kNone;
  const std::int64_t least =
      std::min({view.candidate.points, t.wanted, t.verified, t.reached, step ? step->share.points : t.reached});
  return {std::max<std::int64_t>(least, 0)};
}

bool may_shrink(const Turn& turn, const RouteView& view, Share candidate) {
  if (mutant(Mutant::ShrinkStableEarly)) return true;
  const Version* version = turn.candidate();
  return is_seen(turn.s.traffic, view) && version &&
         can_carry(version->staying(), candidate, turn.o.replicas(), turn.budget());
}

// What the router was seen to do is in the status already: what is done about it goes by what is written.
bool is_recorded(const Turn& turn) {
  const TrafficState &recorded = turn.recorded, &now = turn.s.traffic;
  return recorded.verified == now.verified && recorded.generation == now.generation;
}

// Left to the Deployment it has as many as the Deployment asks for.
void shrink(Turn& turn, const Version& stable, std::int64_t pods, Share candidate) {
  if (!holds(&stable)) {
    take_last(turn, stable);
    return turn.wait("taking the stable version over: its pods follow the traffic");
  }
  scale_to(turn, stable, pods);
  const std::string text = fmt::format("the stable version keeps {} of {} pods: the candidate has {} of the traffic",
                                       pods, turn.o.replicas(), plan::to_text(candidate));
  turn.log("stable.shrink", text);
  turn.wait(text);
}

void grow(Turn& turn, const Version& stable, std::int64_t pods) {
  const std::string text = fmt::format("the stable version gets {} of {} pods", pods, turn.o.replicas());
  if (stable.spec < pods) turn.log("stable.grow", text);
  scale_to(turn, stable, pods);
  turn.wait(text);
}

}  // namespace

Reach fit_stable(Turn& turn) {
  const Version* stable = turn.stable();
  if (turn.plan.capacity != plan::Capacity::Extra || turn.s.position.handed_over || !stable) return Reach::Done;
  const RouteView view = turn.view();
  const std::int64_t n = turn.o.replicas();
  const Share candidate = turn.plan.dynamic_stable ? least_of_candidate(turn, view) : plan::kNone;
  const std::int64_t wanted = stable_pods_beside(candidate, n);
  if (holds(stable) && stable->spec < wanted) {
    grow(turn, *stable, wanted);
    return Reach::Waiting;
  }
  const std::int64_t now = holds(stable) ? stable->spec : std::max(stable->spec, n);
  if (now <= wanted || !turn.plan.dynamic_stable || !may_shrink(turn, view, candidate)) return Reach::Done;
  if (is_recorded(turn) || mutant(Mutant::ShrinkStableEarly)) shrink(turn, *stable, wanted, candidate);
  return Reach::Waiting;
}

bool may_shrink_candidate(const Turn& turn) {
  return turn.plan.dynamic_stable && is_seen(turn.s.traffic, turn.view()) && is_recorded(turn);
}

void grow_stable(Turn& turn) {
  const Version* stable = turn.stable();
  if (holds(stable) && stable->spec < turn.o.replicas()) grow(turn, *stable, turn.o.replicas());
}

base::Duration patience_on_the_way_back(const plan::ReleasePlan& plan, const Version* stable) {
  constexpr base::Duration kPatience = base::seconds(30);
  // Pods that have to start first get as long as any step that waits for pods.
  return holds(stable) ? std::max(kPatience, plan.guards.deadline) : kPatience;
}

void shrink_candidate_along(Turn& turn) {
  const Version* candidate = turn.candidate();
  const RouteView view = turn.view();
  if (!holds(turn.stable()) || !holds(candidate) || !is_seen(turn.s.traffic, view) || !is_recorded(turn)) return;
  const std::int64_t needed = pods_for(view.candidate, turn.o.replicas());
  if (needed > 0 && needed < candidate->spec) scale_to(turn, *candidate, needed);
}

}  // namespace slipway::delivery
