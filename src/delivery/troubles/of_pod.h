// What ails one pod, or keeps pods from being made, by what the API shows of it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "data/value.h"
#include "delivery/troubles/trouble.h"

namespace slipway::delivery {

// So long a pod may take to start, or to get ready, before anything is said of it.
inline constexpr base::Duration kPodGrace = base::seconds(30);
// For so long a kill for memory is told of a container that is ready again.
inline constexpr base::Duration kMemoryRemembered = base::minutes(10);

struct PodTrouble {
  TroubleKind kind = TroubleKind::NotReady;
  Cure cure = Cure::Time;
  std::string message = {};  // empty: there is one, and what is seen now does not say which (a back-off)
  bool operator==(const PodTrouble&) const = default;
};

struct PodHealth {
  std::optional<PodTrouble> trouble = {};
  // Time alone may show more: then.
  std::optional<base::Time> look_at = {};
  // Events may say more than the pod does.
  bool ask_events = false;
};

// `warnings`: Events of type Warning about this pod, the newest last; null: not known.
PodHealth health_of(const data::Value& pod, const data::Value& warnings, base::Time now);

// Why pods cannot be made, from what the API answered to their controller: the message of a ReplicaSet's condition
// ReplicaFailure, or of an Event FailedCreate.
PodTrouble creation_trouble(std::string_view message);

}  // namespace slipway::delivery
