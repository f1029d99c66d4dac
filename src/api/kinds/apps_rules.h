// Defaults and rules of workloads that depend on several fields.
#pragma once

#include "api/schema.h"

namespace slipway::api::kinds {

void complete_strategy(data::Value& strategy);           // rollingUpdate: 25 % each
void complete_stateful_set(data::Value& spec);           // kind of the claims
void complete_stateful_strategy(data::Value& strategy);  // RollingUpdate of everything
void complete_daemon_strategy(data::Value& strategy);    // rollingUpdate: one node at a time, no second pod
void check_deployment(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);
void check_replica_set(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);
void check_stateful_set(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);
void check_daemon_set(const data::Value& object, const data::Value& old, std::vector<base::Cause>& problems);

}  // namespace slipway::api::kinds
