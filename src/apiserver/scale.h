// The scale subresource: replicas of any workload as one small object (autoscaling/v1 Scale). Pure.
#pragma once

#include "api/scheme.h"
#include "base/error.h"
#include "data/value.h"

namespace slipway::apiserver {

// The Scale of `object`, a `kind` that has scale paths.
data::Value scale_of(const api::Kind& kind, const data::Value& object);
// `object` with the replicas (and, if given, the resourceVersion to check) that `scale` asks for.
base::Result<data::Value> with_scale(const api::Kind& kind, data::Value object, const data::Value& scale);

}  // namespace slipway::apiserver
