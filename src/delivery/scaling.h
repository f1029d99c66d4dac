// How many replicas each of two versions should have next. Pure arithmetic.
//
// Specification: Deployment documentation, "Rolling Update Deployment": maxSurge rounds up, maxUnavailable rounds down,
// and when both come out as 0 one pod may be unavailable.
#pragma once

#include <cstdint>

#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery {

struct Budget {
  std::int64_t surge = 0;
  std::int64_t unavailable = 0;
  bool operator==(const Budget&) const = default;
};
// Int or percent of `replicas`; what cannot be read counts as 25 %.
Budget budget_of(const data::Value& surge, const data::Value& unavailable, std::int64_t replicas);

// The plan's own, or where it says nothing the Deployment's.
Budget budget_of(const plan::ReleasePlan& plan, const data::Value& deployment);

// Pods that carry `share` of the traffic that `replicas` pods carry together: rounded up.
std::int64_t pods_for(plan::Share share, std::int64_t replicas);
// Candidate pods without which this traffic must not be: an audience needs one at least.
std::int64_t pods_needed(const plan::Traffic& traffic, std::int64_t replicas);
// Pods that the stable version keeps while its pods follow the traffic: those for what the candidate has not been
// given, and at least one, which takes everything at once when no candidate pod is left.
std::int64_t stable_pods_beside(plan::Share candidate, std::int64_t replicas);
// Candidate pods that a step asks for beside the stable ones.
std::int64_t candidate_pods(const plan::Scale& scale, std::int64_t replicas);

// The two versions' replicas when only replicas split the traffic: the nearest ratio in which no side that should have
// some has none.
struct Ratio {
  std::int64_t stable = 0;
  std::int64_t candidate = 0;
  bool operator==(const Ratio&) const = default;
};
Ratio ratio_for(plan::Share share, std::int64_t replicas);
// The same for a step that may ask for a number of pods as well.
Ratio ratio_of_step(const plan::Scale& scale, std::int64_t replicas);
// Pods of a workload that has one set of them which run the new version: the nearest number, at least one for any
// share, and not all for less than the whole.
std::int64_t replaced_pods(const plan::Scale& scale, std::int64_t replicas);

struct Side {
  std::int64_t spec = 0;       // replicas asked for now
  std::int64_t available = 0;  // of them
  std::int64_t target = 0;
};
// One step of a rolling update from `shrinking` to `growing`: the new replicas of both. First pods are added within the
// surge, then removed, unhealthy ones first, while enough stay available.
struct Next {
  std::int64_t growing = 0;
  std::int64_t shrinking = 0;
  bool operator==(const Next&) const = default;
};
Next rolling_step(Side growing, Side shrinking, std::int64_t replicas, Budget budget);

// May `available` pods carry `share` of `replicas` pods' traffic, with as many missing as may be unavailable?
bool can_carry(std::int64_t available, plan::Share share, std::int64_t replicas, Budget budget);

}  // namespace slipway::delivery
