#include "workload/replicaset/controller.h"

#include "api/meta.h"
#include "control/pod.h"
#include "workload/claim.h"
#include "workload/replicaset/decide.h"

namespace slipway::workload::replicaset {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

// Sets of one Deployment share nodes: pods that are crowded with their relatives go first.
PodsPerNode pods_per_node(const World& world, const Value& set) {
  PodsPerNode counts;
  std::vector<Value> relatives = {set};
  if (const std::string_view owner = api::controller_of(set)["uid"].as_string(); !owner.empty())
    relatives = world.cache(api::kReplicaSets).owned_by(owner);
  for (const Value& relative : relatives)
    for (const Value& pod : world.cache(api::kPods).owned_by(api::uid_of(relative)))
      if (control::is_active(pod)) ++counts[std::string(control::node_of(pod))];
  return counts;
}

void add_orphans(std::vector<Value>& pods, const client::Cache& cache, std::string_view space) {
  for (Value& pod : cache.owned_by(""))
    if (api::space_of(pod) == space) pods.push_back(std::move(pod));
}

}  // namespace

std::vector<control::Watch> ReplicaSetController::watches() const {
  return {{api::kPods, claimants_of(api::kReplicaSets)}};
}

std::optional<control::Decision> ReplicaSetController::reconcile(const World& world, const ObjectName& name,
                                                                 base::Time now) const {
  const Value& set = world.find(api::kReplicaSets, name);
  if (set.is_null()) return std::nullopt;
  const client::Cache& pods = world.cache(api::kPods);
  Observation seen{.set = set, .pods = pods.owned_by(api::uid_of(set)), .failure = world.failure()};
  if (static_cast<std::int64_t>(seen.pods.size()) > set["spec"]["replicas"].as_int(1))
    seen.related = pods_per_node(world, set);
  seen.is_taken = [&pods, &name](const std::string& pod) { return !pods.find({name.space, pod}).is_null(); };
  add_orphans(seen.pods, pods, name.space);
  return decide(seen, now);
}

}  // namespace slipway::workload::replicaset
