// Defaults and rules of services, namespaces and configuration that depend on several fields.
#pragma once

#include "api/schema.h"

namespace slipway::api::kinds {

void complete_service(data::Value& service);
void check_service(const data::Value& service, const data::Value& old, std::vector<base::Cause>& problems);

void complete_namespace(data::Value& ns);
void begin_namespace(data::Value& ns);  // finalizer "kubernetes": deletion waits until it is empty

void complete_secret(data::Value& secret);  // stringData moves into data
void check_config(const data::Value& object, const data::Value& old,
                  std::vector<base::Cause>& problems);  // ConfigMap, Secret

void complete_role_binding(data::Value& binding);  // API groups of subjects

}  // namespace slipway::api::kinds
