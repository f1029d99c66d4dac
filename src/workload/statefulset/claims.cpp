// The volumes of pods: one claim for each template and ordinal, made before the pod, and owned by what its end shall
// follow.
//
// Specification: Kubernetes documentation "StatefulSets", "PersistentVolumeClaim retention".
#include <algorithm>

#include "api/meta.h"
#include "control/patch.h"
#include "workload/statefulset/identity.h"
#include "workload/statefulset/pass.h"

namespace slipway::workload::statefulset {

using data::Value;

namespace {

bool deletes(const Value& set, std::string_view when) {
  return set["spec"]["persistentVolumeClaimRetentionPolicy"][when].as_string() == "Delete";
}

// Ours by kind and name, whichever uid it is.
bool refers_to(const Value& reference, const api::Resource& kind, std::string_view name) {
  return reference["kind"].as_string() == kind.kind && reference["name"].as_string() == name &&
         reference["apiVersion"].as_string() == kind.api_version();
}

Value new_claim(const Value& set, const Value& claim_template, std::int64_t ordinal) {
  Value labels = claim_template["metadata"]["labels"];
  for (const data::Member& label : set["spec"]["selector"]["matchLabels"].members())
    labels.set(label.key.view(), label.value);
  Value metadata =
      Value::object({{"name", claim_name(set, claim_template, ordinal)}, {"namespace", api::space_of(set)}});
  if (!labels.is_empty()) metadata.set("labels", std::move(labels));
  if (const Value& annotations = claim_template["metadata"]["annotations"]; !annotations.is_empty())
    metadata.set("annotations", annotations);
  if (deletes(set, "whenDeleted"))
    metadata.set("ownerReferences", Value::array({api::controller_reference(set, api::kStatefulSets)}));
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "PersistentVolumeClaim"},
                        {"metadata", std::move(metadata)},
                        {"spec", claim_template["spec"]}});
}

// With this one of ours, or none. A controller of somebody else's decides alone. Null: there are none.
Value owners_of(const Value& set, const Value& claim, std::string_view pod, const Value& owner) {
  Value owners;
  bool others_rule = false;
  for (const Value& reference : claim["metadata"]["ownerReferences"].items()) {
    if (refers_to(reference, api::kPods, pod) || refers_to(reference, api::kStatefulSets, api::name_of(set))) continue;
    others_rule = others_rule || reference["controller"].as_bool();
    owners.push_back(reference);
  }
  if (!owner.is_null() && !others_rule) owners.push_back(owner);
  return owners;
}

}  // namespace

// False: a claim of this name is on its way out, and the pod has to wait for one of its own.
bool Pass::make_claims(std::int64_t ordinal) {
  const std::string pod = pod_name(set_, ordinal);
  std::vector<const Value*> missing;
  for (const Value& claim_template : set_["spec"]["volumeClaimTemplates"].items()) {
    const std::string name = claim_name(set_, claim_template, ordinal);
    const Value& claim = seen_.claim(name);
    if (claim.is_null()) {
      missing.push_back(&claim_template);
    } else if (api::is_deleting(claim) || is_of_lost_pod(claim, ordinal)) {
      reason("statefulset.claim-goes", pod + " waits until the claim " + name + " of its predecessor is gone");
      return false;
    }
  }
  for (const Value* claim_template : missing) {
    out_.effects.push_back(control::Create{api::kPersistentVolumeClaims, new_claim(set_, *claim_template, ordinal)});
    note("SuccessfulCreate", "create Claim " + claim_name(set_, *claim_template, ordinal) + " Pod " + pod +
                                 " in StatefulSet " + std::string(api::name_of(set_)) + " success");
  }
  return true;
}

// It goes with a pod that is no more: garbage collection is on its way.
bool Pass::is_of_lost_pod(const Value& claim, std::int64_t ordinal) const {
  if (!deletes(set_, "whenScaled")) return false;
  const std::string pod = pod_name(set_, ordinal);
  return std::ranges::any_of(claim["metadata"]["ownerReferences"].items(), [&](const Value& reference) {
    return refers_to(reference, api::kPods, pod) && reference["uid"].as_string() != api::uid_of(at(ordinal));
  });
}

// Who owns the claims of a pod says what becomes of them: the set's end, the pod's end once it is too many, or
// nobody's.
void Pass::own_claims(std::int64_t ordinal, const Value& pod, bool condemned) {
  Value owner;
  if (condemned && deletes(set_, "whenScaled"))
    owner = api::controller_reference(pod, api::kPods);
  else if (deletes(set_, "whenDeleted"))
    owner = api::controller_reference(set_, api::kStatefulSets);
  for (const Value& claim_template : set_["spec"]["volumeClaimTemplates"].items()) {
    const Value& claim = seen_.claim(claim_name(set_, claim_template, ordinal));
    if (claim.is_null() || is_of_lost_pod(claim, ordinal)) continue;
    Value owners = owners_of(set_, claim, api::name_of(pod), owner);
    if (owners == claim["metadata"]["ownerReferences"]) continue;
    Value body;
    body.set({"metadata", "ownerReferences"}, std::move(owners));
    out_.effects.push_back(control::patch_of(api::kPersistentVolumeClaims, claim, std::move(body)));
  }
}

}  // namespace slipway::workload::statefulset
