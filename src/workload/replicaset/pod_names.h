// Names for the pods of a ReplicaSet, such that the same decision made twice cannot make two pods.
//
// Every pod carries an ordinal in an annotation; the next one is the highest that the set's pods carry (terminating
// ones included) plus one, and the name follows from the set's uid and the ordinal. So:
//  - a create whose answer was lost, or that another process repeats from an older picture, meets its own name:
//  AlreadyExists;
//  - after a crash between two creates the next process counts what is there and goes on with the following ordinals;
//  - names are used again only when all younger pods are gone, and never while their pod exists: names taken by pods
//  that the
//    set no longer owns are skipped.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace slipway::workload::replicaset {

inline constexpr std::string_view kOrdinal = "slipway.dev/ordinal";

struct PodName {
  std::string name;
  std::int64_t ordinal;
};

// "web-7d9f8c-x2k4p": five letters that follow from uid and ordinal, behind the set's name (shortened to keep 63
// characters).
std::string pod_name(const data::Value& set, std::int64_t ordinal);
std::vector<PodName> next_pod_names(const data::Value& set, const std::vector<data::Value>& pods, std::size_t count,
                                    const std::function<bool(const std::string&)>& is_taken);

}  // namespace slipway::workload::replicaset
