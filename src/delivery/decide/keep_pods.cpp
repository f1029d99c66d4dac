#include "delivery/decide/keep_pods.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/pod.h"
#include "data/json.h"
#include "delivery/decide/preview.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

// How long a ReplicaSet may take to let pods go.
constexpr base::Duration kPatience = base::minutes(1);

bool keeps(const Turn& turn, const Retreat& r) {
  return turn.plan.rollback.keep_pods > 0 && turn.routed() && !turn.o.in_place() && rejects(r.cause) &&
         !only_previewed(turn);
}

const Value& pod_of(const Turn& turn, const KeptPod& kept) {
  const auto found = turn.o.kept_pods.find(kept.uid);
  return found == turn.o.kept_pods.end() ? data::kNull : found->second;
}

bool is_aside(const Turn& turn, const Value& pod) {
  return api::label(pod, kKeptLabel) == api::name_of(turn.o.release);
}

// Those of an earlier rollback make room.
void choose(Turn& turn, Retreat& r) {
  for (KeptPod& old : turn.s.kept_pods) old.until = turn.now;
  for (const Value& pod : worth_keeping(turn.o.retreating, turn.plan.rollback.keep_pods))
    turn.s.kept_pods.push_back(
        {.name = std::string(api::name_of(pod)), .uid = std::string(api::uid_of(pod)), .revision = r.from.number});
  r.kept_at = turn.now;
}

Value owners_with_release(const Turn& turn, const Value& pod) {
  Value out = pod["metadata"]["ownerReferences"];
  out.push_back(Value::object({{"apiVersion", api::kReleases.api_version()},
                               {"kind", api::kReleases.kind},
                               {"name", api::name_of(turn.o.release)},
                               {"uid", api::uid_of(turn.o.release)}}));
  return out;
}

void set_aside(Turn& turn, const KeptPod& kept, const Value& pod) {
  Value labels =
      Value::object({{kKeptLabel, api::name_of(turn.o.release)}, {kKeptRevisionLabel, std::to_string(kept.revision)}});
  for (const data::Member& m : api::labels_of(pod).members()) labels.set(m.key.view(), Value());
  const Value annotations = Value::object({{kKeptLabelsAnnotation, data::to_json(api::labels_of(pod))}});
  turn.act(
      patch_of(api::kPods, pod,
               Value::object({{"metadata", Value::object({{"labels", labels},
                                                          {"annotations", annotations},
                                                          {"ownerReferences", owners_with_release(turn, pod)}})}})));
}

// One that is gone, or will not be had, is not kept.
bool is_lost(const Turn& turn, const KeptPod& kept) {
  const Value& pod = pod_of(turn, kept);
  return pod.is_null() || !control::is_active(pod);
}

bool is_new(const KeptPod& kept) { return !kept.until; }

// Those that are aside already go at once.
void give_up(Turn& turn, std::string_view why) {
  for (KeptPod& kept : turn.s.kept_pods)
    if (is_new(kept)) kept.until = turn.now;
  turn.log("rollback.kept", fmt::format("no pod is kept: {}", why));
}

// Every one that is still to be kept belongs to nobody but the Release.
bool all_free(Turn& turn) {
  bool out = true;
  for (const KeptPod& kept : turn.s.kept_pods) {
    if (!is_new(kept)) continue;
    const Value& pod = pod_of(turn, kept);
    if (!is_aside(turn, pod)) set_aside(turn, kept, pod);
    out = out && is_aside(turn, pod) && api::controller_of(pod).is_null();
  }
  return out;
}

void begin_time(Turn& turn, const Retreat& r) {
  const base::Time until = turn.now + turn.plan.rollback.keep_for;
  std::string names;
  for (KeptPod& kept : turn.s.kept_pods)
    if (is_new(kept)) kept.until = until, names += (names.empty() ? "" : ", ") + kept.name;
  const std::string text = fmt::format("kept for {} to look at, of revision {}: {}",
                                       base::human_duration(turn.plan.rollback.keep_for), r.from.number, names);
  turn.log("rollback.kept", text);
  turn.note(control::Note::Kind::Normal, "PodsKept", text);
}

}  // namespace

std::vector<Value> worth_keeping(std::vector<Value> pods, std::int64_t count) {
  std::ranges::sort(pods, {}, [](const Value& pod) {
    return std::tuple(control::is_ready(pod), -control::restarts_of(pod), pod["metadata"]["creationTimestamp"].str(),
                      api::name_of(pod));
  });
  pods.resize(std::min(pods.size(), static_cast<std::size_t>(std::max<std::int64_t>(count, 0))));
  return pods;
}

Reach take_aside(Turn& turn, Retreat& r) {
  if (!keeps(turn, r)) return Reach::Done;
  if (!r.kept_at) {
    choose(turn, r);
    turn.wait("choosing pods to keep");
    return Reach::Waiting;
  }
  std::erase_if(turn.s.kept_pods, [&](const KeptPod& kept) { return is_new(kept) && is_lost(turn, kept); });
  if (std::ranges::none_of(turn.s.kept_pods, is_new)) return Reach::Done;
  if (turn.o.refused) return give_up(turn, turn.o.refused->message), Reach::Done;
  if (all_free(turn)) return begin_time(turn, r), Reach::Done;
  const base::Time impatient = *r.kept_at + kPatience;
  if (turn.now >= impatient && !turn.acts()) return give_up(turn, "their ReplicaSet does not let them go"), Reach::Done;
  turn.wake_at(impatient);
  turn.wait("taking pods aside that are kept");
  return Reach::Waiting;
}

Reach drop_kept_pods(Turn& turn) {
  Reach out = Reach::Done;
  for (const auto& [uid, pod] : turn.o.kept_pods) {
    if (!is_aside(turn, pod) || api::is_deleting(pod)) continue;
    turn.act(control::delete_of(api::kPods, pod));
    out = Reach::Waiting;
  }
  return out;
}

void tend_kept_pods(Turn& turn) {
  std::vector<KeptPod>& all = turn.s.kept_pods;
  std::erase_if(all, [&](const KeptPod& kept) { return !is_new(kept) && pod_of(turn, kept).is_null(); });
  // A way back that ended otherwise: they are pods of their ReplicaSet, or nobody's.
  if (!turn.s.retreat)
    for (KeptPod& kept : all)
      if (is_new(kept)) kept.until = turn.now;
  // The spec may have been edited, or the clock have jumped.
  const base::Time latest = turn.now + turn.plan.rollback.keep_for;
  for (KeptPod& kept : all) {
    if (is_new(kept)) continue;
    kept.until = std::min(*kept.until, latest);
    const Value& pod = pod_of(turn, kept);
    if (turn.now < *kept.until)
      turn.wake_at(*kept.until);
    else if (is_aside(turn, pod) && !api::is_deleting(pod))
      turn.act(control::delete_of(api::kPods, pod));
  }
  std::erase_if(all, [&](const KeptPod& kept) {
    return !is_new(kept) && turn.now >= *kept.until && !is_aside(turn, pod_of(turn, kept));
  });
  // One that was taken aside by a decision whose status was lost, or given up too early.
  for (const auto& [uid, pod] : turn.o.kept_pods)
    if (is_aside(turn, pod) && !api::is_deleting(pod) && std::ranges::find(all, uid, &KeptPod::uid) == all.end())
      turn.act(control::delete_of(api::kPods, pod));
}

}  // namespace slipway::delivery
