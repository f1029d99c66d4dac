#include "workload/invariants/available_replicas.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "workload/deployment/revisions.h"
#include "workload/deployment/rollout.h"

namespace slipway::workload {

using control::Decision;
using data::Value;

namespace {

std::int64_t size_of(const Value& set) { return set["spec"]["replicas"].as_int(1); }

// The size that the decision gives to this set.
std::int64_t size_after(const Decision& decision, const Value& set) {
  std::int64_t size = size_of(set);
  for (const control::Effect& effect : decision.effects) {
    if (const auto* patch = std::get_if<control::Patch>(&effect); patch != nullptr && patch->uid == api::uid_of(set))
      size = patch->body["spec"]["replicas"].as_int(size);
    if (const auto* erase = std::get_if<control::Delete>(&effect); erase != nullptr && erase->uid == api::uid_of(set))
      size = 0;
  }
  return size;
}

bool is_scaling(const Value& set, std::int64_t desired) {
  const auto sized_for = base::parse_int(api::annotation(set, deployment::kDesiredReplicas));
  return size_of(set) > 0 && sized_for && *sized_for != desired;
}

}  // namespace

std::optional<control::Violation> AvailableReplicas::check(const control::World& world,
                                                           const control::Controller& controller,
                                                           const control::ObjectName& name, const Decision& decision,
                                                           base::Time) const {
  if (controller.name() != "deployment") return std::nullopt;
  const Value& deployment = world.find(api::kDeployments, name);
  const Value& strategy = deployment["spec"]["strategy"];
  const std::int64_t desired = deployment["spec"]["replicas"].as_int(1);
  const auto posts = deployment::resolve_fenceposts(strategy, desired);
  if (deployment.is_null() || !posts || strategy["type"].as_string() == "Recreate") return std::nullopt;
  std::int64_t before = 0, after = 0;
  for (const Value& set : world.cache(api::kReplicaSets).owned_by(api::uid_of(deployment))) {
    if (is_scaling(set, desired)) return std::nullopt;
    const std::int64_t available = set["status"]["availableReplicas"].as_int();
    before += std::min(size_of(set), available);
    after += std::min(size_after(decision, set), available);
  }
  const std::int64_t minimum = desired - posts->unavailable;
  if (after >= std::min(before, minimum)) return std::nullopt;
  return control::Violation{std::string(this->name()), name.space + "/" + name.name + ": " + std::to_string(after) +
                                                           " replicas would be available, " + std::to_string(minimum) +
                                                           " must be"};
}

}  // namespace slipway::workload
