#include "workload/statefulset/controller.h"

#include "api/meta.h"
#include "workload/claim.h"
#include "workload/statefulset/decide.h"

namespace slipway::workload::statefulset {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

// "data-db-7" is of the set "db" when that has a claim template "data".
bool may_be_of(const Value& claim, const Value& set) {
  for (const Value& claim_template : set["spec"]["volumeClaimTemplates"].items())
    if (api::name_of(claim).starts_with(std::string(api::name_of(claim_template)) + "-" +
                                        std::string(api::name_of(set)) + "-"))
      return true;
  return false;
}

std::vector<ObjectName> sets_of_claim(const World& world, const Value& claim) {
  std::vector<ObjectName> names;
  for (const Value& set : world.cache(api::kStatefulSets).in_space(api::space_of(claim)))
    if (may_be_of(claim, set)) names.push_back({std::string(api::space_of(set)), std::string(api::name_of(set))});
  return names;
}

}  // namespace

std::vector<control::Watch> StatefulSetController::watches() const {
  return {{api::kPods, claimants_of(api::kStatefulSets)},
          {api::kControllerRevisions, claimants_of(api::kStatefulSets)},
          {api::kPersistentVolumeClaims, sets_of_claim}};
}

std::optional<control::Decision> StatefulSetController::reconcile(const World& world, const ObjectName& name,
                                                                  base::Time now) const {
  const Value& set = world.find(api::kStatefulSets, name);
  if (set.is_null()) return std::nullopt;
  const client::Cache& pods = world.cache(api::kPods);
  Observation seen{.set = set,
                   .pods = pods.owned_by(api::uid_of(set)),
                   .revisions = world.cache(api::kControllerRevisions).in_space(name.space),
                   .claim = [&world, &name](const std::string& claim) -> const Value& {
                     return world.find(api::kPersistentVolumeClaims, {name.space, claim});
                   },
                   .failure = world.failure()};
  for (Value& pod : pods.owned_by(""))
    if (api::space_of(pod) == name.space) seen.pods.push_back(std::move(pod));
  return decide(seen, now);
}

}  // namespace slipway::workload::statefulset
