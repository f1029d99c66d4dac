#include "delivery/decide/hold.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using control::Note;
using data::Value;

Value deployment_fields(const Turn& turn, std::string_view part, Value fields) {
  return Value::object({{"apiVersion", "apps/v1"},
                        {"kind", "Deployment"},
                        {"metadata", Value::object({{"name", api::name_of(turn.o.workload)},
                                                    {"namespace", api::space_of(turn.o.workload)}})},
                        {part, std::move(fields)}});
}

void apply(Turn& turn, std::string_view part, Value fields) {
  turn.act(control::Apply{.resource = api::kDeployments,
                          .object = deployment_fields(turn, part, std::move(fields)),
                          .subresource = part == "status" ? "status" : ""});
}

std::string advice(const Turn& turn) {
  const auto name = api::name_of(turn.o.release);
  return fmt::format(
      "Release {0} carries out every change of this Deployment; it is kept paused for that. Instead of `kubectl "
      "rollout undo`: "
      "`slipway undo {0}`; of `rollout restart`: `slipway restart {0}`; of `rollout status`: `slipway status {0}`. To "
      "take the "
      "Deployment back: `kubectl delete release {0}`",
      name);
}

void pause(Turn& turn) {
  const bool again = api::condition(turn.o.workload, kHeldCondition)["status"].as_string() == "True";
  apply(turn, "spec", Value::object({{"paused", true}}));
  turn.out.notes.push_back({.kind = again ? Note::Kind::Warning : Note::Kind::Normal,
                            .reason = again ? "PausedAgain" : "HeldByRelease",
                            .message = advice(turn),
                            .about = turn.o.workload});
  if (again) turn.log("hold.again", "the Deployment was unpaused by somebody; it is paused again");
}

void say_held(Turn& turn) {
  const Value& known = api::condition(turn.o.workload, kHeldCondition);
  const std::string text = advice(turn);
  if (known["status"].as_string() == "True" && known["message"].as_string() == text) return;
  const Value condition = Value::object({{"type", kHeldCondition},
                                         {"status", "True"},
                                         {"reason", "ManagedByRelease"},
                                         {"message", text},
                                         {"lastUpdateTime", base::format_time(turn.now)},
                                         {"lastTransitionTime", base::format_time(turn.now)}});
  apply(turn, "status", Value::object({{"conditions", Value::array({condition})}}));
}

// The version that the decision after this one starts to release.
bool is_next(const Turn& turn, const Version& v) {
  const bool held_back =
      turn.o.release["spec"]["paused"].as_bool() || (turn.s.rejected && asks_for(turn.o, *turn.s.rejected));
  return !held_back && control::same_template(v.rs["spec"]["template"], turn.o.asked_template());
}

bool is_planned(const Turn& turn, const Version& v) {
  if (turn.s.stable && v.hash == turn.s.stable->hash) return true;
  if (std::ranges::any_of(turn.s.variants, [&](const VariantState& of_test) { return of_test.hash == v.hash; }))
    return true;
  return turn.s.candidate ? v.hash == turn.s.candidate->hash : is_next(turn, v);
}

// Pods that serve are let go only when the planned versions can do without them: a Deployment whose ReplicaSet was
// deleted wakes an old one before we have made it again.
bool is_needed(const Turn& turn, const Version& v) {
  std::int64_t others = 0;
  for (const Version& other : turn.o.versions)
    if (is_planned(turn, other)) others += other.staying();
  return v.ready > 0 && others < turn.o.replicas() - turn.budget().unavailable;
}

// A ReplicaSet that the Deployment made or woke up by itself: no plan knows it.
void put_away(Turn& turn, const Version& v) {
  if (would_be_woken(turn, v)) return delete_set(turn, v);
  if (v.owner == Owner::Deployment && v.spec > 0) {
    turn.log("hold.intruder",
             fmt::format("ReplicaSet {} was scaled to {} by the Deployment, outside of any plan", v.name, v.spec));
    return take(turn, v);
  }
  if (v.owner != Owner::Release) return;
  if (v.spec > 0 && is_needed(turn, v)) return;
  if (v.spec > 0) return scale_to(turn, v, 0);
  if (v.remaining > 0) return;
  if (!turn.s.candidate) return give_or_delete(turn, v);
  const Version* candidate = turn.candidate();
  const bool twin = candidate && control::same_template(v.rs["spec"]["template"], candidate->rs["spec"]["template"]);
  // Two ReplicaSets of one template would make the Deployment choose one of them, later.
  if (twin) delete_set(turn, v);
}

}  // namespace

void hold_deployment(Turn& turn) {
  if (!turn.o.workload["spec"]["paused"].as_bool()) return pause(turn);
  // A Release before this one left it paused, and said so; the end of this one has its own say.
  if (!api::annotation(turn.o.workload, kLeftPausedAnnotation).empty())
    return turn.act(patch_of(
        api::kDeployments, turn.o.workload,
        Value::object({{"metadata",
                        Value::object({{"annotations", Value::object({{kLeftPausedAnnotation, Value()}})}})}})));
  say_held(turn);
  if (turn.s.position.handed_over)
    return;  // the Deployment owns the candidate; what is held now is on its way back to it
  for (const Version& v : turn.o.versions)
    if (!is_planned(turn, v)) put_away(turn, v);
}

void say_free(Turn& turn) {
  if (api::condition(turn.o.workload, kHeldCondition).is_object()) apply(turn, "status", Value::object());
}

void free_deployment(Turn& turn) {
  say_free(turn);
  apply(turn, "spec", Value::object());
}

}  // namespace slipway::delivery
