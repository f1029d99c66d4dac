#include "delivery/decide/in_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "api/meta.h"
#include "control/mutants.h"
#include "data/json.h"
#include "data/patch.h"
#include "delivery/decide/replicas.h"
#include "delivery/decide/revisions.h"
#include "delivery/decide/troubles.h"
#include "delivery/names.h"
#include "delivery/observe_in_place.h"

namespace slipway::delivery {
namespace {

using control::Note;
using data::Value;

// Somebody who writes the rejected template again and again is not answered more often than this.
constexpr base::Duration kRestoreInterval = base::seconds(30);

bool is_stateful(const Turn& turn) { return turn.o.kind == plan::WorkloadKind::StatefulSet; }

const Value& strategy_of(const Turn& turn) { return turn.o.workload["spec"]["updateStrategy"]; }

std::int64_t partition_of(const Turn& turn) { return strategy_of(turn)["rollingUpdate"]["partition"].as_int(); }

// Its controller replaces nothing by itself now.
bool is_held(const Turn& turn) {
  if (!is_stateful(turn)) return strategy_of(turn)["type"].as_string() == "OnDelete";
  return strategy_of(turn)["type"].as_string() == "OnDelete" || partition_of(turn) >= turn.o.replicas();
}

bool has_seen_spec(const Turn& turn) {
  return turn.o.workload["status"]["observedGeneration"].as_int() >= api::generation_of(turn.o.workload);
}

// The workload's controller makes pods of this version wherever nothing is to be replaced.
bool is_current(const Turn& turn, const Version& version) {
  return !is_stateful(turn) || turn.o.workload["status"]["currentRevision"].as_string() == version.name;
}

// The StatefulSet makes pods of the stable version wherever the partition holds.
bool remembers_stable(const Turn& turn) {
  const Version* stable = turn.stable();
  return is_stateful(turn) && stable && is_current(turn, *stable);
}

// Every pod is new and ready, and with that its controller forgets the version before (completeRollingUpdate upstream):
// a pod that was deleted now would come back as the new version.
bool is_about_to_forget(const Turn& turn, const Revision& from) {
  const Version* taken_back = turn.o.find(from.hash);
  return is_stateful(turn) && remembers_stable(turn) && taken_back && taken_back->ready == turn.o.replicas() &&
         taken_back->remaining == std::ssize(turn.o.placed);
}

// --- hold ---------------------------------------------------------------------------------------------------

std::string advice(const Turn& turn) {
  const auto name = api::name_of(turn.o.release);
  return fmt::format(
      "Release {0} carries out every change of this {1}; its update strategy holds pods back for that. Instead of "
      "`kubectl rollout restart`: `slipway restart {0}`; of `rollout status`: `slipway status {0}`. To take the {1} "
      "back: `kubectl delete release {0}`",
      name, plan::to_text(turn.o.kind));
}

// What the workload had before it was held.
std::string own_strategy(const Turn& turn) {
  const std::string_view known = api::annotation(turn.o.workload, kUpdateStrategyAnnotation);
  return known.empty() ? data::to_json(strategy_of(turn)) : std::string(known);
}

Value held_strategy(const Turn& turn, std::int64_t partition) {
  if (!is_stateful(turn)) return Value::object({{"type", "OnDelete"}});
  return Value::object({{"type", "RollingUpdate"}, {"rollingUpdate", Value::object({{"partition", partition}})}});
}

void apply(Turn& turn, Value annotations, Value strategy) {
  const Value& d = turn.o.workload;
  Value metadata = Value::object({{"name", api::name_of(d)}, {"namespace", api::space_of(d)}});
  if (annotations.is_object()) metadata.set("annotations", std::move(annotations));
  Value object = Value::object(
      {{"apiVersion", "apps/v1"}, {"kind", plan::to_text(turn.o.kind)}, {"metadata", std::move(metadata)}});
  if (strategy.is_object()) object.set("spec", Value::object({{"updateStrategy", std::move(strategy)}}));
  turn.act(control::Apply{.resource = plan::resource_of(turn.o.kind), .object = std::move(object)});
}

bool is_applied(const Turn& turn, std::int64_t partition) {
  const Value& d = turn.o.workload;
  if (api::annotation(d, kHeldAnnotation) != advice(turn) || api::annotation(d, kUpdateStrategyAnnotation).empty())
    return false;
  if (!is_stateful(turn)) return strategy_of(turn)["type"].as_string() == "OnDelete";
  return strategy_of(turn)["type"].as_string() == "RollingUpdate" && partition_of(turn) == partition;
}

void put_hold(Turn& turn, std::int64_t partition) {
  if (is_applied(turn, partition)) return;
  apply(turn, Value::object({{kHeldAnnotation, advice(turn)}, {kUpdateStrategyAnnotation, own_strategy(turn)}}),
        held_strategy(turn, partition));
}

// Pods that the candidate may have once the present step is done.
std::int64_t allowed_pods(const Turn& turn) {
  const auto scale = plan::scale_before(turn.plan, static_cast<std::size_t>(turn.s.position.index) + 1);
  return replaced_pods(scale.value_or(plan::Scale{plan::kNone}), turn.o.replicas());
}

// The lowest that the partition may be now.
std::int64_t least_partition(const Turn& turn) {
  if (turn.s.retreat)
    return !remembers_stable(turn) && turn.s.stable && asks_for(turn.o, *turn.s.stable) ? 0 : kHeldPartition;
  if (!turn.s.candidate || !asks_for(turn.o, *turn.s.candidate)) return kHeldPartition;
  return std::max<std::int64_t>(turn.o.replicas() - allowed_pods(turn), 0);
}

// --- pods ---------------------------------------------------------------------------------------------------

void remove(Turn& turn, const PlacedPod& pod) {
  turn.act(control::Delete{
      .resource = api::kPods, .space = std::string(api::space_of(turn.o.workload)), .name = pod.name, .uid = pod.uid});
}

// In which order pods go: as a StatefulSet itself does, or the other way round.
enum class Order { FromLast, FromFirst };

// Deletes pods of other versions until `wanted` pods are of this one or on their way to it: first those that serve
// nobody, then as many others as may be unavailable.
void replace_pods(Turn& turn, std::string_view hash, std::int64_t wanted, std::int64_t may_be_unavailable,
                  Order order = Order::FromLast) {
  const std::int64_t n = turn.o.replicas();
  std::vector<PlacedPod> pods = turn.o.placed;
  if (order == Order::FromLast) std::ranges::reverse(pods);
  const auto active = std::ranges::count_if(pods, [](const PlacedPod& p) { return !p.stopping; });
  const auto there = std::ranges::count_if(pods, [&](const PlacedPod& p) { return !p.stopping && p.hash == hash; });
  const auto available = std::ranges::count_if(pods, &PlacedPod::available);
  std::int64_t needed = wanted - there - std::max<std::int64_t>(n - active, 0);
  std::int64_t spare = control::mutant(control::Mutant::TakeTooManyPods) ? n : may_be_unavailable - (n - available);
  for (const bool serving : {false, true})
    for (const PlacedPod& pod : pods) {
      if (pod.stopping || pod.hash == hash || pod.available != serving) continue;
      if (needed <= 0 || (serving && spare <= 0)) continue;
      remove(turn, pod);
      --needed;
      if (serving) --spare;
    }
}

// The candidate's pods that a person took back: those with the lowest ordinals came last.
void take_surplus_back(Turn& turn, std::int64_t wanted) {
  const Version* stable = turn.stable();
  if (turn.s.position.back_to >= 0 && stable)
    replace_pods(turn, stable->hash, turn.o.replicas() - wanted, turn.budget().unavailable, Order::FromFirst);
}

// A long row of pods, replaced one after the other, is not late while it goes on.
void count_progress(Turn& turn, const Version& candidate) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  const bool scales =
      index < turn.plan.steps.size() && std::holds_alternative<plan::Scale>(turn.plan.steps[index].action);
  if (scales && candidate.available > turn.s.replicas.candidate_ready) turn.s.position.since = turn.now;
}

// --- the template -------------------------------------------------------------------------------------------

Reach waiting(Turn& turn, std::string why) {
  turn.wait(std::move(why));
  return Reach::Waiting;
}

// The workload's controller makes pods of its template only, and that is still the rejected one.
Reach restore_template(Turn& turn, Retreat& r) {
  const Value wanted = template_of(turn, turn.s.stable->hash);
  if (wanted.is_null())
    return waiting(turn, turn.o.kept.contains(turn.s.stable->hash)
                             ? fmt::format("reading what revision {} was", turn.s.stable->number)
                             : fmt::format("nobody knows any more what revision {} was: apply its template again",
                                           turn.s.stable->number));
  if (r.restored_at && turn.now < *r.restored_at + kRestoreInterval) {
    turn.wake_at(*r.restored_at + kRestoreInterval);
    return waiting(turn, fmt::format("somebody asks for revision {} again", r.from.number));
  }
  const Value change = data::diff_merge_patch(turn.o.workload["spec"]["template"], wanted);
  turn.act(patch_of(plan::resource_of(turn.o.kind), turn.o.workload,
                    Value::object({{"spec", Value::object({{"template", change}})}})));
  if (turn.o.kept.contains(turn.s.stable->hash))
    turn.act(control::Forget{revision_fact(turn.o.release, turn.s.stable->hash)});
  r.restored_at = turn.now;
  const std::string text = fmt::format("{} gets the template of revision {} back: its controller knows no other way",
                                       turn.workload_name(), turn.s.stable->number);
  turn.log("rollback.template", text);
  turn.note(Note::Kind::Warning, "TemplateRestored", text);
  return waiting(turn, text);
}

bool is_back(const Turn& turn) {
  const Version* stable = turn.stable();
  return stable && stable->available >= turn.o.replicas() &&
         std::ranges::all_of(turn.o.placed, [&](const PlacedPod& p) { return p.hash == stable->hash; });
}

void leave_held(Turn& turn, const std::string& why) {
  apply(turn, Value::object({{kLeftPausedAnnotation, why}, {kUpdateStrategyAnnotation, own_strategy(turn)}}),
        held_strategy(turn, kHeldPartition));
}

Reach give_strategy_back(Turn& turn) {
  const std::string_view known = api::annotation(turn.o.workload, kUpdateStrategyAnnotation);
  if (known.empty()) return Reach::Done;
  if (const auto own = data::parse_json(known); own && own->is_object())
    turn.act(patch_of(plan::resource_of(turn.o.kind), turn.o.workload,
                      Value::object({{"spec", Value::object({{"updateStrategy", *own}})}})));
  apply(turn, {}, {});
  return Reach::Waiting;
}

Revision revision_of_placed(const Turn& turn, const Version& version) {
  const Value& asked = turn.o.workload["spec"]["template"];
  const bool is_asked = turn.o.asked() == &version;
  Revision r{.number = version.rs["revision"].as_int(), .hash = version.hash};
  r.template_hash = is_asked ? placed_template_hash(asked) : revision_template_hash(version.rs);
  if (is_asked) r.images = images_of(asked);
  return r;
}

class Placed final : public Workload {
 public:
  std::string refusal(const Turn&) const override { return ""; }

