#include "delivery/decide/promote.h"

#include <fmt/format.h>

#include "control/mutants.h"
#include "delivery/decide/variants.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using control::mutant;

Reach waiting(Turn& turn, std::string why) {
  turn.wait(std::move(why));
  return Reach::Waiting;
}

// All traffic is verified on the candidate, and it has the pods to carry it.
bool is_proven(const Turn& turn) {
  const Version& candidate = *turn.candidate();
  if (!can_carry(candidate.staying(), plan::kWhole, turn.o.replicas(), turn.budget())) return false;
  if (!turn.routed() || turn.s.position.handed_over) return true;
  const RouteView view = turn.view();
  return turn.s.traffic.verified == plan::kWhole.points && view.shape == RouteView::Shape::Split &&
         view.candidate == plan::kWhole;
}

Reach hand_over(Turn& turn, const Version& candidate, const Version* old) {
  if (old && old->spec > 0 && old->owner != Owner::Release) {
    take_last(turn, *old);
    return waiting(turn, "taking the old version over");
  }
  if (candidate.owner == Owner::Release) {
    give(turn, candidate);
    turn.s.position.handed_over = true;
    turn.log("promote.handover", fmt::format("ReplicaSet {} goes to the Deployment", candidate.name));
  }
  return candidate.owner == Owner::Deployment ? Reach::Done : waiting(turn, "the Deployment adopts the candidate");
}

Reach remove_old(Turn& turn, const Version* old) {
  if (!old) {
    give_all(turn);
    return turn.acts() ? Reach::Waiting : Reach::Done;
  }
  scale_to(turn, *old, 0);
  if (old->spec > 0 || old->remaining > 0)
    return waiting(turn, fmt::format("{} pods of the old version are stopping", old->remaining));
  give_all(turn);
  return turn.acts() ? waiting(turn, "the Deployment adopts its old versions") : Reach::Done;
}

}  // namespace

Reach promote_set(Turn& turn) {
  const Version* candidate = turn.candidate();
  const Version* old = turn.stable();
  if (!candidate) return waiting(turn, "the candidate's ReplicaSet is gone");
  if (mutant(Mutant::ScaleDownEarly) && old && old->owner == Owner::Release) scale_to(turn, *old, 0);
  if (!is_proven(turn))
    return waiting(turn, fmt::format("{} of {} pods are available; the old version stays", candidate->available,
                                     turn.o.replicas()));
  if (hand_over(turn, *candidate, old) == Reach::Waiting) return Reach::Waiting;
  if (remove_variants(turn) == Reach::Waiting || remove_old(turn, old) == Reach::Waiting) return Reach::Waiting;
  return turn.routed() ? reach_plain(turn) : Reach::Done;
}

Reach verify_release(Turn& turn) {
  const Version* now = turn.candidate();
  if (!now || now->owner != Owner::Deployment)
    return waiting(turn, "the Deployment does not own the released version yet");
  if (now->available < turn.o.replicas())
    return waiting(turn, fmt::format("{} of {} pods are available", now->available, turn.o.replicas()));
  if (turn.routed() && turn.view().shape == RouteView::Shape::Split) return waiting(turn, "the route is still split");
  return Reach::Done;
}

}  // namespace slipway::delivery
