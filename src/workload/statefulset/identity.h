// Who a pod of a StatefulSet is: its ordinal, its name, and what follows from them.
//
// Specification: Kubernetes documentation "StatefulSets", "Pod Identity".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/value.h"

namespace slipway::workload::statefulset {

inline constexpr std::string_view kPodName = "statefulset.kubernetes.io/pod-name";
inline constexpr std::string_view kPodIndex = "apps.kubernetes.io/pod-index";

// "db-7" of the set "db" is 7; nullopt for a pod with any other name ("db-07" too).
std::optional<std::int64_t> ordinal_of(const data::Value& set, const data::Value& pod);
std::string pod_name(const data::Value& set, std::int64_t ordinal);
// "data-db-7": the claim that the pod has for a template of the set.
std::string claim_name(const data::Value& set, const data::Value& claim_template, std::int64_t ordinal);

// A pod of this ordinal, made from `pod_template`, which is that of the ControllerRevision named `revision`.
data::Value new_pod(const data::Value& set, const data::Value& pod_template, std::string_view revision,
                    std::int64_t ordinal);

// Labels that the pod has lost (or never had, if it was adopted); null when it has them all.
data::Value missing_labels(const data::Value& pod);

}  // namespace slipway::workload::statefulset
