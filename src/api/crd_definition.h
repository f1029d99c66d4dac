// From a kind's schema to its CustomResourceDefinition: for clusters whose API server is not ours.
//
// The schema is structural (no references), carries the table's defaults and limits, and in addition what code checks
// here (kinds/release_rules.h) as value rules and CEL rules, so that a real API server refuses the same objects.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
#pragma once

#include <string>
#include <vector>

#include "api/scheme.h"

namespace slipway::api {

// A value rule that is added to a field of a type: "minItems" 1.
struct ValueRule {
  std::string type, field, rule;
  data::Value value;
};
// A rule over several fields of a type, in CEL with `self`.
struct CelRule {
  std::string type, rule, message;
};
struct DefinitionRules {
  std::vector<ValueRule> values;
  std::vector<CelRule> cel;
};

data::Value definition_of(const Kind& kind, const DefinitionRules& rules);

// Of all kinds of slipway.dev, in name order.
std::vector<data::Value> slipway_definitions();

}  // namespace slipway::api
