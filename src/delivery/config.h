// ConfigMaps as parts of a version (docs/decisions/0019).
//
// With `spec.config.configMaps: Versioned` the pods of a version read immutable copies of the ConfigMaps that its
// template names, so that an edit reaches nobody until it is released, and a way back brings the content back as well.
// The workload's own template goes on naming the user's ConfigMaps; what is asked for is that template with the names
// of the copies of what is in them now.
//
// Specification of where a pod template names ConfigMaps: core/v1 EnvFromSource, EnvVarSource, ConfigMapVolumeSource,
// ConfigMapProjection (Kubernetes API reference). Pure functions.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace slipway::delivery {

// A ConfigMap that a pod template names.
struct ConfigReference {
  std::string name;
  bool optional = false;  // pods start without it, wherever it is named
  std::string path = {};  // the first place: "spec.containers[0].envFrom[1].configMapRef"
  bool operator==(const ConfigReference&) const = default;
};

// By name of the user's ConfigMap: the hash of its content.
using ConfigHashes = std::map<std::string, std::string>;

// Of an optional ConfigMap that is not there: its pods name something that never is.
inline constexpr std::string_view kAbsentConfig = "absent";
// All that a revision keeps of ConfigMaps may be so large, in bytes of JSON: an object of the API may be 1.5 MiB.
inline constexpr std::size_t kConfigLimit = 1'000'000;
// Where the caches keep the hash, instead of the content (kept.h).
inline constexpr std::string_view kKeptContentHash = "contentHash";

// spec.config.configMaps is Versioned.
bool has_versioned_config(const data::Value& release);
// In order of names, without those that spec.config.except names. Works on a part of a template as well (a variant's).
std::vector<ConfigReference> config_references(const data::Value& release, const data::Value& pod_template);

// Only data and binaryData, which is what pods see of it: {"data": {...}, "binaryData": {...}}, without empty ones.
data::Value content_of(const data::Value& config_map);
// Sixteen hexadecimal digits; of an object of the cache, what the cache kept.
std::string content_hash(const data::Value& config_map);

// The name of the copy: the same for the same Release, ConfigMap and content. 253 characters at most.
std::string copy_name(std::string_view release, std::string_view config_map, std::string_view hash);
// The template that names the copies; other names stay as they are.
data::Value with_copies(const data::Value& pod_template, std::string_view release, const ConfigHashes& hashes);
// The way back: the template that names the user's ConfigMaps.
data::Value without_copies(const data::Value& pod_template, std::string_view release, const ConfigHashes& hashes);

// "web-config@1f2e3d4c, web-env@absent", and what was written so.
std::string to_text(const ConfigHashes& hashes);
data::Value to_value(const ConfigHashes& hashes);
ConfigHashes config_hashes(const data::Value& value);
// The same of what a revision keeps: {"web-config": {"hash": ..., "data": {...}}}.
ConfigHashes kept_hashes(const data::Value& kept);

}  // namespace slipway::delivery
