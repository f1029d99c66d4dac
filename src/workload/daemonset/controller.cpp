#include "workload/daemonset/controller.h"

#include "api/meta.h"
#include "workload/claim.h"
#include "workload/daemonset/decide.h"

namespace slipway::workload::daemonset {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

std::vector<ObjectName> all_sets(const World& world, const Value&) {
  std::vector<ObjectName> names;
  for (const auto& [name, set] : world.cache(api::kDaemonSets).all()) names.push_back(name);
  return names;
}

}  // namespace

std::vector<control::Watch> DaemonSetController::watches() const {
  return {{api::kPods, claimants_of(api::kDaemonSets)},
          {api::kControllerRevisions, claimants_of(api::kDaemonSets)},
          {api::kNodes, all_sets}};
}

std::optional<control::Decision> DaemonSetController::reconcile(const World& world, const ObjectName& name,
                                                                base::Time now) const {
  const Value& set = world.find(api::kDaemonSets, name);
  if (set.is_null()) return std::nullopt;
  const client::Cache& pods = world.cache(api::kPods);
  Observation seen{
      .set = set,
      .nodes = {},
      .pods = pods.owned_by(api::uid_of(set)),
      .revisions = world.cache(api::kControllerRevisions).in_space(name.space),
      .is_taken = [&pods, &name](const std::string& pod) { return !pods.find({name.space, pod}).is_null(); },
      .failure = world.failure()};
  for (const auto& [node_name, node] : world.cache(api::kNodes).all()) seen.nodes.push_back(node);
  for (Value& pod : pods.owned_by(""))
    if (api::space_of(pod) == name.space) seen.pods.push_back(std::move(pod));
  return decide(seen, now);
}

}  // namespace slipway::workload::daemonset
