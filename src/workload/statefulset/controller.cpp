#include "workload/statefulset/controller.h"

#include "api/meta.h"
#include "workload/claim.h"
#include "workload/statefulset/decide.h"

namespace slipway::workload::statefulset {

using control::ObjectName;
using control::World;
using data::Value;

std::vector<control::Watch> StatefulSetController::watches() const {
  return {{api::kPods, claimants_of(api::kStatefulSets)},
          {api::kControllerRevisions, claimants_of(api::kStatefulSets)}};
}

std::optional<control::Decision> StatefulSetController::reconcile(const World& world, const ObjectName& name,
                                                                  base::Time now) const {
  const Value& set = world.find(api::kStatefulSets, name);
  if (set.is_null()) return std::nullopt;
  const client::Cache& pods = world.cache(api::kPods);
  Observation seen{.set = set,
                   .pods = pods.owned_by(api::uid_of(set)),
                   .revisions = world.cache(api::kControllerRevisions).in_space(name.space),
                   .failure = world.failure()};
  for (Value& pod : pods.owned_by(""))
    if (api::space_of(pod) == name.space) seen.pods.push_back(std::move(pod));
  return decide(seen, now);
}

}  // namespace slipway::workload::statefulset
