// Questions to the server that are asked by creating an object: may I, what may I, who am I (authorization.k8s.io,
// authentication.k8s.io). Nothing is stored. Any thread.
#pragma once

#include "apiserver/rbac.h"
#include "apiserver/request.h"
#include "base/error.h"
#include "data/value.h"

namespace slipway::apiserver {

// Answers with the object and its status filled in.
base::Result<data::Value> review(const Policy& policy, const Identity& who, const api::Kind& kind, data::Value object);

}  // namespace slipway::apiserver
