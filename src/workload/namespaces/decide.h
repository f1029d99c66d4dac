// Deletion of a namespace: everything in it goes, then the namespace is finalized.
//
// Specification: Kubernetes documentation "Namespaces", API reference v1 Namespace (spec.finalizers, conditions).
// Nothing can be created in a terminating namespace, so once the API says of each kind that nothing is left, that stays
// true.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::namespaces {

inline constexpr std::size_t kBatch = 200;

// What is left of one kind.
struct Content {
  enum class Live { NotAsked, Asked, Empty, NotEmpty };  // what the API itself says
  api::Resource resource;
  std::vector<data::Value> objects;  // in the cache
  Live live = Live::NotAsked;
};

struct Observation {
  data::Value space;  // terminating
  std::vector<Content> contents;
};

std::string question_id(const data::Value& space, const api::Resource& resource);
control::Decision decide(const Observation& seen, base::Time now);

}  // namespace slipway::workload::namespaces
