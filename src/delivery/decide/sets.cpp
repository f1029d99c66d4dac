#include "delivery/decide/sets.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/pod_template.h"
#include "data/json.h"
#include "delivery/decide/config.h"
#include "delivery/decide/hold.h"
#include "delivery/decide/promote.h"
#include "delivery/decide/replicas.h"
#include "delivery/decide/revisions.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

bool is_asked_for(const Turn& turn, const Version& version) {
  const Value& pod_template = version.rs["spec"]["template"];
  return control::same_template(pod_template, turn.o.workload["spec"]["template"]) ||
         control::same_template(pod_template, turn.o.asked_template());
}

// The Deployment has finished what it was doing by itself: one ReplicaSet, all pods available.
const Version* settled_version(const Turn& turn) {
  const Value& d = turn.o.workload;
  const Version* only = nullptr;
  for (const Version& v : turn.o.versions) {
    if (v.owner != Owner::Deployment || (v.spec == 0 && turn.o.replicas() > 0)) continue;
    if (turn.o.replicas() == 0 && !is_asked_for(turn, v)) continue;
    if (only) return nullptr;
    only = &v;
  }
  if (!only || (!is_asked_for(turn, *only) && !d["spec"]["paused"].as_bool())) return nullptr;
  return only->spec == turn.o.replicas() && only->available >= turn.o.replicas() ? only : nullptr;
}

// Held by us without a single pod, and nobody knows any more what it ran: only the Deployment itself can begin again.
bool has_nothing_left(const Turn& turn) {
  const Value& d = turn.o.workload;
  return d["spec"]["paused"].as_bool() && turn.o.replicas() > 0 &&
         api::condition(d, kHeldCondition)["status"].as_string() == "True" &&
         std::ranges::all_of(turn.o.versions, [](const Version& v) { return v.spec == 0 && v.pods == 0; });
}

// Of a Deployment that was made anew, say: two ReplicaSets of one template would make it choose one of them.
bool is_there_by_another_name(const Turn& turn, const Value& pod_template) {
  return std::ranges::any_of(turn.o.versions, [&](const Version& v) {
    return control::same_template(v.rs["spec"]["template"], pod_template);
  });
}

class Sets final : public Workload {
 public:
  std::string refusal(const Turn& turn) const override {
    if (can_take(turn.o)) return "";
    return fmt::format(
        "Deployment {} selects by exclusions only (spec.selector); a Release needs matchLabels, or In or Exists",
        api::name_of(turn.o.workload));
  }

  const Version* settled(const Turn& turn) const override { return settled_version(turn); }

  void unblock(Turn& turn) const override {
    if (has_nothing_left(turn)) free_deployment(turn);
  }

  void hold(Turn& turn) const override { hold_deployment(turn); }

  Reach free(Turn& turn) const override {
    const Value& d = turn.o.workload;
    if (!turn.s.stable || !d["spec"]["paused"].as_bool() || !api::annotation(d, kLeftPausedAnnotation).empty())
      return Reach::Done;
    if (!asks_for(turn.o, *turn.s.stable)) {
      const std::string text = fmt::format(
          "the template was never released; `kubectl rollout resume deployment/{}` rolls it out", api::name_of(d));
      turn.act(patch_of(
          api::kDeployments, d,
          Value::object(
              {{"metadata", Value::object({{"annotations", Value::object({{kLeftPausedAnnotation, text}})}})}})));
      say_free(turn);
      turn.note(control::Note::Kind::Warning, "LeftPaused", text);
      return Reach::Waiting;
    }
    const Version* stable = turn.stable();
    if (stable && stable->owner != Owner::Deployment) {
      turn.wait("the Deployment adopts its ReplicaSet");
      return Reach::Waiting;
    }
    free_deployment(turn);
    return Reach::Waiting;
  }

  Revision revision_of(const Turn&, const Version& version) const override {
    Revision r{
        .number = base::parse_int(version.rs["metadata"]["annotations"][kRevisionAnnotation].as_string()).value_or(1),
        .hash = version.hash};
    r.template_hash = control::template_hash(version.rs["spec"]["template"]);
    r.images = images_of(version.rs["spec"]["template"]);
    if (const auto config = data::parse_json(api::annotation(version.rs, kConfigAnnotation)))
      r.config = config_hashes(*config);
    return r;
  }

  std::int64_t number_of(const Version& v) const override {
    return base::parse_int(v.rs["metadata"]["annotations"][kRevisionAnnotation].as_string()).value_or(0);
  }

