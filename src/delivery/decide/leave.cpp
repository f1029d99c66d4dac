#include "delivery/decide/leave.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "api/resource.h"
#include "delivery/decide/config.h"
#include "delivery/decide/hold.h"
#include "delivery/decide/in_place.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/promote.h"
#include "delivery/decide/retreat.h"
#include "delivery/decide/revisions.h"
#include "delivery/decide/steps.h"
#include "delivery/decide/variants.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

void drop_finalizer(Turn& turn) {
  Value rest = Value::array();
  for (const Value& f : turn.o.release["metadata"]["finalizers"].items())
    if (f.as_string() != kFinalizer) rest.push_back(f);
  turn.act(
      patch_of(api::kReleases, turn.o.release, Value::object({{"metadata", Value::object({{"finalizers", rest}})}})));
}

void delete_services(Turn& turn) {
  delete_variant_services(turn);
  const bool is_test = !turn.o.variant_services.empty();  // the candidate's Service is among theirs
  for (const Value* service : {&turn.o.stable_service, is_test ? &data::kNull : &turn.o.canary_service})
    if (service->is_object() && !api::is_deleting(*service) &&
        api::label(*service, kReleaseLabel) == api::name_of(turn.o.release))
      turn.act(control::delete_of(api::kServices, *service));
}

bool all_given(Turn& turn) {
  give_all(turn);
  return !turn.acts();
}

bool is_free_in_place(Turn& turn) {
  const Value& d = turn.o.workload;
  if (api::annotation(d, kUpdateStrategyAnnotation).empty() || !api::annotation(d, kLeftPausedAnnotation).empty())
    return true;
  if (turn.s.stable && !asks_for(turn.o, *turn.s.stable)) {
    const std::string text = fmt::format(
        "the template was never released; a new Release carries it out, or change spec.updateStrategy, which was {}",
        api::annotation(d, kUpdateStrategyAnnotation));
    leave_held_in_place(turn, text);
    turn.note(control::Note::Kind::Warning, "LeftHeld", text);
    return false;
  }
  return free_in_place(turn) == Reach::Done;
}

bool deployment_is_free(Turn& turn) {
  if (turn.o.in_place()) return is_free_in_place(turn);
  const Value& d = turn.o.workload;
  if (!turn.s.stable || !d["spec"]["paused"].as_bool() || !api::annotation(d, kLeftPausedAnnotation).empty())
    return true;
  if (!asks_for(turn.o, *turn.s.stable)) {
    const std::string text = fmt::format(
        "the template was never released; `kubectl rollout resume deployment/{}` rolls it out", api::name_of(d));
    turn.act(patch_of(
        api::kDeployments, d,
        Value::object(
            {{"metadata", Value::object({{"annotations", Value::object({{kLeftPausedAnnotation, text}})}})}})));
    say_free(turn);
    turn.note(control::Note::Kind::Warning, "LeftPaused", text);
    return false;
  }
  const Version* stable = turn.stable();
  if (stable && stable->owner != Owner::Deployment) {
    turn.wait("the Deployment adopts its ReplicaSet");
    return false;
  }
  free_deployment(turn);
  return false;
}

// A release under way is finished when it is past the point of no return, and taken back otherwise.
bool settled(Turn& turn) {
  if (turn.s.candidate && !turn.s.retreat && turn.s.position.handed_over)
    progress(turn);
  else if (turn.s.candidate && !turn.s.retreat)
    begin_retreat(turn, Cause::Deleted, "the Release is being deleted");
  else if (turn.s.retreat)
    retreat(turn);
  return !turn.s.candidate && !turn.s.retreat && !turn.acts();
}

}  // namespace

void leave(Turn& turn) {
  if (!turn.plan.steps.empty()) note_standing(turn);
  if (turn.o.workload.is_object() && restore_stable(turn) == Reach::Waiting) return;
  if (turn.o.workload.is_object() && !turn.plan.steps.empty() && !settled(turn)) return;
  if (end_preview(turn) == Reach::Waiting) return;
  if (turn.routed() && turn.o.workload.is_object() && reach_plain(turn) == Reach::Waiting) return;
  if (!all_given(turn)) return;
  if (turn.o.workload.is_object() && !deployment_is_free(turn)) return;
  if (leave_copies(turn) == Reach::Waiting) return;
  delete_services(turn);
  drop_finalizer(turn);
}

}  // namespace slipway::delivery
