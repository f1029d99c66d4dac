// What the server itself adds to objects on their way in, and what it refuses for reasons outside the object.
//
// In Kubernetes' terms: NamespaceLifecycle, ServiceAccount (the name only), Service address allocation, the namespace
// label, pod status at birth, RBAC escalation, CustomResourceDefinition naming. Pure but for the snapshot and the seed
// it is given.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "api/scheme.h"
#include "apiserver/addresses.h"
#include "apiserver/rbac.h"
#include "apiserver/request.h"
#include "base/error.h"
#include "data/value.h"
#include "store/store.h"

namespace slipway::apiserver {

// What admission may look at.
struct Surroundings {
  const store::Snapshot& head;
  const api::Scheme& scheme;
  const Policy& policy;
  const AddressRange& service_range;
  const Identity& who;
  std::uint64_t seed = 0;
  base::Time now = {};
};

// `object` has its name, namespace and defaults. Problems with its fields go to `problems`.
base::Result<data::Value> admit_create(const Surroundings& around, const api::Kind& kind, data::Value object,
                                       std::vector<base::Cause>& problems);
base::Result<data::Value> admit_update(const Surroundings& around, const api::Kind& kind, data::Value object,
                                       const data::Value& old, std::vector<base::Cause>& problems);
base::Result<void> admit_delete(const api::Kind& kind, const data::Value& object);

}  // namespace slipway::apiserver
