// What a DELETE does to an object: gone at once, marked and waiting, or nothing new. Pure.
//
// Finalizers and propagation as in Kubernetes' "Garbage Collection" and "Finalizers" pages; pods go in two steps
// (marked with their grace period, erased by the node agent's second delete with grace 0).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "api/scheme.h"
#include "apiserver/request.h"
#include "base/error.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::apiserver {

enum class Propagation { Unset, Background, Foreground, Orphan };

// meta.k8s.io/v1 DeleteOptions, from the body or the query; the body wins.
struct DeleteOptions {
  std::optional<std::int64_t> grace_seconds = {};
  std::string uid = {};  // preconditions
  std::string resource_version = {};
  Propagation propagation = Propagation::Unset;
  bool dry_run = false;
};
base::Result<DeleteOptions> delete_options(const data::Value& body, const Options& query);

struct Erase {};
struct Mark {
  data::Value object;  // with deletionTimestamp, grace and finalizers as they shall be
};
struct Unchanged {};
using DeletionStep = std::variant<Erase, Mark, Unchanged>;

DeletionStep plan_deletion(const api::Kind& kind, const data::Value& object, const DeleteOptions& options,
                           base::Time now);

// Is this object, after an update, marked and held by nothing any more?
bool is_released(const api::Kind& kind, const data::Value& object);

}  // namespace slipway::apiserver
