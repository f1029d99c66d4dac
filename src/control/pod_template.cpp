#include "control/pod_template.h"

#include "base/hash.h"
#include "data/json.h"

namespace slipway::control {

using data::Value;

Value without_hash_label(const Value& pod_template) {
  Value plain = pod_template;
  if (plain["metadata"]["labels"].has(kTemplateHashLabel)) plain.erase({"metadata", "labels", kTemplateHashLabel});
  if (plain["metadata"].has("labels") && plain["metadata"]["labels"].is_empty()) plain.erase({"metadata", "labels"});
  if (plain.has("metadata") && plain["metadata"].is_empty()) plain.erase("metadata");
  return plain;
}

Value with_hash_label(const Value& pod_template, std::string_view hash) {
  Value labelled = pod_template;
  labelled.set({"metadata", "labels", kTemplateHashLabel}, hash);
  return labelled;
}

bool same_template(const Value& a, const Value& b) {
  return a.shares(b) || without_hash_label(a) == without_hash_label(b);
}

std::string template_hash(const Value& pod_template, std::int64_t collision_count) {
  std::uint32_t hash = base::fnv1a32(data::to_json(without_hash_label(pod_template)));
  if (collision_count > 0) hash = base::fnv1a32(std::to_string(collision_count), hash);
  return base::safe_encode(hash);
}

}  // namespace slipway::control
