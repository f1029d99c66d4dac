// Defaults and rules of workloads that depend on several fields.
#pragma once

#include "api/schema.h"

namespace slipway::api::kinds {

void complete_strategy(data::Value& strategy);  // rollingUpdate: 25 % each
void check_deployment(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);
void check_replica_set(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);

}  // namespace slipway::api::kinds