  const Version* settled(const Turn& turn) const override {
    if (!has_seen_spec(turn)) return nullptr;
    const Version* only = nullptr;
    for (const Version& v : turn.o.versions) {
      if (v.remaining == 0) continue;
      if (only) return nullptr;
      only = &v;
    }
    const Version* asked = turn.o.asked();
    if (!only && turn.o.replicas() == 0) only = asked;
    if (!only || only->pods != turn.o.replicas() || only->available < turn.o.replicas()) return nullptr;
    if (only != asked && !is_held(turn)) return nullptr;
    return is_current(turn, *only) ? only : nullptr;
  }

  void unblock(Turn&) const override {}

  void hold(Turn& turn) const override {
    const bool again = !api::annotation(turn.o.workload, kHeldAnnotation).empty();
    const bool was_held =
        again && strategy_of(turn)["type"].as_string() == (is_stateful(turn) ? "RollingUpdate" : "OnDelete");
    const std::int64_t least = least_partition(turn);
    const bool free = control::mutant(control::Mutant::LetAllPodsGo) && turn.s.candidate && !turn.s.retreat;
    if (!free) put_hold(turn, again ? std::max(partition_of(turn), least) : least);
    if (!turn.acts() || was_held) return;
    turn.out.notes.push_back({.kind = again ? Note::Kind::Warning : Note::Kind::Normal,
                              .reason = again ? "HeldAgain" : "HeldByRelease",
                              .message = advice(turn),
                              .about = turn.o.workload});
    if (again) turn.log("hold.again", "the update strategy was changed by somebody; pods are held back again");
  }