  bool knows_what_is_asked(const Turn&) const override { return true; }

  Revision asked_revision(const Turn& turn) const override {
    const Value& wanted = turn.o.asked_template();
    std::int64_t newest = 0;
    for (const Version& v : turn.o.versions) newest = std::max(newest, number_of(v));
    // Those whose ReplicaSets are gone: a number means one release only.
    for (const Value& entry : turn.s.history.items()) newest = std::max(newest, entry["revision"].as_int());
    Revision r{.number = newest + 1, .template_hash = control::template_hash(wanted), .images = images_of(wanted)};
    r.config = turn.o.config.asked;
    r.hash = control::template_hash(wanted, turn.s.collisions);
    for (const Version& v : turn.o.versions)
      if (control::same_template(v.rs["spec"]["template"], wanted)) {
        r.hash = v.hash;
        if (turn.s.stable && v.hash == turn.s.stable->hash) r.number = number_of(v);
        break;
      }
    return r;
  }

  Value shown_template(const Turn& turn, std::string_view hash) const override {
    const Version* version = turn.o.find(hash);
    return version ? control::without_hash_label(version->rs["spec"]["template"]) : Value();
  }

  Reach restore_stable(Turn& turn) const override {
    if (!turn.s.stable || turn.stable() || turn.s.position.handed_over) return Reach::Done;
    if (!turn.o.workload["spec"]["paused"].as_bool()) return Reach::Done;  // it heals itself
    const Revision& stable = *turn.s.stable;
    const Value wanted = template_of(turn, stable);
    if (wanted.is_null()) {
      if (!turn.o.kept.contains(stable.hash)) return Reach::Done;
      turn.wait(fmt::format("the ReplicaSet of revision {} is gone; reading what it was", stable.number));
      return Reach::Waiting;
    }
    if (is_there_by_another_name(turn, wanted)) return Reach::Done;
    if (ensure_copies(turn, stable) == Reach::Waiting) return Reach::Waiting;
    // Where replicas are the weight, both versions are held, and it grows within the budget.
    const bool shared = turn.s.candidate && turn.plan.capacity == plan::Capacity::Shared;
    turn.act(control::Create{api::kReplicaSets,
                             replica_set_object(turn, stable, wanted, shared ? Holder::Release : Holder::Deployment,
                                                shared ? 0 : turn.o.replicas())});
    if (turn.o.kept.contains(stable.hash)) turn.act(control::Forget{revision_fact(turn.o.release, stable.hash)});
    const std::string text =
        fmt::format("the ReplicaSet of revision {} was deleted by somebody; it is made again", stable.number);
    turn.log("restore", text);
    turn.note(control::Note::Kind::Warning, "ReplicaSetRestored", text);
    turn.wait(text);
    return Reach::Waiting;
  }

  Reach ensure_versions(Turn& turn) const override { return ensure_sets(turn); }
  Reach reach_replicas(Turn& turn, const plan::Scale& scale) const override { return reach_sets(turn, scale); }

  bool was_handed_over(const Turn& turn) const override {
    const Version* candidate = turn.candidate();
    return candidate && (candidate->owner == Owner::Deployment || candidate->owner == Owner::Nobody);
  }

  bool lost_candidate(const Turn& turn) const override { return !turn.candidate(); }
  bool may_begin_from_candidate(const Turn&) const override { return true; }
  Reach promote(Turn& turn) const override { return promote_set(turn); }

  Reach go_back(Turn& turn, Retreat&) const override {
    if (!turn.candidate()) return Reach::Done;
    if (ensure_sets(turn) == Reach::Waiting) return Reach::Waiting;
    return reach_sets(turn, {plan::kNone});
  }

  Reach remove_candidate(Turn& turn) const override {
    const Version* candidate = turn.candidate();
    if (!candidate) return Reach::Done;
    if (candidate->spec > 0 && candidate->owner != Owner::Release) {
      take(turn, *candidate);
      return Reach::Waiting;
    }
    scale_to(turn, *candidate, 0);
    if (candidate->spec == 0 && candidate->remaining == 0) return Reach::Done;
    turn.wait(fmt::format("{} candidate pods are stopping", candidate->remaining));
    return Reach::Waiting;
  }
};

}  // namespace

const Workload& sets_workload() {
  static const Sets sets;
  return sets;
}

}  // namespace slipway::delivery
