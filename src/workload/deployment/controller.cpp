#include "workload/deployment/controller.h"

#include "api/meta.h"
#include "workload/claim.h"
#include "workload/deployment/decide.h"

namespace slipway::workload::deployment {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

bool recreates(const Value& deployment) { return deployment["spec"]["strategy"]["type"].as_string() == "Recreate"; }

// Only a Recreate waits for single pods; all others read the sets' status.
std::vector<ObjectName> affected_by_pod(const World& world, const Value& pod) {
  const Value& reference = api::controller_of(pod);
  if (reference["kind"].as_string() != "ReplicaSet") return {};
  const std::string space(api::space_of(pod));
  const Value& set = world.find(api::kReplicaSets, {space, reference["name"].str()});
  const Value& owner = api::controller_of(set);
  if (owner["kind"].as_string() != "Deployment") return {};
  const ObjectName name{space, owner["name"].str()};
  if (!recreates(world.find(api::kDeployments, name))) return {};
  return {name};
}

std::vector<Value> pods_of(const World& world, const Value& deployment) {
  std::vector<Value> pods;
  for (const Value& set : world.cache(api::kReplicaSets).owned_by(api::uid_of(deployment)))
    for (Value& pod : world.cache(api::kPods).owned_by(api::uid_of(set))) pods.push_back(std::move(pod));
  return pods;
}

}  // namespace

std::vector<control::Watch> DeploymentController::watches() const {
  return {{api::kReplicaSets, claimants_of(api::kDeployments)}, {api::kPods, affected_by_pod}};
}

std::optional<control::Decision> DeploymentController::reconcile(const World& world, const ObjectName& name,
                                                                 base::Time now) const {
  const Value& deployment = world.find(api::kDeployments, name);
  if (deployment.is_null()) return std::nullopt;
  Observation seen{.deployment = deployment, .sets = world.cache(api::kReplicaSets).in_space(name.space)};
  if (recreates(deployment)) seen.pods = pods_of(world, deployment);
  return decide(seen, now);
}

}  // namespace slipway::workload::deployment
