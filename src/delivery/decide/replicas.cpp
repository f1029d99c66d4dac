#include "delivery/decide/replicas.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/pod_template.h"
#include "data/json.h"
#include "delivery/decide/config.h"
#include "delivery/decide/revisions.h"
#include "delivery/decide/troubles.h"
#include "delivery/decide/variants.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

Value labels_with_hash(const Value& labels, const std::string& hash) {
  return labels.with(control::kTemplateHashLabel, hash);
}

std::string why_not(const Turn& turn, const Version& v) {
  if (const std::string trouble = trouble_text(turn, v.hash); !trouble.empty()) return "; " + trouble;
  return v.unseen > 0 && v.available > 0 ? "; its controller has not seen the new size yet" : "";
}

// Pods without which a version could not carry what it has been given: more than a step asks for when the steps were
// edited, or when another variant was chosen before.
std::int64_t pods_for_given(const Turn& turn, const Beside& v) {
  if (!turn.routed() || v.stopped) return 0;
  if (!turn.s.variants.empty()) {  // what cohorts get is in the parts of the test
    const std::vector<plan::Share> now = turn.view().versions;
    return v.index < now.size() ? pods_for(now[v.index], turn.o.replicas()) : 0;
  }
  return pods_for(plan::Share{std::max<std::int64_t>(turn.s.traffic.verified, 0)}, turn.o.replicas());
}

// Of variants that have not won: one that was chosen before gives back what it got for that.
void give_back_extra(Turn& turn, const Beside& v) {
  const auto& steps = turn.plan.steps;
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  const auto traffic = plan::traffic_before(turn.plan, index);
  const auto scale = plan::scale_before(turn.plan, index);
  if (turn.s.variants.empty() || !traffic || !scale || index >= steps.size()) return;
  const std::int64_t least = std::max({pods_needed_of(turn, *traffic, v.index), pods_for_given(turn, v),
                                       pods_wanted_of(turn, *scale, v.index).value_or(0)});
  if (v.version->spec > least) scale_to(turn, *v.version, least);
}

// Extra capacity: the stable version keeps its size, which the Deployment sees to.
Reach reach_extra(Turn& turn, const plan::Scale& scale) {
  Reach out = Reach::Done;
  for (const Beside& v : versions_beside(turn)) {
    auto wanted = pods_wanted_of(turn, scale, v.index);
    if (v.version && !v.stopped && !wanted) give_back_extra(turn, v);
    if (!wanted || !v.version) continue;
    wanted = std::max(*wanted, pods_for_given(turn, v));
    scale_to(turn, *v.version, *wanted);
    if (out == Reach::Waiting || (v.version->spec == *wanted && v.version->staying() >= *wanted)) continue;
    out = Reach::Waiting;
    const std::string which =
        turn.s.variants.empty() ? "candidate pods" : "pods of variant " + turn.s.variants[v.index].name;
    turn.wait(
        fmt::format("{} of {} {} are available{}", v.version->available, *wanted, which, why_not(turn, *v.version)));
  }
  return out;
}

Side side_of(const Version& v, std::int64_t target) { return {v.spec, v.staying(), target}; }

Reach reach_shared(Turn& turn, const plan::Scale& scale) {
  const std::int64_t n = turn.o.replicas();
  const Version& candidate = *turn.candidate();
  const Version* stable = turn.stable();
  const Ratio ratio = ratio_of_step(scale, n);
  const Side c = side_of(candidate, ratio.candidate);
  const Side s = stable ? side_of(*stable, ratio.stable) : Side{};
  const bool forward = c.spec < c.target || s.spec > s.target;
  const Next next = forward ? rolling_step(c, s, n, turn.budget()) : rolling_step(s, c, n, turn.budget());
  scale_to(turn, candidate, forward ? next.growing : next.shrinking);
  if (stable) scale_to(turn, *stable, forward ? next.shrinking : next.growing);
  if (c.spec == c.target && s.spec == s.target && c.available >= c.target && (!stable || s.available >= s.target))
    return Reach::Done;
  const std::string trouble = trouble_text(turn, candidate.hash);
  turn.wait(fmt::format("{} of {} candidate and {} of {} stable pods are available{}", candidate.available, c.target,
                        stable ? stable->available : 0, s.target, trouble.empty() ? "" : "; " + trouble));
  return Reach::Waiting;
}

}  // namespace

Value replica_set_object(const Turn& turn, const Revision& revision, const Value& pod_template, Holder holder,
                         std::int64_t replicas) {
  const Value& d = turn.o.workload;
  Value selector = d["spec"]["selector"];
  selector.set({"matchLabels", control::kTemplateHashLabel}, revision.hash);
  Value annotations = Value::object({{kRevisionAnnotation, std::to_string(revision.number)},
                                     {kDesiredAnnotation, std::to_string(turn.o.replicas())},
                                     {kMaxAnnotation, std::to_string(turn.o.replicas() + turn.budget().surge)}});
  if (!revision.config.empty()) annotations.set(kConfigAnnotation, data::to_json(to_value(revision.config)));
  Value spec = Value::object({{"replicas", replicas},
                              {"selector", selector},
                              {"template", control::with_hash_label(pod_template, revision.hash)}});
  if (d["spec"].has("minReadySeconds")) spec.set("minReadySeconds", d["spec"]["minReadySeconds"]);
  const Value labels = labels_with_hash(pod_template["metadata"]["labels"], revision.hash);
  return Value::object(
      {{"apiVersion", "apps/v1"},
       {"kind", "ReplicaSet"},
       {"metadata", Value::object({{"name", fmt::format("{}-{}", api::name_of(d), revision.hash)},
                                   {"namespace", api::space_of(d)},
                                   {"labels", holder == Holder::Release ? held_labels(turn, labels) : labels},
                                   {"annotations", annotations},
                                   {"ownerReferences", Value::array({reference_to_deployment(turn.o)})}})},
       {"spec", spec}});
}