  Reach free(Turn& turn) const override {
    const Value& d = turn.o.workload;
    if (api::annotation(d, kUpdateStrategyAnnotation).empty() || !api::annotation(d, kLeftPausedAnnotation).empty())
      return Reach::Done;
    if (!turn.s.stable || asks_for(turn.o, *turn.s.stable)) return give_strategy_back(turn);
    const std::string text = fmt::format(
        "the template was never released; a new Release carries it out, or change spec.updateStrategy, which was {}",
        api::annotation(d, kUpdateStrategyAnnotation));
    leave_held(turn, text);
    turn.note(Note::Kind::Warning, "LeftHeld", text);
    return Reach::Waiting;
  }

  Revision revision_of(const Turn& turn, const Version& version) const override {
    return revision_of_placed(turn, version);
  }

  std::int64_t number_of(const Version& version) const override { return version.rs["revision"].as_int(); }

  // Its controller writes that down first.
  bool knows_what_is_asked(const Turn& turn) const override { return turn.o.asked() != nullptr; }

  Revision asked_revision(const Turn& turn) const override { return revision_of_placed(turn, *turn.o.asked()); }

  // Only what is asked for now can be seen.
  Value shown_template(const Turn& turn, std::string_view hash) const override {
    const Version* asked = turn.o.asked();
    return asked && asked->hash == hash ? turn.o.workload["spec"]["template"] : Value();
  }

