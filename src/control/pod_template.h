// Pod templates: when two are the same, and the short hash that names a ReplicaSet.
//
// Two templates are the same when they are equal apart from the label `pod-template-hash`, which controllers add.
// Equality decides; the hash only makes names, and its exact value is no interface (Deployment documentation,
// "Pod-template-hash label"). Both templates must come from the API server, so that both carry the defaults.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/value.h"

namespace slipway::control {

inline constexpr std::string_view kTemplateHashLabel = "pod-template-hash";

// The template without the hash label, and without the empty maps that this may leave behind.
data::Value without_hash_label(const data::Value& pod_template);
// The template with the hash label set.
data::Value with_hash_label(const data::Value& pod_template, std::string_view hash);
bool same_template(const data::Value& a, const data::Value& b);
// FNV-1a over the JSON of the template without the hash label and, when positive, the collision count; in the alphabet
// of generated names. The same on every machine and in every version.
std::string template_hash(const data::Value& pod_template, std::int64_t collision_count = 0);

}  // namespace slipway::control