std::string images_of(const Value& pod_template) {
  std::vector<std::string> out;
  for (const Value& c : pod_template["spec"]["containers"].items())
    out.push_back(fmt::format("{}={}", c["name"].as_string(), c["image"].as_string()));
  return base::join(out, ",");
}

namespace {

// The variant without changes: what the Deployment asked for when the test began.
const VariantState* unchanged(const Turn& turn) {
  const auto& variants = turn.plan.routing->variants;
  const auto found = std::ranges::find_if(variants, [](const plan::Variant& v) { return v.pod_template.is_null(); });
  return found == variants.end() ? nullptr : &turn.s.variants[static_cast<std::size_t>(found - variants.begin())];
}

// What a variant ran that has lost its ReplicaSet. When another one is chosen the Deployment's template is that one's,
// and the one without changes may have been kept as a revision. Null: nobody knows it any more, or it is being read.
Value template_of_lost(Turn& turn, const Beside& lost) {
  if (asks_for(turn.o, *lost.revision)) return turn.o.asked_template();
  const VariantState* base = unchanged(turn);
  const Value known = base ? template_of(turn, *base) : Value();
  if (known.is_null()) return {};
  const Value deployment = Value::object({{"spec", Value::object({{"template", known}})}});
  auto made = template_of_variant(deployment, turn.plan.routing->variants[lost.index]);
  if (made) made = with_copies(*made, api::name_of(turn.o.release), lost.revision->config);
  const bool same = made && control::template_hash(*made) == lost.revision->template_hash;
  return same ? *made : Value();
}

bool is_being_read(const Turn& turn) {
  const VariantState* base = unchanged(turn);
  const auto kept = base ? turn.o.kept.find(base->hash) : turn.o.kept.end();
  return kept != turn.o.kept.end() && !kept->second.pod_template.is_object();
}

Reach make_again(Turn& turn, const Beside& lost) {
  const Value made = template_of_lost(turn, lost);
  if (made.is_object()) {
    if (ensure_copies(turn, *lost.revision) == Reach::Waiting) return Reach::Waiting;
    turn.act(control::Create{api::kReplicaSets, replica_set_object(turn, *lost.revision, made, Holder::Release, 0)});
  } else if (!is_being_read(turn)) {
    if (turn.s.halt || turn.s.retreat) return Reach::Done;
    stop_variant(turn, lost.index, Cause::Deadline, "its ReplicaSet is gone, and nobody knows what it ran");
    return Reach::Waiting;
  }
  turn.wait("making the ReplicaSets of the variants");
  return Reach::Waiting;
}

// Of a test. Once it is decided only the candidate is made again.
Reach ensure_variants(Turn& turn) {
  Reach out = Reach::Done;
  for (const Beside& v : versions_beside(turn)) {
    if (v.version && v.version->owner != Owner::Release) take(turn, *v.version);
    if (!v.version && !v.stopped && make_again(turn, v) == Reach::Waiting) out = Reach::Waiting;
  }
  if (out == Reach::Done && turn.acts()) turn.wait("taking over the ReplicaSets of the variants");
  return turn.acts() ? Reach::Waiting : out;
}

}  // namespace

Reach ensure_sets(Turn& turn) {
  if (!turn.s.variants.empty() && !is_decided(turn)) return ensure_variants(turn);
  const Version* candidate = turn.candidate();
  if (!candidate) {
    // When it has arrived, the Deployment may ask for a newer version already.
    const data::Value wanted = template_of(turn, *turn.s.candidate);
    turn.wait(wanted.is_null() ? "the candidate's ReplicaSet is gone; reading what it was"
                               : "creating the candidate's ReplicaSet");
    if (!wanted.is_null() && ensure_copies(turn, *turn.s.candidate) == Reach::Done)
      turn.act(
          control::Create{api::kReplicaSets, replica_set_object(turn, *turn.s.candidate, wanted, Holder::Release, 0)});
    return Reach::Waiting;
  }
  const Version* stable = turn.stable();
  const bool shared = turn.plan.capacity == plan::Capacity::Shared;
  if (shared && stable && stable->owner != Owner::Release)
    take_last(turn, *stable);
  else if (candidate->owner != Owner::Release)
    take(turn, *candidate);
  if (!turn.acts()) return Reach::Done;
  turn.wait("taking over the ReplicaSets");
  return Reach::Waiting;
}

void hold_ratio(Turn& turn) {
  if (turn.plan.capacity != plan::Capacity::Shared) return;
  const Version* candidate = turn.candidate();
  const Version* stable = turn.stable();
  const std::int64_t n = turn.o.replicas(), all = (candidate ? candidate->spec : 0) + (stable ? stable->spec : 0);
  if (!candidate || !stable || all == 0 || (all >= n && all <= n + turn.budget().surge)) return;
  const std::int64_t kept = candidate->spec * n / all;
  // Only one of the two writes may arrive, and the ratio is taken from what is there: the candidate's part may then get
  // smaller, and never larger.
  const bool grows = kept > candidate->spec;
  if (!grows) scale_to(turn, *candidate, kept);
  scale_to(turn, *stable, n - kept);
  if (grows) scale_to(turn, *candidate, kept);
}

Reach reach_sets(Turn& turn, const plan::Scale& scale) {
  return turn.plan.capacity == plan::Capacity::Extra ? reach_extra(turn, scale) : reach_shared(turn, scale);
}

}  // namespace slipway::delivery
