#include "workload/claims/controller.h"

#include <algorithm>

#include "api/meta.h"
#include "control/pod.h"
#include "workload/claims/decide.h"

namespace slipway::workload::claims {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

std::vector<ObjectName> claims_of(const Value& pod) {
  std::vector<ObjectName> names;
  for (const Value& volume : pod["spec"]["volumes"].items())
    if (const Value& claim = volume["persistentVolumeClaim"]; !claim.is_null())
      names.push_back({std::string(api::space_of(pod)), claim["claimName"].str()});
  return names;
}

bool uses(const Value& pod, const ObjectName& claim) {
  const std::vector<ObjectName> names = claims_of(pod);
  return !control::is_terminal(pod) && std::ranges::find(names, claim) != names.end();
}

}  // namespace

std::vector<control::Watch> ClaimController::watches() const {
  return {{api::kPods, [](const World&, const Value& pod) { return claims_of(pod); }}};
}

std::optional<control::Decision> ClaimController::reconcile(const World& world, const ObjectName& name,
                                                            base::Time now) const {
  const Value& claim = world.find(api::kPersistentVolumeClaims, name);
  if (claim.is_null()) return std::nullopt;
  Observation seen{.claim = claim};
  if (api::is_deleting(claim))
    seen.in_use = std::ranges::any_of(world.cache(api::kPods).in_space(name.space),
                                      [&](const Value& pod) { return uses(pod, name); });
  return decide(seen, now);
}

}  // namespace slipway::workload::claims
