// Defaults and rules of pods, containers and volumes that depend on several fields.
#pragma once

#include <map>
#include <string>

#include "api/schema.h"

namespace slipway::api::kinds {

std::map<std::string, TypeRules, std::less<>> volume_rules();
void begin_claim(data::Value& claim);  // status: Pending
void check_claim(const data::Value& claim, const data::Value& old, std::vector<base::Cause>& problems);
void check_claim_spec(const data::Value& spec, const Path& at, std::vector<base::Cause>& problems);
std::map<std::string, TypeRules, std::less<>> container_rules();
std::map<std::string, TypeRules, std::less<>> pod_rules();

// Pod only, not templates: requests follow limits, service links are on.
void complete_pod(data::Value& pod);
void begin_pod(data::Value& pod);  // status: Pending, with its quality-of-service class
void check_pod_update(const data::Value& pod, const data::Value& old, std::vector<base::Cause>& problems);
// BestEffort, Burstable or Guaranteed, from the containers' requests and limits.
std::string_view qos_class(const data::Value& pod);

}  // namespace slipway::api::kinds
