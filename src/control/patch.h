// The usual patch and the usual deletion of an object that was observed.
#pragma once

#include "api/resource.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::control {

// A merge patch with the uid and the resourceVersion of `object` as preconditions.
Patch patch_of(const api::Resource& resource, const data::Value& object, data::Value body);
// Of this very object, whatever has changed in it.
Delete delete_of(const api::Resource& resource, const data::Value& object);

}  // namespace slipway::control
