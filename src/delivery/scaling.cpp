#include "delivery/scaling.h"

#include <algorithm>

#include "data/quantity.h"

namespace slipway::delivery {
namespace {

std::int64_t amount(const data::Value& v, std::int64_t replicas, data::Round round) {
  const auto read = data::int_or_percent(v, replicas, round);
  if (read) return std::max<std::int64_t>(*read, 0);
  return data::int_or_percent("25%", replicas, round).value_or(1);
}

}  // namespace

Budget budget_of(const data::Value& surge, const data::Value& unavailable, std::int64_t replicas) {
  Budget b{amount(surge, replicas, data::Round::Up),
           std::min(amount(unavailable, replicas, data::Round::Down), replicas)};
  if (b.surge == 0 && b.unavailable == 0) b.unavailable = 1;
  return b;
}

namespace {

// A StatefulSet replaces one pod at a time; of a DaemonSet what it says itself, rounded up.
Budget budget_in_place(const plan::ReleasePlan& plan, const data::Value& workload) {
  if (plan.workload == plan::WorkloadKind::StatefulSet) return {0, 1};
  const data::Value& own = workload["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"];
  const data::Value& wanted = plan.max_unavailable.is_null() ? own : plan.max_unavailable;
  const std::int64_t nodes = workload["status"]["desiredNumberScheduled"].as_int();
  return {0, std::max<std::int64_t>(wanted.is_null() ? 1 : amount(wanted, nodes, data::Round::Up), 1)};
}

}  // namespace

Budget budget_of(const plan::ReleasePlan& plan, const data::Value& deployment) {
  if (plan.capacity == plan::Capacity::InPlace) return budget_in_place(plan, deployment);
  const data::Value& own = deployment["spec"]["strategy"]["rollingUpdate"];
  return budget_of(plan.max_surge.is_null() ? own["maxSurge"] : plan.max_surge,
                   plan.max_unavailable.is_null() ? own["maxUnavailable"] : plan.max_unavailable,
                   deployment["spec"]["replicas"].as_int(1));
}

std::int64_t pods_for(plan::Share share, std::int64_t replicas) {
  return (replicas * share.points + plan::kWhole.points - 1) / plan::kWhole.points;
}

std::int64_t pods_needed(const plan::Traffic& traffic, std::int64_t replicas) {
  const std::int64_t least = traffic.reaches_candidate() ? std::min<std::int64_t>(1, replicas) : 0;
  return std::max(
      {pods_for(traffic.share, replicas), pods_for(traffic.mirror, replicas), pods_for(traffic.load, replicas), least});
}

std::int64_t stable_pods_beside(plan::Share candidate, std::int64_t replicas) {
  const plan::Share rest{plan::kWhole.points - candidate.points};
  return std::max(pods_for(rest, replicas), std::min<std::int64_t>(1, replicas));
}

std::int64_t candidate_pods(const plan::Scale& scale, std::int64_t replicas) {
  return std::min(scale.pods ? *scale.pods : std::max(pods_for(scale.share, replicas), scale.least), replicas);
}

Ratio ratio_for(plan::Share share, std::int64_t replicas) {
  if (share == plan::kNone) return {replicas, 0};
  if (share == plan::kWhole) return {0, replicas};
  if (replicas <= 1) return {replicas, replicas};  // one more than asked for: there is no other way to have both
  const std::int64_t nearest = (replicas * share.points + plan::kWhole.points / 2) / plan::kWhole.points;
  const std::int64_t candidate = std::clamp<std::int64_t>(nearest, 1, replicas - 1);
  return {replicas - candidate, candidate};
}

Ratio ratio_of_step(const plan::Scale& scale, std::int64_t replicas) {
  const Ratio by_share = ratio_for(scale.share, replicas);
  const std::int64_t least = std::min(scale.least, replicas);
  return by_share.candidate >= least ? by_share : Ratio{replicas - least, least};
}

std::int64_t replaced_pods(const plan::Scale& scale, std::int64_t replicas) {
  return std::min(ratio_of_step(scale, replicas).candidate, replicas);
}

Next rolling_step(Side growing, Side shrinking, std::int64_t replicas, Budget budget) {
  const std::int64_t total = growing.spec + shrinking.spec;
  const std::int64_t most = std::max(replicas, growing.target + shrinking.target) + budget.surge;
  const std::int64_t add = std::min(growing.target - growing.spec, most - total);
  if (add > 0) return {growing.spec + add, shrinking.spec};
  const std::int64_t new_spec = std::min(growing.spec, growing.target);  // the Deployment got smaller
  const std::int64_t excess = shrinking.spec - shrinking.target;
  const std::int64_t least = replicas - budget.unavailable;
  const std::int64_t removable = total - least - std::max<std::int64_t>(growing.spec - growing.available, 0);
  if (excess <= 0 || removable <= 0) return {new_spec, shrinking.spec};
  const std::int64_t unhealthy =
      std::clamp<std::int64_t>(shrinking.spec - shrinking.available, 0, std::min(removable, excess));
  const std::int64_t spare = std::max<std::int64_t>(growing.available + shrinking.available - least, 0);
  return {new_spec, shrinking.spec - std::min(excess, unhealthy + spare)};
}

bool can_carry(std::int64_t available, plan::Share share, std::int64_t replicas, Budget budget) {
  if (share == plan::kNone) return true;
  if (available <= 0) return replicas == 0;
  const std::int64_t missing = std::min(budget.unavailable, replicas - 1) * share.points / plan::kWhole.points;
  return available >= std::max<std::int64_t>(1, pods_for(share, replicas) - missing);
}

}  // namespace slipway::delivery
