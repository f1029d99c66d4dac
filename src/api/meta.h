// Views on metadata that every kind has. They look into the object and copy nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/resource.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::api {

inline std::string_view name_of(const data::Value& o) { return o["metadata"]["name"].as_string(); }
inline std::string_view space_of(const data::Value& o) { return o["metadata"]["namespace"].as_string(); }
inline std::string_view uid_of(const data::Value& o) { return o["metadata"]["uid"].as_string(); }
inline std::string_view version_of(const data::Value& o) { return o["metadata"]["resourceVersion"].as_string(); }
inline std::int64_t generation_of(const data::Value& o) { return o["metadata"]["generation"].as_int(); }
inline const data::Value& labels_of(const data::Value& o) { return o["metadata"]["labels"]; }
inline std::string_view label(const data::Value& o, std::string_view key) { return labels_of(o)[key].as_string(); }
inline std::string_view annotation(const data::Value& o, std::string_view key) {
  return o["metadata"]["annotations"][key].as_string();
}
inline bool is_deleting(const data::Value& o) { return !o["metadata"]["deletionTimestamp"].is_null(); }
bool has_finalizer(const data::Value& o, std::string_view finalizer);

// The owner reference with controller: true, or null.
const data::Value& controller_of(const data::Value& o);
// An owner reference to `owner` (controller and blockOwnerDeletion true).
data::Value controller_reference(const data::Value& owner, const Resource& resource);

// status.conditions[type == t], or null.
const data::Value& condition(const data::Value& o, std::string_view type);
bool is_condition_true(const data::Value& o, std::string_view type);
// Puts a condition into `status`; lastTransitionTime moves only when the status flips. True when anything changed.
bool set_condition(data::Value& status, std::string_view type, std::string_view value, std::string_view reason,
                   std::string_view message, base::Time now);

std::optional<base::Time> time_at(const data::Value& v);  // a metav1.Time or MicroTime field

}  // namespace slipway::api
