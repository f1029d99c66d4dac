#include "delivery/decide/leave.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "api/resource.h"
#include "delivery/decide/config.h"
#include "delivery/decide/keep_pods.h"
#include "delivery/decide/preview.h"
#include "delivery/decide/retreat.h"
#include "delivery/decide/services.h"
#include "delivery/decide/steps.h"
#include "delivery/decide/workload.h"
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

bool all_given(Turn& turn) {
  give_all(turn);
  return !turn.acts();
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
  if (!turn.o.rival.empty()) return drop_finalizer(turn);  // it never had the workload
  if (!turn.plan.steps.empty()) note_standing(turn);
  if (turn.o.workload.is_object() && turn.workload().restore_stable(turn) == Reach::Waiting) return;
  if (turn.o.workload.is_object() && !turn.plan.steps.empty() && !settled(turn)) return;
  if (end_preview(turn) == Reach::Waiting || drop_kept_pods(turn) == Reach::Waiting) return;
  if (turn.routed() && turn.o.workload.is_object() && reach_plain(turn) == Reach::Waiting) return;
  if (turn.routed() && turn.o.workload.is_null() && turn.o.router_missing.empty() && drop_split(turn) == Reach::Waiting)
    return;
  if (!all_given(turn)) return;
  if (turn.o.workload.is_object() && turn.workload().free(turn) == Reach::Waiting) return;
  if (leave_copies(turn) == Reach::Waiting) return;
  delete_services(turn);
  drop_finalizer(turn);
}

}  // namespace slipway::delivery