  // A DaemonSet makes pods of what its template says at the moment, also of a version that was asked for in passing.
  Reach restore_stable(Turn& turn) const override {
    const Version* stable = turn.stable();
    const Version* asked = turn.o.asked();  // the one that it would make
    if (is_stateful(turn) || turn.s.candidate || turn.s.retreat || !stable || !has_seen_spec(turn) || !asked ||
        asked->hash != stable->hash)
      return Reach::Done;
    replace_pods(turn, stable->hash, turn.o.replicas(), turn.budget().unavailable);
    return turn.acts() ? waiting(turn, fmt::format("a pod of {} is of another version", turn.workload_name()))
                       : Reach::Done;
  }

  Reach ensure_versions(Turn& turn) const override {
    if (turn.candidate()) return Reach::Done;
    return waiting(turn, fmt::format("waiting for the controller of {} to see its new template", turn.workload_name()));
  }

  Reach reach_replicas(Turn& turn, const plan::Scale& scale) const override {
    const Version& candidate = *turn.candidate();
    const std::int64_t wanted = replaced_pods(scale, turn.o.replicas());
    count_progress(turn, candidate);
    if (is_stateful(turn)) {
      const bool all = control::mutant(control::Mutant::LetAllPodsGo);
      put_hold(turn, all ? 0 : candidate.pods < wanted ? turn.o.replicas() - wanted : kHeldPartition);
      if (!turn.acts()) take_surplus_back(turn, wanted);
    } else {
      replace_pods(turn, candidate.hash, wanted, turn.budget().unavailable);
    }
    const std::string trouble = trouble_text(turn, candidate.hash);
    const bool surplus = turn.s.position.back_to >= 0 && candidate.remaining > wanted;
    if (!turn.acts() && candidate.available >= wanted && !surplus) return Reach::Done;
    return waiting(turn, fmt::format("{} of {} pods of the new version are available{}", candidate.available, wanted,
                                     trouble.empty() ? "" : "; " + trouble));
  }

  // Nothing changes hands.
  bool was_handed_over(const Turn&) const override { return false; }
  bool lost_candidate(const Turn&) const override { return false; }

  // Else its controller makes pods of the version before wherever nothing is to be replaced.
  bool may_begin_from_candidate(const Turn& turn) const override {
    return turn.candidate() && is_current(turn, *turn.candidate());
  }

  Reach promote(Turn& turn) const override {
    if (!turn.candidate()) return waiting(turn, "nothing is known of the new version any more");
    const Version& candidate = *turn.candidate();
    if (candidate.available < turn.o.replicas())
      return waiting(turn, fmt::format("{} of {} pods are available", candidate.available, turn.o.replicas()));
    if (!is_current(turn, candidate))
      return waiting(turn, fmt::format("{} makes the new version its current one", turn.workload_name()));
    turn.s.position.handed_over = true;
    return Reach::Done;
  }

  Reach go_back(Turn& turn, Retreat& r) const override {
    const Version* stable = turn.stable();
    const bool asked = asks_for(turn.o, *turn.s.stable);
    if (!remembers_stable(turn) && !asked) {
      if (r.cause == Cause::Superseded || !asks_for(turn.o, r.from)) {
        r.cause = Cause::Superseded;
        return Reach::Done;
      }
      return restore_template(turn, r);
    }
    if (!stable || (asked && !has_seen_spec(turn)))
      return waiting(turn, fmt::format("{} takes its template back", turn.workload_name()));
    if (!asked && is_about_to_forget(turn, r.from))
      return waiting(turn, fmt::format("{} forgets revision {}", turn.workload_name(), turn.s.stable->number));
    // The StatefulSet replaces those that serve by itself when its template is the stable one and it holds nothing
    // back.
    const bool by_itself = is_stateful(turn) && !remembers_stable(turn);
    if (is_stateful(turn)) put_hold(turn, by_itself ? 0 : kHeldPartition);
    if (!turn.acts()) replace_pods(turn, stable->hash, turn.o.replicas(), by_itself ? 0 : turn.budget().unavailable);
    if (turn.acts() || !is_back(turn))
      return waiting(turn, fmt::format("{} of {} pods are of revision {} again", stable->available, turn.o.replicas(),
                                       turn.s.stable->number));
    return Reach::Done;
  }

  Reach remove_candidate(Turn&) const override { return Reach::Done; }
};

}  // namespace

const Workload& placed_workload() {
  static const Placed placed;
  return placed;
}

}  // namespace slipway::delivery
