// CustomResourceDefinitions: from a structural OpenAPI v3 schema to a Schema (internal to api; Scheme::with_crd is the
// way in).
//
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ : types, value
// rules, defaults, nullable, lists and maps of server-side apply, preserved and embedded parts, allOf, anyOf, oneOf and
// not as value rules. CEL rules (x-kubernetes-validations) are kept in the definition but not evaluated.
#pragma once

#include <vector>

#include "api/problems.h"
#include "api/scheme.h"

namespace slipway::api {

// The schema of one version's `openAPIV3Schema`. What is wrong with it is appended to `problems` under `at`.
SchemaPtr read_openapi_schema(const data::Value& schema, const Path& at, Problems& problems);

// The kinds that a definition serves, the preferred version first.
std::vector<Kind> kinds_of_crd(const data::Value& crd, const SchemaPtr& object_meta, Problems& problems);

// Kind::check of CustomResourceDefinition.
void check_crd(const data::Value& crd, const data::Value& old, std::vector<base::Cause>& problems);

}  // namespace slipway::api
